import passport from 'passport'
import { ensureGuest, ensureVisitor, GuestStrategy, VisitorTokenStrategy } from 'passport-ephemeral'
import type { RequestHandler } from 'express'
import type { Contender } from './application.js'
import { openModels, User } from './models.js'
import { ROUTES, SCOPE } from './settings.js'

/** The package, as its README says to use it. */
export function packageContender(databaseUrl: string): Contender {
  const { Guest, Visitor } = openModels(databaseUrl)
  passport.use(new VisitorTokenStrategy({ Visitor }))
  passport.use(new GuestStrategy({ Guest }))
  passport.serializeUser(Guest.serializeUser)
  passport.deserializeUser(Guest.deserializeUser)
  return {
    authenticator: passport,
    admitGuest: passport.authenticate('guest') as RequestHandler,
    admitVisitor: passport.authenticate('visitor-token') as RequestHandler,
    username: ({ user }) => (user instanceof User ? user.username : 'nobody'),
    email: ({ visitor }) => visitor?.email ?? 'nobody',
    mountMore(app, { guestPage, visitorPage }) {
      app.get(ROUTES.guardedGuestPage, ensureGuest, guestPage)
      app.get(ROUTES.guardedVisitorPage, ensureVisitor(SCOPE, { logVisit: false }), visitorPage)
      app.get(ROUTES.loggedVisitorPage, ensureVisitor(SCOPE), visitorPage)
    },
  }
}
