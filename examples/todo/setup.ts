import connectSessionSequelize from 'connect-session-sequelize'
import type { Application } from 'express'
import session from 'express-session'
import passport from 'passport'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Sequelize } from 'sequelize'
import { friendlyUsername, guestLocals, GuestStrategy, mergeGuest, throttleTouch } from 'passport-ephemeral'
import { keepDone } from './keep-done.js'
import type { Models } from './models.js'
import { passwordStrategy } from './password.js'

const SequelizeStore = connectSessionSequelize(session.Store)

const HOUR = 60 * 60 // seconds
/** The guest's `maxAge`. */
const TWO_WEEKS = 14 * 24 * HOUR * 1000 // milliseconds

export interface SetupOptions {
  readonly sequelize: Sequelize
  readonly models: Models
  readonly sessionSecret: string
  readonly production: boolean
}

/** Sets up sessions, users and guests for the routes after it. The order matters. */
export function setUp(
  app: Application,
  { sequelize, models: { Guest }, sessionSecret, production }: SetupOptions,
): passport.Authenticator {
  const authenticator = new passport.Passport()
  authenticator.use(
    new GuestStrategy({
      Guest,
      generateUsername: friendlyUsername,
      // In the process's memory, which is enough for a demo. Several people can share one address.
      limiter: new RateLimiterMemory({ points: 60, duration: HOUR }),
    }),
  )
  authenticator.use(passwordStrategy()) // the application's own
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)

  app.use(
    session({
      // With this prefix, browsers accept the cookie only from this host over HTTPS, so no other host can set it.
      name: production ? '__Host-todo' : 'todo',
      // One UPDATE a minute for each session, instead of one a request.
      store: throttleTouch(new SequelizeStore({ db: sequelize, table: 'Session' })),
      secret: sessionSecret,
      resave: false,
      saveUninitialized: false, // no cookie before something is stored
      cookie: { httpOnly: true, sameSite: 'lax', secure: production, maxAge: TWO_WEEKS },
    }),
  )
  app.use(authenticator.session()) // req.user
  app.use(mergeGuest({ Guest, conflict: { Todo: keepDone } })) // moves a guest's list to the account at login
  app.use(guestLocals()) // res.locals.isGuest
  return authenticator
}
