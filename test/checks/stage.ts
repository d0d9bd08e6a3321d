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
  throttleTouch,
  VisitorTokenStrategy,
  type Finding,
  type GuestModel,
  type GuestModelOptions,
  type Validations,
} from '../../src/index.js'
import { BROWSER, defineUser, express, type User } from '../support/application.js'

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
  readonly strategies?: (authenticator: passport.Authenticator, parts: Parts) => void
  readonly settings?: (app: Application) => void
  /** Runs before anything else is mounted. */
  readonly first?: (app: Application) => void
  /** Which checks every part runs. */
  readonly validations?: Validations
  /** Takes the place of everything from Passport on. */
  readonly middleware?: (app: Application, parts: Parts) => void
}

export interface Parts extends Models {
  readonly authenticator: passport.Authenticator
  readonly validations: Validations
}

export const limiter = { consume: () => Promise.resolve() }

/** How the session of a healthy application is set up. */
export function healthySession(sequelize: Sequelize): SessionOptions {
  const SessionStore = connectSession(session.Store)
  return {
    store: throttleTouch(new SessionStore({ db: sequelize, checkExpirationInterval: -1 })),
    secret: RANDOM,
    resave: false,
    saveUninitialized: false,
    cookie: { secure: true, sameSite: 'lax', maxAge: 1_209_600_000 },
  }
}

/** An application with every part of this package, and nothing wrong with it, but for what a test chooses. */
export function buildApp(models: Models, choices: Choices = {}): Application {
  const authenticator = new passport.Passport()
  const parts: Parts = { ...models, authenticator, validations: choices.validations ?? true }
  const strategies = choices.strategies ?? registerAll
  strategies(authenticator, parts)
  const app = express()
  app.set('env', 'test') // Express does not print errors
  const settings = choices.settings ?? ((each: Application) => each.set('trust proxy', 1))
  settings(app)
  choices.first?.(app)
  if (choices.session !== false) app.use(session({ ...healthySession(models.sequelize), ...choices.session }))
  const middleware = choices.middleware ?? mountAll
  middleware(app, parts)
  return app
}

export function registerAll(authenticator: passport.Authenticator, parts: Parts): void {
  const { Users, Guest, Visitor, validations } = parts
  authenticator.use(new VisitorTokenStrategy({ Visitor, validations }))
  authenticator.use(new GuestStrategy({ Guest, limiter, validations }))
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
  const { authenticator, Guest, validations } = parts
  app.use(authenticator.session())
  app.use(authenticator.authenticate('visitor-token'))
  app.use(mergeGuest({ Guest, validations }))
  mountRoutes(app, parts)
}

export const answer: RequestHandler = (_req, res) => {
  res.json({})
}

export function mountRoutes(app: Application, { authenticator, Guest, Visitor, validations }: Parts): void {
  app.get('/play', authenticator.authenticate('guest'), answer)
  app.get('/why-join', ensureGuest({ validations }), answer)
  app.get('/settings/:page', ensureRegularUser({ validations }), answer)
  app.get('/reference', ensureVisitor('REFERENCE', { selfService: true, validations }), answer)
  app.post('/login', express.urlencoded({ extended: false }), authenticator.authenticate('local'), answer)
  app.post('/logout', guestLogout({ validations }), answer)
  app.use('/convert', convertRouter({ Guest, hashPassword: (password) => password, limiter, validations }))
  app.use(
    '/visitor',
    selfServiceRouter({
      Visitor,
      send: () => undefined,
      baseUrl: 'https://example.com',
      limiter,
      validations,
    }),
  )
}

/** The paths of a healthy application that have middleware of their own. */
export const PATHS = ['/', '/play', '/why-join', '/settings/name', '/reference', '/convert', '/visitor']

/** Without the note about parts that saw no request: this process has the parts of other tests' applications too. */
export function codes(findings: readonly Finding[]): string[] {
  return findings.map(({ code }) => code).filter((code) => code !== 'NOT_REACHED')
}

/** What a browser sends, through a proxy that ends TLS. */
export const BROWSER_HEADERS = { 'user-agent': BROWSER, 'x-forwarded-proto': 'https', accept: 'text/html' }

/** One request; the answer's session cookie, as a browser would send it back. */
export async function ask(
  app: Application,
  path: string,
  {
    headers,
    ...init
  }: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly status: number; readonly cookie: string }> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { ...BROWSER_HEADERS, ...headers },
    })
    await response.text()
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
    return { status: response.status, cookie: cookies.join('; ') }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Emitted late, by applications that tests of other files have closed. */
const OF_CLOSED_APPLICATIONS = 'VISITS_NOT_WRITTEN'

/** The warnings of this package while something happens, by their codes. */
export async function warningsOf(work: () => Promise<unknown>): Promise<string[]> {
  const emitted: string[] = []
  const note = (warning: Error & { readonly code?: string }): void => {
    const { name, code = '' } = warning
    if (name === 'PassportEphemeralWarning' && code !== OF_CLOSED_APPLICATIONS) emitted.push(code)
  }
  process.on('warning', note)
  try {
    await work()
    await new Promise(setImmediate)
  } finally {
    process.off('warning', note)
  }
  return emitted
}
