import express, { type Application, type Request, type RequestHandler } from 'express'
import session, { type Store } from 'express-session'
import type passport from 'passport'
import { ROUTES } from './settings.js'

/** The differences between the servers: how they create a guest and a visitor. All other code is the same. */
export interface Contender {
  readonly authenticator: passport.Authenticator
  /** Creates a guest for an anonymous request. */
  readonly admitGuest: RequestHandler
  /** Redeems a token, or restores the visitor. */
  readonly admitVisitor: RequestHandler
  /** Values that the handlers send; `NOT_FOUND` if there is no user or visitor. */
  readonly username: (req: Request) => string
  readonly email: (req: Request) => string
  readonly mountMore?: (app: Application, pages: Pages) => void
}

/** The pages, for the routes that only one contender has. */
interface Pages {
  readonly guestPage: RequestHandler
  readonly visitorPage: RequestHandler
}

/** The application that all contenders run. */
export function buildApplication(
  store: Store | undefined,
  { authenticator, admitGuest, admitVisitor, username, email, mountMore }: Contender,
): Application {
  const guestPage: RequestHandler = (req, res) => {
    res.json({ username: username(req) })
  }
  const visitorPage: RequestHandler = (req, res) => {
    res.json({ email: email(req) })
  }
  const app = express()
  app.use(
    session({ secret: 'session secret', resave: false, saveUninitialized: false, ...(store && { store }) }),
  )
  app.use(authenticator.session())
  app.use('/visitor', admitVisitor)
  app.get(ROUTES.newGuest, admitGuest, guestPage)
  app.get(ROUTES.guestPage, guestPage)
  app.get(ROUTES.visitorPage, visitorPage)
  mountMore?.(app, { guestPage, visitorPage })
  return app
}
