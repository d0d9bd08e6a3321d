import type { Request } from 'express'
import type { ModelStatic } from 'sequelize'
import { GuestStateUnknown } from '../errors.js'
import { currentUser } from '../http/passport-request.js'
import type { Guest } from './guest.js'

/**
 * What is known of a user object: its `Guest` row, or `null` for a regular user. Kept beside the object rather than
 * on it, so that it shows up in no JSON of the application's, and goes with it.
 */
const known = new WeakMap<object, Guest | null>()

export function rememberGuest(user: object, guest: Guest | null): void {
  known.set(user, guest)
}

/** `undefined` if nobody has looked it up. */
export function knownGuest(user: object): Guest | null | undefined {
  return known.get(user)
}

/**
 * The `Guest` row of whoever is logged in: `null` for a regular user, `undefined` if nobody is. Given a model (with columns
 * of yours), a row of that model. No query.
 *
 * @throws {GuestStateUnknown} if the user was restored by something that does not know of guests
 * @throws {TypeError} if the guest is one of another model's
 */
export function guestOf<G extends Guest = Guest>(req: Request, Model?: ModelStatic<G>): G | null | undefined
export function guestOf(req: Request, Model?: ModelStatic<Guest>): Guest | null | undefined {
  const user = currentUser(req)
  if (user === undefined) return undefined
  const guest = known.get(user)
  if (guest === undefined) throw new GuestStateUnknown()
  const isAnother = guest !== null && Model !== undefined && !(guest instanceof Model)
  if (isAnother) {
    throw new TypeError(`guestOf: the guest is one of another model's than ${Model.name}`)
  }
  return guest
}

/**
 * Whether a guest is logged in. No query.
 *
 * @throws {GuestStateUnknown} if neither `Guest.deserializeUser` nor `loadGuest` has seen the user
 */
export function isGuest(req: Request): boolean {
  return Boolean(guestOf(req))
}

/**
 * Whether a regular user is logged in. No query.
 *
 * @throws {GuestStateUnknown} if neither `Guest.deserializeUser` nor `loadGuest` has seen the user
 */
export function isRegularUser(req: Request): boolean {
  return guestOf(req) === null
}
