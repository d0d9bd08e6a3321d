import type { Request } from 'express'
import { currentUser, loginOf, sessionHoldsLogin } from '../../http/passport-request.js'
import type { Check } from './request-checks.js'

/** Whether the session's login was restored before a middleware that asks who is logged in. */
export const checkPassportSession: Check = ({ req, caller, report }) => {
  if (currentUser(req) !== undefined) return undefined
  if (loginOf(req) !== undefined && !sessionHoldsLogin(req)) return undefined
  report(
    'PASSPORT_SESSION_MISSING',
    'error',
    `passport.session() has not run before ${caller}: no user is logged in there.`,
    'Put app.use(passport.session()) right after the session.',
  )
  return undefined
}

/** Whether the visitor strategy has run before a guard. */
export function visitorStrategyCheck(hasRun: (req: Request) => boolean): Check {
  return ({ req, caller, report }) => {
    if (hasRun(req)) return undefined
    report(
      'VISITOR_STRATEGY_MISSING',
      'error',
      `passport.authenticate('visitor-token') has not run before ${caller}: no visitor is admitted there.`,
      "Put app.use(passport.authenticate('visitor-token')) after passport.session() and before the routes, and passport.use(new VisitorTokenStrategy({ Visitor })).",
    )
    return undefined
  }
}

/** Whether it was looked up if the user who is logged in is a guest. */
export function guestStateCheck(isKnown: (user: object) => boolean): Check {
  return ({ req, report }) => {
    const user = currentUser(req)
    if (user === undefined) return false
    if (isKnown(user)) return undefined
    report(
      'GUEST_DESERIALIZER_MISSING',
      'error',
      'The user of the session was restored without Guest.deserializeUser or loadGuest: whether they are a guest is unknown.',
      'passport.deserializeUser(Guest.deserializeUser) before any other, or app.use(loadGuest({ Guest })) after passport.session().',
    )
    return undefined
  }
}

/** Anything that creates rows or sends messages for anonymous clients needs a limit. */
export function limiterCheck(limiter: unknown): Check {
  return ({ caller, isProduction, report }) => {
    if (limiter !== undefined) return undefined
    report(
      'LIMITER_MISSING',
      isProduction ? 'warning' : 'note',
      `${caller} has no limiter: a program can create guests, or post its form, as often as it likes.`,
      'Give it a limiter of rate-limiter-flexible.',
    )
    return undefined
  }
}

/** A form that arrives in an encoding that no parser has read. */
export const checkBody: Check = ({ req, caller, report }) => {
  const body: unknown = req.body
  const isParsed = typeof body === 'object' && body !== null && Object.keys(body).length > 0
  const isEmpty =
    req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) === 0
  if (isParsed || isEmpty || req.is('urlencoded') !== false) return undefined
  report(
    'BODY_NOT_PARSED',
    'warning',
    `${caller} got a form that is not URL-encoded, and no parser has read it: all of its fields are empty.`,
    'Let the form have no enctype; for programs put app.use(express.json()) before it.',
  )
  return undefined
}
