import connectSessionSequelize from 'connect-session-sequelize'
import type { Application } from 'express'
import session from 'express-session'
import passport from 'passport'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Sequelize } from 'sequelize'
import {
  friendlyUsername,
  GuestStrategy,
  mergeGuest,
  throttleTouch,
  VisitorTokenStrategy,
} from 'passport-ephemeral'
import type { Mailer } from './mail/mailer.js'
import type { Models } from './models.js'
import { passwordStrategy } from './password.js'

const SequelizeStore = connectSessionSequelize(session.Store)

const HOUR = 60 * 60 // seconds

export interface SetupOptions {
  readonly sequelize: Sequelize
  readonly models: Models
  readonly mailer: Mailer
  readonly sessionSecret: string
  readonly production: boolean
}

/** Sets up sessions, users, guests and visitors for the routes after it. The order matters. */
export function setUp(
  app: Application,
  { sequelize, models, mailer, sessionSecret, production }: SetupOptions,
): void {
  const { User, Guest, Visitor } = models

  // 'visitor-token'. The page for a refused link has a button that sends a fresh one to the mailbox of the pass.
  passport.use(
    new VisitorTokenStrategy({
      Visitor,
      onExpiredLink: {
        send: ({ email, message }) => mailer.send({ to: { name: '', address: email }, ...message }),
        limiter: new RateLimiterMemory({ points: 30, duration: HOUR }),
      },
    }),
  )
  // In the process's memory, which is enough for a demo. Several people can share one address.
  const limiter = new RateLimiterMemory({ points: 60, duration: HOUR })
  passport.use(new GuestStrategy({ Guest, generateUsername: friendlyUsername, limiter })) // 'guest'
  passport.use(passwordStrategy(User)) // 'local', the application's own
  passport.serializeUser(Guest.serializeUser)
  passport.deserializeUser(Guest.deserializeUser)

  app.use(
    session({
      // One UPDATE a minute for each session, instead of one a request.
      store: throttleTouch(new SequelizeStore({ db: sequelize, table: 'Session' })),
      secret: sessionSecret,
      resave: false,
      saveUninitialized: false, // no cookie before something is stored
      // `secure` keeps the cookie to HTTPS. Behind a proxy that ends TLS it needs `trust proxy` (see app.ts), or
      // express-session treats the request as plain HTTP and sends no cookie.
      cookie: { httpOnly: true, sameSite: 'lax', secure: production, maxAge: 14 * 24 * 60 * 60 * 1000 },
    }),
  )
  app.use(passport.session()) // req.user
  app.use(passport.authenticate('visitor-token')) // req.visitor
  app.use(mergeGuest({ Guest })) // moves a guest's rows to the account at login
}
