import { join } from 'node:path'
import express, { type Application, type RequestHandler } from 'express'
import type { Sequelize } from 'sequelize'
import { notFound, showError, showPackageError } from './error-pages.js'
import type { Inbox } from './mail/inbox.js'
import type { Mailer } from './mail/mailer.js'
import type { Models } from './models.js'
import { accountRoutes } from './routes/account.js'
import { guideRoutes } from './routes/guide.js'
import { homeRoutes } from './routes/home.js'
import { inboxRoutes } from './routes/inbox.js'
import { interviewRoutes } from './routes/interview.js'
import { chosenLanguage, LANGUAGES, languageRoutes, pages } from './routes/language.js'
import { OPERATOR, operatorRoutes } from './routes/operator.js'
import { outboxRoutes } from './routes/outbox.js'
import { referenceRoutes } from './routes/reference.js'
import { requestRoutes } from './routes/requests.js'
import { refuseCrossSitePosts } from './same-site.js'
import { DEMO_PASSWORD, type Secrets, type Settings } from './settings.js'
import { setUp } from './setup.js'
import { when } from './when.js'
import { whoIs } from './who.js'

/** The services and models that the routes use. */
export interface Context {
  readonly sequelize: Sequelize
  readonly models: Models
  /** Where links in e-mails lead. Configured, never taken from a request, whose sender chooses the `Host` header. */
  readonly publicUrl: string
  readonly mailer: Mailer
  /** The inbox of the built-in mail server; `undefined` if there is a real one. */
  readonly inbox: Inbox | undefined
}

export function createApp(context: Context, settings: Settings, secrets: Secrets): Application {
  const { sequelize, models, inbox, mailer, publicUrl } = context
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', settings.proxies)
  app.set('view engine', 'ejs')
  app.set('views', join(import.meta.dirname, 'views'))
  app.set('baseUrl', publicUrl) // the package's links begin with it
  app.set('pages', pages)

  app.use(harden)
  app.use(express.static(join(import.meta.dirname, 'public'))) // before the session: a stylesheet needs none
  app.use(noStore, introduce)

  setUp(app, { sequelize, models, mailer, sessionSecret: secrets.session, production: settings.production })

  // After the visitors' links: the package checks the origin of its own button. Its page sends no referrer, so over
  // plain HTTP a browser posts it with `Origin: null`.
  app.use(refuseCrossSitePosts)
  app.use(express.urlencoded({ extended: false, limit: '50kb' }))

  app.locals['when'] = when
  app.locals['hasInbox'] = inbox !== undefined
  app.locals['languages'] = LANGUAGES
  const isDemo = settings.operatorPassword === DEMO_PASSWORD
  app.locals['operator'] = isDemo ? { name: OPERATOR, password: DEMO_PASSWORD } : undefined

  app.use(homeRoutes())
  app.use(requestRoutes(context))
  app.use(outboxRoutes(context))
  if (inbox !== undefined) app.use(inboxRoutes(inbox))
  app.use(referenceRoutes(context))
  app.use(interviewRoutes(context))
  app.use(guideRoutes(context))
  app.use(accountRoutes(context))
  app.use(operatorRoutes(context))
  app.use(languageRoutes())
  app.use(notFound)
  app.use(showPackageError)
  app.use(showError)
  return app
}

/** Every page shows the user's name, so the browser's cache must not keep it for the next user of the computer. */
const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
}

/** The pages need a stylesheet and forms that post to this site; injected scripts and frames are blocked. */
const harden: RequestHandler = (_req, res, next) => {
  res.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  next()
}

/**
 * The user that the header of every page shows; computed when the page is rendered, because a request can change the
 * user.
 */
const introduce: RequestHandler = (req, res, next) => {
  Object.defineProperty(res.locals, 'who', { enumerable: true, get: () => whoIs(req) })
  res.locals['path'] = req.path
  res.locals['language'] = chosenLanguage(req) ?? 'en'
  next()
}
