import { join } from 'node:path'
import express, { type Application } from 'express'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { errorPages } from 'passport-ephemeral'
import { notFound, showError } from './errors.js'
import { harden, noStore } from './headers.js'
import { accountApi, accountPages } from './routes/account.js'
import { todoRoutes } from './routes/todos.js'
import { jsonOnly, refuseCrossSiteWrites } from './same-site.js'
import { setUp, type SetupOptions } from './setup.js'

export interface AppOptions extends SetupOptions {
  /** The number of reverse proxies before the application. */
  readonly proxies: number
}

const HOUR = 60 * 60 // seconds

export function createApp({ proxies, ...options }: AppOptions): Application {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', proxies)

  app.use(harden)
  // Before the session: static files need none.
  app.use(express.static(join(import.meta.dirname, 'public'), { extensions: ['html'] }))
  app.use(noStore)

  const authenticator = setUp(app, options)

  app.use(refuseCrossSiteWrites)
  app.use('/api', jsonOnly, express.json({ limit: '10kb' }), accountApi(authenticator))
  app.use('/api/todos', todoRoutes(authenticator))
  // In the process's memory, like the limiter of guests.
  app.use(accountPages(options.models, new RateLimiterMemory({ points: 60, duration: HOUR })))
  app.use(notFound)
  app.use(errorPages()) // the errors of passport-ephemeral; the API gets JSON
  app.use(showError)
  return app
}
