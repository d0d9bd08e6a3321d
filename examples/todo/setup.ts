import connectSessionSequelize from 'connect-session-sequelize'
import type { Application } from 'express'
import session from 'express-session'
import passport from 'passport'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Sequelize } from 'sequelize'
import { friendlyUsername, guestLocals, GuestStrategy, mergeGuest } from 'passport-ephemeral'
import { keepWhatIsDone } from './keep-what-is-done.js'
import type { Models } from './models.js'
import { passwordStrategy } from './password.js'

const SequelizeStore = connectSessionSequelize(session.Store)

const HOUR = 60 * 60 // seconds
/** As long as a guest lasts. */
const TWO_WEEKS = 14 * 24 * HOUR * 1000 // milliseconds

export interface SetupOptions {
  readonly sequelize: Sequelize
  readonly models: Models
  readonly sessionSecret: string
  readonly production: boolean
}

/** Sessions, users and guests: all that the routes after it rely on. The order matters. */
export function setUp(
  app: Application,
  { sequelize, models: { Guest }, sessionSecret, production }: SetupOptions,
): passport.Authenticator {
  const authenticator = new passport.Passport()
  authenticator.use(
    new GuestStrategy({
      Guest,
      generateUsername: friendlyUsername,
      // In this process's memory, which suits a demo; an office can be behind one address.
      limiter: new RateLimiterMemory({ points: 60, duration: HOUR }),
    }),
  )
  authenticator.use(passwordStrategy()) // the application's own
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)

  app.use(
    session({
      // With this prefix, browsers take the cookie from this very host and over HTTPS only: nobody else can plant one.
      name: production ? '__Host-todo' : 'todo',
      store: new SequelizeStore({ db: sequelize, table: 'Session' }),
      secret: sessionSecret,
      resave: false,
      saveUninitialized: false, // a cookie for those who need one, not for every passer-by
      cookie: { httpOnly: true, sameSite: 'lax', secure: production, maxAge: TWO_WEEKS },
    }),
  )
  app.use(authenticator.session()) // req.user
  app.use(mergeGuest({ Guest, conflict: { Todo: keepWhatIsDone } })) // a guest who logs in brings the list along
  app.use(guestLocals()) // res.locals.isGuest
  return authenticator
}
