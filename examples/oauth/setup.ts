import connectSessionSequelize from 'connect-session-sequelize'
import type { Application } from 'express'
import session from 'express-session'
import passport from 'passport'
import type { Strategy } from 'openid-client/passport'
import { friendlyUsername, GuestStrategy, mergeGuest, throttleTouch } from 'passport-ephemeral'
import type { Models } from './models.js'

const SequelizeStore = connectSessionSequelize(session.Store)

export interface SetupOptions {
  readonly models: Models
  readonly exampleId: Strategy
  readonly sessionSecret: string
  readonly production: boolean
}

/** Sets up sessions, users and guests for the routes after it. The order matters. */
export function setUp(
  app: Application,
  { models: { sequelize, Guest }, exampleId, sessionSecret, production }: SetupOptions,
): passport.Authenticator {
  const authenticator = new passport.Passport()
  authenticator.use(new GuestStrategy({ Guest, generateUsername: friendlyUsername })) // 'guest'
  authenticator.use(exampleId) // 'example-id'
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)

  app.use(
    session({
      // One UPDATE a minute for each session, instead of one a request.
      store: throttleTouch(new SequelizeStore({ db: sequelize, table: 'Session' })),
      secret: sessionSecret,
      resave: false,
      saveUninitialized: false,
      // Not 'strict': the callback is a navigation from the provider's site and needs the session.
      cookie: { httpOnly: true, sameSite: 'lax', secure: production, maxAge: 14 * 24 * 60 * 60 * 1000 },
    }),
  )
  app.use(authenticator.session()) // req.user
  app.use(mergeGuest({ Guest })) // moves a guest's rows to an existing account at sign-in
  return authenticator
}
