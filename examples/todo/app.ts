import { join } from 'node:path'
import express, { type Application, type RequestHandler } from 'express'
import { notFound, showError } from './errors.js'
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

/** Whoever uses this computer next shall not find somebody's list in the browser's cache. */
const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
}

/** Scripts, styles and answers come from here; whatever somebody may slip into a page stays inert. */
const harden: RequestHandler = (_req, res, next) => {
  res.set({
    'Content-Security-Policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  next()
}
