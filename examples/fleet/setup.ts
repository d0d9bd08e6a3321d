import type { Application, RequestHandler } from 'express'
import passport from 'passport'
import {
  friendlyUsername,
  guestLocals,
  GuestStrategy,
  mergeGuest,
  VisitorTokenStrategy,
} from 'passport-ephemeral'
import { keepDone } from '../todo/keep-done.js'
import { passwordStrategy } from '../todo/password.js'
import { hourly } from './hourly.js'
import type { Models } from './models.js'
import { sessions, type Redis } from './sessions.js'
import type { Settings } from './settings.js'

/** Sets up sessions, visitors, users and guests. All shared state is in PostgreSQL and Redis. */
export function setUp(
  app: Application,
  { Guest, Visitor }: Models,
  redis: Redis,
  { sessionSecret, guestsPerHour }: Settings,
): passport.Authenticator {
  const authenticator = new passport.Passport()
  authenticator.use(new VisitorTokenStrategy({ Visitor }))
  authenticator.use(
    new GuestStrategy({
      Guest,
      generateUsername: friendlyUsername,
      limiter: hourly(redis, 'fleet:guests', guestsPerHour),
    }),
  )
  authenticator.use(passwordStrategy())
  authenticator.serializeUser(Guest.serializeUser)
  authenticator.deserializeUser(Guest.deserializeUser)

  app.use(sessions(redis, sessionSecret))
  app.use(authenticator.session())
  app.use(authenticator.authenticate('visitor-token') as RequestHandler)
  app.use(mergeGuest({ Guest, conflict: { Todo: keepDone } }))
  app.use(guestLocals())
  return authenticator
}
