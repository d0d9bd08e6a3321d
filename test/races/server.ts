import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import connectSession from 'connect-session-sequelize'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { Op, Sequelize } from 'sequelize'
import {
  convertRouter,
  ensureVisitor,
  guestLogout,
  GuestStrategy,
  mergeGuest,
  SCOPE_ANY,
  VisitorTokenStrategy,
} from '../../src/index.js'
import { isForeignKeyViolation, isRetryable } from '../../src/database/driver-error.js'
import { whoIs, type User } from '../support/application.js'
import { defineModels } from './models.js'
import { cleanUpGuest, deletePerson } from './upkeep.js'

/** One web process of several: all its state is in the database that `RACES_DATABASE_URL` names. */
const sequelize = new Sequelize(process.env['RACES_DATABASE_URL'] ?? '', {
  logging: false,
  pool: { max: 12 },
})
const models = defineModels(sequelize)
const { User: Users, Guest, Todo, Visitor } = models
const SessionStore = connectSession(session.Store)
const store = new SessionStore({ db: sequelize, checkExpirationInterval: 0 })

passport.use(new VisitorTokenStrategy({ Visitor }))
passport.use(new GuestStrategy({ Guest }))
passport.use(
  new LocalStrategy((username, _password, done) => {
    Users.findOne({ where: { username } }).then((user) => {
      done(null, user ?? false)
    }, done)
  }),
)
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

const app = express()
app.set('baseUrl', 'http://races.example')
const parseJson = express.json()
const answerWho: RequestHandler = (req, res) => {
  res.json(whoIs(req))
}

app.use(session({ store, secret: 'one secret for all', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(mergeGuest({ Guest }))
app.use(passport.authenticate('visitor-token'))

app.post('/begin', (req, res) => {
  Object.assign(req.session, { begun: true })
  res.json({})
})
app.get('/who', answerWho)
app.post('/guest', passport.authenticate('guest'), answerWho)
app.all('/visit', ensureVisitor(SCOPE_ANY), answerWho)
app.post('/todos', parseJson, async (req, res) => {
  const { id: userId } = (req.user ?? {}) as Partial<User>
  if (userId === undefined) {
    res.status(401).json({})
    return
  }
  try {
    await Todo.create({ title: (req.body as { title: string }).title, userId })
    res.json({ userId })
  } catch (error) {
    // The user was deleted meanwhile, or the statement lost a deadlock; the application tells the client to try again.
    if (!isForeignKeyViolation(error) && !isRetryable(error)) throw error
    res.status(409).json({})
  }
})

const hashPassword = (password: string): string => `hash of ${String(password.length)} characters`
const mails = new Map<string, { link: string; code: string | undefined }>()
app.use('/convert', convertRouter({ Guest, hashPassword }))
app.use(
  '/verified',
  convertRouter({
    Guest,
    hashPassword,
    verifyEmail: {
      code: true,
      send: ({ email, link, code }) => {
        mails.set(email, { link, code })
      },
    },
  }),
)
app.get('/mails/:email', (req, res) => {
  res.json(mails.get(req.params.email))
  mails.delete(req.params.email)
})
app.post('/login', parseJson, passport.authenticate('local'), answerWho)
app.post('/logout', guestLogout(), (req, res, next) => {
  req.logout((error) => {
    if (error) next(error)
    else res.status(204).end()
  })
})

app.post('/clean-up', parseJson, async (req, res) => {
  res.json({ isDeleted: await cleanUpGuest(models, (req.body as { id: number }).id) })
})
app.post('/delete', parseJson, async (req, res) => {
  res.json({
    isDeleted: await deletePerson(models, req.body as { email: string; id: number | null }),
  })
})
app.post('/deactivate', parseJson, async (req, res) => {
  const { email } = req.body as { email: string }
  for (const pass of await Visitor.findAll({ where: { email: { [Op.eq]: email } } })) await pass.deactivate()
  res.json({})
})

const reportError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const {
    name,
    message,
    status = 500,
    code,
    cause,
    stack,
  } = error as Error & { status?: number; code?: string }
  const report = { name, message, code, cause: cause instanceof Error ? cause.message : undefined }
  res.status(status).json({ ...report, ...(status >= 500 && { stack }) })
}
app.use(reportError)

// Its type declares no return value, but it returns a promise.
const syncSessions: () => unknown = store.sync.bind(store)
await syncSessions()
const server = createServer(app)
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => {
  process.exit()
})
