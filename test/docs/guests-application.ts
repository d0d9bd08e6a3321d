import express, { type Express, type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import {
  defineGuestModel,
  ensureRegularUser,
  GuestStrategy,
  isGuest,
  isRegularUser,
} from 'passport-ephemeral'
import { sequelize } from './database.js'
import { defineUser } from './user.js'

/** An application with guests, set up as the README's program does it, without routes. */
export const app = express()
export const User = defineUser(sequelize)
export const Guest = defineGuestModel(sequelize, { User })

passport.use(new GuestStrategy({ Guest }))
passport.use(
  new LocalStrategy((username, _password, done) => {
    User.findOne({ where: { username } }).then((user) => {
      done(null, user ?? false)
    }, done)
  }),
)
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())

/** Adds the application's routes, after the middleware that a program adds. */
export function addRoutes(host: Express): void {
  host.get('/play', passport.authenticate('guest') as RequestHandler, (req, res) => {
    res.send(req.user === undefined ? 'no user' : 'a user')
  })
  host.get('/settings', ensureRegularUser, (_req, res) => {
    res.send('Settings')
  })
  host.get('/who', (req, res) => {
    res.send(isRegularUser(req) ? 'regular user' : isGuest(req) ? 'guest' : 'anonymous')
  })
  host.post(
    '/login',
    express.urlencoded({ extended: false }),
    passport.authenticate('local') as RequestHandler,
    (_req, res) => {
      res.send('Welcome back')
    },
  )
}

export interface GuestsProgram {
  readonly app: Express
  readonly User: typeof User
  readonly Guest: typeof Guest
}
