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
import { isUserOf, knownGuest, rememberGuest, wasCreatedAt } from './guest-state.js'
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
      if ((await guestOfPlainUser(Guest, user)) !== undefined) throw new GuestStateUnknown('plain-object')
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
  const since = openedAsGuestOf(Guest, req, user)
  // Converted elsewhere; or deleted, and a later guest has the key.
  if (since !== undefined && !wasCreatedAt(guest, since)) return false
  if (guest?.hasExpired === true) return false
  rememberGuest(user, guest)
  if (guest !== null) {
    await touchGuest(Guest, guest)
    // The session may have begun in a way that did not record it: a login by hand, another id for the same data.
    if (sessionHoldsLogin(req) && since === undefined) recordOpenedAsGuest(Guest, req, user)
  }
  return true
}

/**
 * Records in a session that it was opened as a guest's, and when that guest was created. The value is made of the session and
 * the user, too, so that it is void once either changes: a login that copies the old session's data copies a void value.
 */
export function recordOpenedAsGuest(Guest: GuestModel, req: Request, user: Model): void {
  const signature = signatureOf(Guest, req, user)
  const since = knownGuest(user)?.createdAt.getTime()
  if (signature === undefined || since === undefined) return
  requireSession(req, 'loadGuest')[SESSION_KEY] = `${signature}.${String(since)}`
}

/** When the guest was created as whose the session was opened; `undefined` if it was not opened as that of a guest. */
function openedAsGuestOf(Guest: GuestModel, req: Request, user: Model): number | undefined {
  const signature = signatureOf(Guest, req, user)
  const recorded = signature === undefined ? undefined : requireSession(req, 'loadGuest')[SESSION_KEY]
  const [recordedSignature, since] = typeof recorded === 'string' ? recorded.split('.') : []
  return recordedSignature === undefined || recordedSignature !== signature ? undefined : Number(since)
}

function signatureOf(Guest: GuestModel, req: Request, user: Model): string | undefined {
  const id = currentSessionId(req)
  if (id === undefined) return undefined
  return hash('sha256', [id, sessionNameOf(Guest), keyOf(user)].join('\0'), 'base64url')
}
