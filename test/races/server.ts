import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import connectSession from 'connect-session-sequelize'
import express, { type ErrorRequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { Sequelize } from 'sequelize'
import { GuestStrategy, mergeGuest } from '../../src/index.js'
import { whoIs, type User } from '../support/application.js'
import { cleanUpGuest } from './clean-up-guest.js'
import { defineModels } from './models.js'

/** One web process of several: all its state is in the database that `RACES_DATABASE_URL` names. */
const sequelize = new Sequelize(process.env['RACES_DATABASE_URL'] ?? '', {
  logging: false,
  pool: { max: 12 },
})
const models = defineModels(sequelize)
const { User: Users, Guest, Todo } = models
const SessionStore = connectSession(session.Store)
const store = new SessionStore({ db: sequelize, checkExpirationInterval: 0 })

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
app.use(express.json())
app.use(session({ store, secret: 'one secret for all', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(mergeGuest({ Guest }))

app.post('/begin', (req, res) => {
  Object.assign(req.session, { begun: true })
  res.json({})
})
app.post('/guest', passport.authenticate('guest'), (req, res) => {
  res.json(whoIs(req))
})
app.post('/todos', async (req, res) => {
  if (req.user === undefined) {
    res.status(401).json({})
    return
  }
  const { title } = req.body as { title: string }
  const { id } = await Todo.create({ title, userId: (req.user as User).id })
  res.json({ id })
})
app.post('/convert', async (req, res, next) => {
  if (req.user === undefined) {
    res.status(401).json({})
    return
  }
  const user = await Guest.convert(req.user as User, {
    username: (req.body as { username: string }).username,
  })
  req.login(user, (error) => {
    if (error) next(error)
    else res.json(whoIs(req))
  })
})
app.post('/login', passport.authenticate('local'), (req, res) => {
  res.json(whoIs(req))
})
app.post('/clean-up/:id', async (req, res) => {
  res.json({ deleted: await cleanUpGuest(models, Number(req.params.id)) })
})
app.get('/who', (req, res) => {
  res.json(whoIs(req))
})

const reportError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const { name, message, status = 500, code, cause } = error as Error & { status?: number; code?: string }
  res.status(status).json({ name, message, code, cause: cause instanceof Error ? cause.message : undefined })
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
