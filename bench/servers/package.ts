import passport from 'passport'
import { ensureGuest, ensureVisitor, GuestStrategy, VisitorTokenStrategy } from 'passport-ephemeral'
import { adminRouter } from 'passport-ephemeral/admin'
import type { RequestHandler } from 'express'
import type { Contender } from './application.js'
import { openModels, User } from './models.js'
import { NOT_FOUND, ROUTES, SCOPE } from './settings.js'

/** The package, used as in the README. */
export function packageContender(databaseUrl: string): Contender {
  const { Guest, Visitor, VisitorLog } = openModels(databaseUrl)
  passport.use(new VisitorTokenStrategy({ Visitor }))
  passport.use(new GuestStrategy({ Guest }))
  passport.serializeUser(Guest.serializeUser)
  passport.deserializeUser(Guest.deserializeUser)
  return {
    authenticator: passport,
    admitGuest: passport.authenticate('guest') as RequestHandler,
    admitVisitor: passport.authenticate('visitor-token') as RequestHandler,
    username: ({ user }) => (user instanceof User ? user.username : NOT_FOUND),
    email: ({ visitor }) => visitor?.email ?? NOT_FOUND,
    mountMore(app, { guestPage, visitorPage }) {
      app.get(ROUTES.guardedGuestPage, ensureGuest, guestPage)
      app.get(ROUTES.guardedVisitorPage, ensureVisitor(SCOPE, { logVisit: false }), visitorPage)
      app.get(ROUTES.loggedVisitorPage, ensureVisitor(SCOPE), visitorPage)
      app.use(ROUTES.admin, adminRouter({ Guest, Visitor, VisitorLog, authorize: () => true }))
    },
  }
}
