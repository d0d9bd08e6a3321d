import connectSessionSequelize from 'connect-session-sequelize'
import type { Application } from 'express'
import session from 'express-session'
import passport from 'passport'
import type { Strategy } from 'openid-client/passport'
import { friendlyUsername, GuestStrategy, mergeGuest } from 'passport-ephemeral'
import type { Models } from './models.js'

const SequelizeStore = connectSessionSequelize(session.Store)

export interface SetupOptions {
  readonly models: Models
  readonly exampleId: Strategy
  readonly sessionSecret: string
  readonly production: boolean
}

/** Sessions, users and guests: all that the routes after it rely on. The order matters. */
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
      store: new SequelizeStore({ db: sequelize, table: 'Session' }),
      secret: sessionSecret,
      resave: false,
      saveUninitialized: false,
      // 'lax' and not 'strict': people come back from the provider by a link, and must still be who they were.
      cookie: { httpOnly: true, sameSite: 'lax', secure: production, maxAge: 14 * 24 * 60 * 60 * 1000 },
    }),
  )
  app.use(authenticator.session()) // req.user
  app.use(mergeGuest({ Guest })) // a guest who signs in to an account they have already
  return authenticator
}
