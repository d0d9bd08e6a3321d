import { createServer } from 'node:http'
import connectSession from 'connect-session-sequelize'
import type { Application, RequestHandler } from 'express'
import session, { type SessionOptions } from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import type { Sequelize } from 'sequelize'
import {
  convertRouter,
  defineGuestModel,
  defineVisitorModels,
  ensureGuest,
  ensureRegularUser,
  ensureVisitor,
  guestLogout,
  GuestStrategy,
  mergeGuest,
  selfServiceRouter,
  VisitorTokenStrategy,
  type Finding,
  type GuestModel,
  type GuestModelOptions,
} from '../../src/index.js'
import { defineUser, express, type User } from '../support/application.js'

/** As random as a secret is: one that tests elsewhere use says that it is one. */
export const RANDOM = 'pS0w9m1Yc3tVJq7XkZr2uHfLbNdGaQeTiUoBvR6xMhE='

export interface Models {
  readonly sequelize: Sequelize
  readonly Users: typeof User
  readonly Guest: GuestModel<User>
  readonly Visitor: ReturnType<typeof defineVisitorModels>['Visitor']
}

/** Models of a host, nothing wrong with them. */
export function defineModels(sequelize: Sequelize, guest: Partial<GuestModelOptions<User>> = {}): Models {
  const Users = defineUser(sequelize)
  const { Visitor } = defineVisitorModels(sequelize, { secret: RANDOM })
  return { sequelize, Users, Visitor, Guest: defineGuestModel(sequelize, { User: Users, ...guest }) }
}

/** What of a healthy application is done in another way; each test changes one thing. */
export interface Choices {
  readonly session?: SessionOptions | false
  readonly passport?: passport.Authenticator
  readonly strategies?: (authenticator: passport.Authenticator, models: Models) => void
  readonly settings?: (app: Application) => void
  /** Runs before anything else is mounted. */
  readonly first?: (app: Application) => void
  /** Takes the place of everything from Passport on. */
  readonly middleware?: (app: Application, parts: Parts) => void
}

export interface Parts extends Models {
  readonly authenticator: passport.Authenticator
}

export const limiter = { consume: () => Promise.resolve() }

/** How the session of a healthy application is set up. */
export function healthySession(sequelize: Sequelize): SessionOptions {
  const SessionStore = connectSession(session.Store)
  return {
    store: new SessionStore({ db: sequelize, checkExpirationInterval: -1 }),
    secret: RANDOM,
    resave: false,
    saveUninitialized: false,
    cookie: { secure: true, sameSite: 'lax', maxAge: 1_209_600_000 },
  }
}

/** An application with every part of this package, and nothing wrong with it, but for what a test chooses. */
export function buildApp(models: Models, choices: Choices = {}): Application {
  const authenticator = new passport.Passport()
  const strategies = choices.strategies ?? registerAll
  strategies(authenticator, models)
  const app = express()
  app.set('env', 'test') // Express does not print errors
  const settings = choices.settings ?? ((each: Application) => each.set('trust proxy', 1))
  settings(app)
  choices.first?.(app)
  if (choices.session !== false) app.use(session({ ...healthySession(models.sequelize), ...choices.session }))
  const middleware = choices.middleware ?? mountAll
  middleware(app, { ...models, authenticator })
  return app
}

export function registerAll(authenticator: passport.Authenticator, { Users, Guest, Visitor }: Models): void {
  authenticator.use(new VisitorTokenStrategy({ Visitor }))
  authenticator.use(new GuestStrategy({ Guest, limiter }))
  authenticator.use(passwordless(Users))
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)
}

export function passwordless(Users: typeof User): LocalStrategy {
  return new LocalStrategy((username, _password, done) => {
    Users.findOne({ where: { username } }).then((user) => {
      done(null, user ?? false)
    }, done)
  })
}

export function mountAll(app: Application, parts: Parts): void {
  const { authenticator, Guest } = parts
  app.use(authenticator.session())
  app.use(authenticator.authenticate('visitor-token'))
  app.use(mergeGuest({ Guest }))
  mountRoutes(app, parts)
}

export const answer: RequestHandler = (_req, res) => {
  res.json({})
}

export function mountRoutes(app: Application, { authenticator, Guest, Visitor }: Parts): void {
  app.get('/play', authenticator.authenticate('guest'), answer)
  app.get('/why-join', ensureGuest, answer)
  app.get('/settings/:page', ensureRegularUser({ convertUrl: '/convert' }), answer)
  app.get('/reference', ensureVisitor('REFERENCE', { selfService: true }), answer)
  app.post('/login', express.urlencoded({ extended: false }), authenticator.authenticate('local'), answer)
  app.post('/logout', guestLogout(), answer)
  app.use('/convert', convertRouter({ Guest, hashPassword: (password) => password, limiter }))
  app.use(
    '/visitor',
    selfServiceRouter({ Visitor, send: () => undefined, baseUrl: 'https://example.com', limiter }),
  )
}

export function codes(findings: readonly Finding[]): string[] {
  return findings.map(({ code }) => code)
}

/** Whether the application still answers others as it did. */
export async function statusOf(app: Application, path: string): Promise<number> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`)
    await response.text()
    return response.status
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
