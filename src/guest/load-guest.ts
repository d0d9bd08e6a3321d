import { hash } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { handled } from '../http/answer.js'
import { checkOptions } from '../options.js'
import { watchAnswer } from '../http/late-answer.js'
import { currentUser, forgetUser, sessionHoldsLogin } from '../http/passport-request.js'
import { checkPassportSession } from '../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { currentSessionId, requireSession } from '../http/session.js'
import type { Model } from 'sequelize'
import { GuestStateUnknown } from '../errors.js'
import { guestModel, type GuestModel } from './guest.js'
import { guestOfPlainUser } from './plain-user.js'
import { isUserOf, rememberGuest } from './guest-state.js'
import { meet, sessionNameOf } from './session.js'
import { keyOf } from './user-key.js'
import { findGuest, touchGuest } from './statements.js'

/** Options of {@link loadGuest}. */
export interface LoadGuestOptions {
  /** The model, from `defineGuestModel`. */
  Guest: GuestModel
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

const SESSION_KEY = 'guest:session'

/**
 * For an application that keeps its own `serializeUser` and `deserializeUser`: looks up whether `req.user` is a guest,
 * at the cost of one query for each request of a logged-in user. Put it right after `passport.session()`.
 *
 * It ends the sessions that `Guest.deserializeUser` would not have restored: those of a guest who has expired or was
 * converted elsewhere.
 *
 * @example
 * app.use(passport.session())
 * app.use(loadGuest({ Guest }))
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function loadGuest(options: LoadGuestOptions): RequestHandler {
  checkOptions('loadGuest', options, { Guest: guestModel, validations: validationsRule }, ['Guest'])
  const { Guest } = options
  const look = requestChecks('loadGuest', [checkPassportSession], options.validations)

  return handled(async function guestLoader(req, _res, next) {
    watchAnswer(req)
    look(req)
    meet(Guest, req)
    const user = currentUser(req)
    if (!isUserOf(Guest, user)) {
      if ((await guestOfPlainUser(Guest, user)) !== undefined) throw new GuestStateUnknown(true)
      next()
      return
    }
    if (await load(Guest, req, user)) {
      next()
      return
    }
    forgetUser(req)
    if (sessionHoldsLogin(req)) req.logout(next)
    else next()
  })
}

/** Looks up whether a user is a guest, and returns whether the session may go on. */
async function load(Guest: GuestModel, req: Request, user: Model): Promise<boolean> {
  const guest = (await findGuest(Guest, keyOf(user))) ?? null
  if (guest === null ? wasOpenedAsGuest(Guest, req, user) : guest.hasExpired) return false
  if (guest !== null) {
    await touchGuest(Guest, guest)
    // The session may have begun in a way that did not record it: a login by hand, another id for the same data.
    if (sessionHoldsLogin(req) && !wasOpenedAsGuest(Guest, req, user)) recordOpenedAsGuest(Guest, req, user)
  }
  rememberGuest(user, guest)
  return true
}

/**
 * Records in a session that it was opened as a guest's. The value is made of the session and the user, so that it is void
 * once either changes: a login that copies the old session's data copies a void value.
 */
export function recordOpenedAsGuest(Guest: GuestModel, req: Request, user: Model): void {
  const signature = signatureOf(Guest, req, user)
  if (signature !== undefined) requireSession(req, 'loadGuest')[SESSION_KEY] = signature
}

function wasOpenedAsGuest(Guest: GuestModel, req: Request, user: Model): boolean {
  const signature = signatureOf(Guest, req, user)
  return signature !== undefined && requireSession(req, 'loadGuest')[SESSION_KEY] === signature
}

function signatureOf(Guest: GuestModel, req: Request, user: Model): string | undefined {
  const id = currentSessionId(req)
  if (id === undefined) return undefined
  return hash('sha256', [id, sessionNameOf(Guest), keyOf(user)].join('\0'), 'base64url')
}
