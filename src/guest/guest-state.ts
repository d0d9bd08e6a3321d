import type { Request } from 'express'
import { Model, type ModelStatic } from 'sequelize'
import { EphemeralError, GuestStateUnknown } from '../errors.js'
import { InvalidOption } from '../invalid-option.js'
import { isRowOf } from '../database/model-identity.js'
import { currentUser } from '../http/passport-request.js'
import { GUEST_ALIAS, guestSettings, type Guest, type GuestModel } from './guest.js'

/**
 * The `Guest` row of a user object, or `null` for a regular user. Kept beside the object rather than on it, so that it
 * never appears in JSON of the application's.
 */
const known = new WeakMap<object, Guest | null>()

export function rememberGuest(user: object, guest: Guest | null): void {
  known.set(user, guest)
}

/** `undefined` if it was not looked up. */
export function knownGuest(user: object): Guest | null | undefined {
  return known.get(user)
}

/** The zones of databases repeat an hour in autumn, or half of one: a time of then is read that much off. */
const REPEATED_MS = 30 * 60 * 1000

/** Whether a guest is the one who was created at this time, and not a later one who was given the same key. */
export function wasCreatedAt(guest: Guest | null, since: number): boolean {
  return guest !== null && (guest.createdAt.getTime() - since) % REPEATED_MS === 0
}

/** The Guest model of a user, by the association that `defineGuestModel` made. */
export function guestModelOf(user: object): ModelStatic<Model> | undefined {
  if (!(user instanceof Model)) return undefined
  const { associations } = user.constructor as ModelStatic<Model>
  const target = associations[GUEST_ALIAS]?.target
  return target !== undefined && guestSettings in target ? target : undefined
}

/** `passport.authenticate('guest')` met a user of another users model that has guests, too: another tenant's, for example. */
export class UserOfAnotherModel extends EphemeralError {
  static override readonly code = 'ERR_USER_OF_ANOTHER_MODEL'
  override readonly status = 403

  constructor(model: string) {
    super(`This page is for users and guests of ${model}, and a user of another model is logged in`)
  }
}

/**
 * A user whose model has no guests is admitted: a member of staff, for example.
 *
 * @throws {UserOfAnotherModel} for a user of another Guest model, whose key can be that of a user of this one
 */
export function requireUserOf(Guest: GuestModel, user: object): void {
  if (isUserOf(Guest, user) || guestModelOf(user) === undefined) return
  throw new UserOfAnotherModel(Guest[guestSettings].User.name)
}

/** Whether a user is one of this Guest model's users model. Another model, or another tenant's, has other users with the same keys. */
export function isUserOf(Guest: GuestModel, user: unknown): user is Model {
  return isRowOf(Guest[guestSettings].User, user)
}

/**
 * The `Guest` row of the logged-in user: `null` for a regular user, `undefined` for an anonymous request. With a model (one
 * with columns of yours), the row is typed as that model's. No query.
 *
 * @example
 * const daysLeft = (guestOf(req)!.expiresAt.getTime() - Date.now()) / 86_400_000
 *
 * @throws {GuestStateUnknown} if neither `Guest.deserializeUser` nor `loadGuest` has seen the user
 * @throws {TypeError} if the guest belongs to another model
 */
export function guestOf<G extends Guest = Guest>(req: Request, Model?: ModelStatic<G>): G | null | undefined
export function guestOf(req: Request, Model?: ModelStatic<Guest>): Guest | null | undefined {
  const user = currentUser(req)
  if (user === undefined) return undefined
  const guest = known.get(user)
  if (guest === undefined) throw new GuestStateUnknown('not-looked-up')
  const isAnother = guest !== null && Model !== undefined && !(guest instanceof Model)
  if (isAnother) {
    throw new InvalidOption(`guestOf: the guest belongs to another model than ${Model.name}`)
  }
  return guest
}

/** `guestOf(req)`, where a user of another model than the given one counts as anonymous. */
export function guestFor(Guest: GuestModel | undefined, req: Request): Guest | null | undefined {
  const user = currentUser(req)
  return Guest !== undefined && user !== undefined && !isUserOf(Guest, user) ? undefined : guestOf(req)
}

/**
 * Whether a guest is logged in. No query.
 *
 * @example
 * app.get('/', (req, res) => res.render('home', { isGuest: isGuest(req) }))
 *
 * @throws {GuestStateUnknown} if neither `Guest.deserializeUser` nor `loadGuest` has seen the user
 */
export function isGuest(req: Request): boolean {
  return Boolean(guestOf(req))
}

/**
 * Whether a regular user is logged in. No query.
 *
 * @example
 * if (isRegularUser(req)) await sendReceipt(req.user)
 *
 * @throws {GuestStateUnknown} if neither `Guest.deserializeUser` nor `loadGuest` has seen the user
 */
export function isRegularUser(req: Request): boolean {
  return guestOf(req) === null
}
