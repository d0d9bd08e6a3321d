import { join } from 'node:path'
import express, { type Application, type RequestHandler } from 'express'
import { isGuest } from 'passport-ephemeral'
import type { Strategy } from 'openid-client/passport'
import { notFound, showError, showPackageError } from './error-pages.js'
import type { Models } from './models.js'
import { noteRoutes } from './routes/notes.js'
import { signInRoutes } from './routes/sign-in.js'
import { refuseCrossSitePosts } from './same-site.js'
import { setUp } from './setup.js'

export interface AppOptions {
  readonly models: Models
  readonly exampleId: Strategy
  /** The address of the provider. */
  readonly issuer: string
  readonly sessionSecret: string
  /** The number of reverse proxies before the application. */
  readonly proxies: number
  readonly production: boolean
}

export function createApp({ issuer, proxies, ...options }: AppOptions): Application {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', proxies)
  app.set('view engine', 'ejs')
  app.set('views', join(import.meta.dirname, 'views'))

  app.use(harden(new URL(issuer).origin))
  const authenticator = setUp(app, options)
  app.use(refuseCrossSitePosts)
  app.use(express.urlencoded({ extended: false, limit: '10kb' }))

  app.use((req, res, next) => {
    Object.defineProperty(res.locals, 'isGuest', { enumerable: true, get: () => isGuest(req) })
    next()
  })
  app.use(noteRoutes(authenticator))
  app.use(signInRoutes(authenticator))
  app.use(notFound)
  app.use(showPackageError)
  app.use(showError)
  return app
}

/**
 * The form that starts a sign-in redirects to the provider. Browsers apply `form-action` to that redirect too, so it
 * must contain the provider.
 */
function harden(provider: string): RequestHandler {
  return function headers(_req, res, next) {
    res.set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; form-action 'self' ${provider}; base-uri 'none'; frame-ancestors 'none'`,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
    })
    next()
  }
}
