import connectSessionSequelize from 'connect-session-sequelize'
import type { Application } from 'express'
import session from 'express-session'
import passport from 'passport'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Sequelize } from 'sequelize'
import { friendlyUsername, GuestStrategy, mergeGuest, VisitorTokenStrategy } from 'passport-ephemeral'
import type { Models } from './models.js'
import { passwordStrategy } from './password.js'

const SequelizeStore = connectSessionSequelize(session.Store)

const HOUR = 60 * 60 // seconds

export interface SetupOptions {
  readonly sequelize: Sequelize
  readonly models: Models
  readonly sessionSecret: string
  readonly production: boolean
}

/** Sessions, users, guests and visitors: all that the routes after it rely on. The order matters. */
export function setUp(
  app: Application,
  { sequelize, models, sessionSecret, production }: SetupOptions,
): void {
  const { User, Guest, Visitor } = models

  passport.use(new VisitorTokenStrategy({ Visitor })) // 'visitor-token'
  // In this process's memory, which suits a demo; an office can be behind one address.
  const limiter = new RateLimiterMemory({ points: 60, duration: HOUR })
  passport.use(new GuestStrategy({ Guest, generateUsername: friendlyUsername, limiter })) // 'guest'
  passport.use(passwordStrategy(User)) // 'local', the application's own
  passport.serializeUser(Guest.serializeUser)
  passport.deserializeUser(Guest.deserializeUser)

  app.use(
    session({
      store: new SequelizeStore({ db: sequelize, table: 'Session' }),
      secret: sessionSecret,
      resave: false,
      saveUninitialized: false, // a cookie for those who need one, not for every passer-by
      // `secure` keeps the cookie to HTTPS. Behind a proxy that ends TLS it needs `trust proxy` (see app.ts), or
      // express-session takes the request for plain HTTP and sends no cookie at all.
      cookie: { httpOnly: true, sameSite: 'lax', secure: production, maxAge: 14 * 24 * 60 * 60 * 1000 },
    }),
  )
  app.use(passport.session()) // req.user
  app.use(passport.authenticate('visitor-token')) // req.visitor
  app.use(mergeGuest({ Guest })) // a guest who logs in to an account brings everything along
}
