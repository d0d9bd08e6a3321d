import type { Request } from 'express'
import { hasBaseUrl, type BaseUrl } from '../../http/base-url.js'
import { currentUser, loginOf, sessionHoldsLogin } from '../../http/passport-request.js'
import type { Check } from './request-checks.js'

/** Whether the session's login was restored before a middleware that asks who is logged in. */
export const checkPassportSession: Check = ({ req, report }) => {
  const isRestored = currentUser(req) !== undefined || (loginOf(req) !== undefined && !sessionHoldsLogin(req))
  if (!isRestored) report('PASSPORT_SESSION_MISSING')
  return true
}

/** Whether the visitor strategy has run before a guard. */
export function visitorStrategyCheck(hasRun: (req: Request) => boolean): Check {
  return ({ req, report }) => {
    if (!hasRun(req)) report('VISITOR_STRATEGY_MISSING')
    return true
  }
}

/** Whether it was looked up if the user who is logged in is a guest. */
export function guestStateCheck(isKnown: (user: object) => boolean): Check {
  return ({ req, report }) => {
    const user = currentUser(req)
    if (user !== undefined && !isKnown(user)) report('GUEST_DESERIALIZER_MISSING')
    return user !== undefined
  }
}

/**
 * For a guest who was made and is not logged in when the response has been sent: `session: false` and a callback of
 * `passport.authenticate` leave the login out. A login that fails has an error of its own.
 */
export const checkGuestIsRemembered: Check = ({ req, report }) => {
  const hasFailed = req.res !== undefined && req.res.statusCode >= 400
  if (!hasFailed) report('GUEST_NOT_REMEMBERED')
  return !hasFailed
}

/** Anything that creates rows or sends messages for anonymous clients needs a limit. */
export function limiterCheck(limiter: unknown): Check {
  return ({ report }) => {
    if (limiter === undefined) report('LIMITER_MISSING')
    return true
  }
}

/** A part that sends links needs an address to begin them with: its own option, or the application's setting. */
export function baseUrlCheck(option?: BaseUrl): Check {
  return ({ req, report }) => {
    if (option === undefined && !hasBaseUrl(req)) report('BASE_URL_MISSING')
    return true
  }
}

/** A form that arrives in an encoding that no parser has read. */
export const checkBody: Check = ({ req, report }) => {
  const body: unknown = req.body
  const isParsed = typeof body === 'object' && body !== null && Object.keys(body).length > 0
  const isEmpty = req.headers['content-length'] === '0'
  if (!isParsed && !isEmpty && req.is('urlencoded') === false) report('BODY_NOT_PARSED')
  return true
}
