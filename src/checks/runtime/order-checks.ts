import type { Request } from 'express'
import { currentUser, loginOf, sessionHoldsLogin } from '../../http/passport-request.js'
import type { Check } from './request-checks.js'

/** Whether the session's login was restored before a middleware that asks who is logged in. */
export const checkPassportSession: Check = ({ req, caller, report }) => {
  const isRestored = currentUser(req) !== undefined || (loginOf(req) !== undefined && !sessionHoldsLogin(req))
  if (!isRestored) {
    report(
      'PASSPORT_SESSION_MISSING',
      `passport.session() has not run before ${caller}: no user is logged in there.`,
      'Put app.use(passport.session()) right after the session.',
    )
  }
  return true
}

/** Whether the visitor strategy has run before a guard. */
export function visitorStrategyCheck(hasRun: (req: Request) => boolean): Check {
  return ({ req, caller, report }) => {
    if (!hasRun(req)) {
      report(
        'VISITOR_STRATEGY_MISSING',
        `passport.authenticate('visitor-token') has not run before ${caller}: no visitor is admitted there.`,
        "Put app.use(passport.authenticate('visitor-token')) after passport.session() and before the routes, and passport.use(new VisitorTokenStrategy({ Visitor })).",
      )
    }
    return true
  }
}

/** Whether it was looked up if the user who is logged in is a guest. */
export function guestStateCheck(isKnown: (user: object) => boolean): Check {
  return ({ req, report }) => {
    const user = currentUser(req)
    if (user !== undefined && !isKnown(user)) {
      report(
        'GUEST_DESERIALIZER_MISSING',
        'The user of the session was restored without Guest.deserializeUser or loadGuest: whether they are a guest is unknown.',
        'passport.deserializeUser(Guest.deserializeUser) before any other, or app.use(loadGuest({ Guest })) after passport.session().',
      )
    }
    return user !== undefined
  }
}

/** Anything that creates rows or sends messages for anonymous clients needs a limit. */
export function limiterCheck(limiter: unknown): Check {
  return ({ caller, report }) => {
    if (limiter === undefined) {
      report(
        'LIMITER_MISSING',
        `${caller} has no limiter: a program can create guests, or post its form, as often as it likes.`,
        'Give it a limiter of rate-limiter-flexible.',
      )
    }
    return true
  }
}

/** A form that arrives in an encoding that no parser has read. */
export const checkBody: Check = ({ req, caller, report }) => {
  const body: unknown = req.body
  const isParsed = typeof body === 'object' && body !== null && Object.keys(body).length > 0
  const isEmpty = req.headers['content-length'] === '0'
  if (!isParsed && !isEmpty && req.is('urlencoded') === false) {
    report(
      'BODY_NOT_PARSED',
      `${caller} got a form that is not URL-encoded, and no parser has read it: all of its fields are empty.`,
      'Let the form have no enctype; for programs put app.use(express.json()) before it.',
    )
  }
  return true
}
