import { join } from 'node:path'
import express, { type Application } from 'express'
import { notFound, showError } from './errors.js'
import { harden, noStore } from './headers.js'
import { accountApi, accountPages } from './routes/account.js'
import { todoRoutes } from './routes/todos.js'
import { jsonOnly, refuseCrossSiteWrites } from './same-site.js'
import { setUp, type SetupOptions } from './setup.js'

export interface AppOptions extends SetupOptions {
  /** How many reverse proxies stand in front. */
  readonly proxies: number
}

export function createApp({ proxies, ...options }: AppOptions): Application {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', proxies)

  app.use(harden)
  // Before the session: they need none, and are the same for everybody.
  app.use(express.static(join(import.meta.dirname, 'public'), { extensions: ['html'] }))
  app.use(noStore)

  const authenticator = setUp(app, options)

  app.use(refuseCrossSiteWrites)
  app.use('/api', jsonOnly, express.json({ limit: '10kb' }), accountApi(authenticator))
  app.use('/api/todos', todoRoutes(authenticator))
  app.use(accountPages(options.models))
  app.use(notFound)
  app.use(showError)
  return app
}
