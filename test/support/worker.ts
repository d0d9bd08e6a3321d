import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import connectSession from 'connect-session-sequelize'
import session from 'express-session'
import passport from 'passport'
import { Sequelize } from 'sequelize'
import { defineGuestModel, GuestStrategy } from '../../src/index.js'
import { defineUser, express, whoIs } from './application.js'

/**
 * One web process of several: all its state, sessions included, is in the database that `WORKER_DATABASE_URL` names.
 * Sends its address to its parent, and ends with it.
 */
const sequelize = new Sequelize(process.env['WORKER_DATABASE_URL'] ?? '', {
  logging: false,
  pool: { max: 4 },
})
const User = defineUser(sequelize)
const Guest = defineGuestModel(sequelize, { User })
const SessionStore = connectSession(session.Store)
const store = new SessionStore({ db: sequelize })

passport.use(new GuestStrategy({ Guest }))
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

const app = express()
app.use(session({ store, secret: 'one secret for all', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.get('/begin', (req, res) => {
  Object.assign(req.session, { begun: true })
  res.json({})
})
app.get('/play', passport.authenticate('guest'), (req, res) => {
  res.json(whoIs(req))
})

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
