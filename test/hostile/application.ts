import type { Application, ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import onHeaders from 'on-headers'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Sequelize } from 'sequelize'
import { adminRouter } from '../../src/admin/index.js'
import {
  convertRouter,
  defineGuestModel,
  defineVisitorModels,
  endVisit,
  ensureGuest,
  ensureRegularUser,
  ensureVisitor,
  errorPages,
  exceptGuests,
  guestLocals,
  guestLogout,
  GuestStrategy,
  isRegularUser,
  mergeGuest,
  redactTokens,
  SCOPE_ANY,
  selfServiceRouter,
  VisitorTokenStrategy,
  type GuestModel,
  type Limiter,
  type Verify,
} from '../../src/index.js'
import { ar, de } from '../../src/pages/messages/index.js'
import { defineTodo, type Todo } from '../races/models.js'
import { defineUser, express, SECRET, whoIs, type User } from '../support/application.js'
import {
  BASE_URL,
  EVENTS,
  FAILING_CLIENT,
  FAILING_MAILBOX,
  KNOWN_FAILURE,
  PASSWORD,
  WHO,
} from './agreement.js'

/** What is sent to a mailbox. */
export interface Mail {
  readonly link?: string
  readonly code?: string
}

export interface Models {
  readonly User: typeof User
  readonly Todo: typeof Todo
  readonly Guest: GuestModel<User>
  readonly Visitor: ReturnType<typeof defineVisitorModels>['Visitor']
  readonly VisitorLog: ReturnType<typeof defineVisitorModels>['VisitorLog']
}

export function defineModels(sequelize: Sequelize): Models {
  const Users = defineUser(sequelize)
  const Todos = defineTodo(sequelize, Users)
  const Guest = defineGuestModel(sequelize, { User: Users, expiry: 'sliding', touchInterval: 1 })
  return {
    User: Users,
    Todo: Todos,
    Guest,
    ...defineVisitorModels(sequelize, { secret: SECRET, sharingThreshold: 3 }),
  }
}

/** The application under attack: everything of the package is mounted. */
export function createApplication(
  { User: Users, Todo: Todos, Guest, Visitor, VisitorLog }: Models,
  {
    store,
    deliver,
    log,
  }: { store: session.Store; deliver: (to: string, mail: Mail) => void; log: (line: string) => void },
): Application {
  const send = ({
    email,
    link,
    code,
    req,
  }: {
    email: string
    link?: string
    code?: string | undefined
    req: Request
  }): void => {
    if (email.startsWith(FAILING_MAILBOX)) {
      noteFailure(req)
      throw new Error(`The mail server refuses ${String(link)}`)
    }
    deliver(email, { ...(link !== undefined && { link }), ...(code !== undefined && { code }) })
  }
  const limits = { limiter: { ip: limiter(), email: limiter() }, verify }

  const authenticator = new passport.Passport()
  authenticator.use(
    new VisitorTokenStrategy({ Visitor, verify, onExpiredLink: { send, limiter: limiter() } }),
  )
  authenticator.use(
    new GuestStrategy({
      Guest,
      verify,
      limiter: limiter(),
      onCreate: async ({ user, transaction }) => {
        await Todos.create({ title: 'Look around', userId: user.id }, { transaction })
      },
    }),
  )
  authenticator.use(localStrategy(Users))
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)
  const asGuest = authenticator.authenticate('guest') as RequestHandler

  const app = express()
  app.set('trust proxy', 'loopback')
  app.set('baseUrl', BASE_URL)
  app.set('pages', {
    messages: { ar, de },
    language: (req: Request) => req.acceptsLanguages(['en', 'ar', 'de']) || 'en',
    brand: { name: 'Hostile & Sons', home: '/', color: '#3b7bdb' },
  })
  app.use(accessLog(log))
  app.use(parseSometimes)
  app.use(
    session({
      store,
      secret: SECRET,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
  )
  app.use(requireOwnPath)
  app.use(authenticator.session())
  tellWhatHappened(app, Guest, Visitor)
  app.use(mergeGuest({ Guest }))
  app.use(authenticator.authenticate('visitor-token'))
  app.use(guestLocals())

  app.get('/', (_req, res) => {
    res.set('Cache-Control', 'public, max-age=60').type('html').send(HOME)
  })
  app.all('/play', asGuest, showWho)
  app.get('/mine', ensureGuest, showWho)
  app.get('/settings', ensureRegularUser, showWho)
  app.all('/reference', ensureVisitor('REFERENCE', { selfService: true }), showWho)
  app.get('/interview', ensureVisitor('INTERVIEW'), showWho)
  app.get('/any', ensureVisitor(SCOPE_ANY, { bypass: isRegularUser }), showWho)
  app.get('/terms', exceptGuests(ensureRegularUser), (_req, res) => {
    res.set('Cache-Control', 'private').json(res.locals['convertUrl'])
  })
  app.post('/end', (req, res, next) => {
    endVisit(req).then(() => {
      res.set('Cache-Control', 'no-store').redirect(303, '/')
    }, next)
  })
  app.get('/login', (_req, res) => {
    res.set('Cache-Control', 'no-store').type('html').send(LOGIN)
  })
  app.post(
    '/login',
    parse,
    authenticator.authenticate('local') as RequestHandler,
    (_req: Request, res: Response) => {
      res.set('Cache-Control', 'no-store').redirect(303, '/settings')
    },
  )
  app.all('/logout', guestLogout({ deleteNow: true }), logOut)
  app.all('/leave', guestLogout({ noGuestFor: 0, url: '/play' }), logOut)
  app.use('/visitor', selfServiceRouter({ Visitor, send, code: true, ...limits }))
  app.use(
    '/convert',
    convertRouter({ Guest, hashPassword, verifyEmail: { send, sendTaken: send, code: true }, ...limits }),
  )
  app.use('/quick', convertRouter({ Guest, hashPassword, prefillUsername: true, ...limits }))
  app.use(
    '/admin',
    adminRouter({ Guest, Visitor, VisitorLog, authorize, loginUrl: '/login', linkUrl: '/reference' }),
  )
  app.use(errorPages())
  app.use(lastError)
  return app
}

const HOME = [
  'play',
  'mine',
  'settings',
  'reference',
  'interview',
  'any',
  'terms',
  'login',
  'logout',
  'leave',
  'convert',
  'quick',
  'admin',
]
  .map((path) => `<a href="/${path}">${path}</a>`)
  .join('\n')

const LOGIN = `<form method="post" action="/login"><input name="username"><input name="password" type="password"></form>`

/** For a target that is no path, such as `*`, express-session has no session, and Passport fails. */
const requireOwnPath: RequestHandler = (req, res, next) => {
  if (Reflect.has(req, 'session')) next()
  else res.status(400).end()
}

/** As careless as an application can be: the package has to keep the answer out of shared caches. */
const showWho: RequestHandler = (req, res) => {
  res.set('Cache-Control', 'public, max-age=600')
  res.json({ ...whoIs(req), sessionID: undefined })
}

const logOut: RequestHandler = (req, res, next) => {
  if (req.method !== 'POST') {
    res.set('Cache-Control', 'no-store').status(405).end()
    return
  }
  if (req.get('origin') !== BASE_URL) {
    res.status(403).end() // for a user who is no guest, the application has to look by itself
    return
  }
  req.logout((error) => {
    if (error) next(error)
    else res.set('Cache-Control', 'no-store').redirect(303, '/')
  })
}

const parse = [express.json(), express.urlencoded({ extended: true })] as RequestHandler[]

/** Some applications read bodies before the package does. */
const parseSometimes: RequestHandler = (req, res, next) => {
  if (req.get('x-parse') !== 'early') {
    next()
    return
  }
  const [json, form] = parse
  json?.(req, res, (error) => {
    if (error) next(error)
    else form?.(req, res, next)
  })
}

function authorize(req: Request): boolean | 'readOnly' {
  const { username } = (req.user ?? {}) as Partial<User>
  return username === 'auditor' ? 'readOnly' : username === 'operator'
}

const verify: Verify = (req) => {
  if (req.get('x-captcha') !== 'throws') return req.get('x-captcha') !== 'wrong'
  noteFailure(req)
  throw new Error('The captcha service is down')
}

const hashPassword = (password: string): string => `hash of ${String(password.length)} characters`

function localStrategy(Users: typeof User): LocalStrategy {
  return new LocalStrategy((username, password, done) => {
    // No user has a name that no column can hold, nor a number: a JSON body can contain one.
    const found =
      password === PASSWORD && /^[a-z][\w-]{0,149}$/.test(username)
        ? Users.findOne({ where: { username } })
        : null
    Promise.resolve(found).then((user) => {
      done(null, user ?? false)
    }, done)
  })
}

/** Counts a client's requests for a moment; for one client it fails. */
function limiter(): Limiter {
  const counter = new RateLimiterMemory({ points: 12, duration: 20 })
  return {
    async consume(key) {
      if (key.includes(FAILING_CLIENT)) throw new Error('The limiter is down')
      return await counter.consume(key)
    },
    reward: (key) => counter.reward(key),
  }
}

function accessLog(log: (line: string) => void): RequestHandler {
  return (req, res, next) => {
    res.once('close', () => {
      const referrer = redactTokens(req.headers.referer) ?? '-'
      log(`${req.method} ${redactTokens(req.originalUrl)} ${String(res.statusCode)} ${referrer}`)
    })
    next()
  }
}

/** What an event tells that changes rows. */
interface Happened {
  readonly req?: Request | undefined
  readonly guests?: number
  readonly passes?: number
}

/** Tells the attacker in headers who the request was taken for, and what the package says has happened. */
function tellWhatHappened(app: Application, Guest: Models['Guest'], Visitor: Models['Visitor']): void {
  const happened = new WeakMap<object, string[]>()
  const note =
    (name: string) =>
    ({ req, guests, passes }: Happened): void => {
      if (req === undefined) return
      happened.set(req, [...(happened.get(req) ?? []), `${name}:${String(guests ?? passes ?? 1)}`])
    }
  for (const name of ['created', 'converted', 'merged', 'mergeFailed', 'loggedOut', 'deleted'] as const)
    Guest.events.on(name, note(name))
  for (const name of ['issued', 'redeemed', 'reactivated', 'deactivated', 'ended'] as const)
    Visitor.events.on(name, note(name))
  Guest.events.on('expired', note('guests-expired'))
  Visitor.events.on('expired', note('passes-expired'))
  app.use((req: Request, res: Response, next) => {
    onHeaders(res, () => {
      const { user, isGuest, visitor } = whoIs(req)
      const kind = isGuest ? 'guest' : 'user'
      res.setHeader(
        WHO,
        [user && `${kind}:${String(user.id)}`, visitor && `visitor:${String(visitor.id)}`]
          .filter(Boolean)
          .join(' '),
      )
      res.setHeader(EVENTS, (happened.get(req) ?? []).join(' '))
    })
    next()
  })
}

/** The mailer or the captcha fails for this request, so that its answer may be 503. */
function noteFailure(req: Request): void {
  if (req.res?.headersSent === false) req.res.set(KNOWN_FAILURE, 'yes')
}

/** What neither the package nor Express has answered: a fault of the client's, or one that the report is to show. */
const lastError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const { status = 500, stack, message } = error as Error & { status?: number }
  res
    .set('Cache-Control', 'no-store')
    .status(status)
    .type('text')
    .send(status < 500 ? 'Refused' : (stack ?? message))
}
