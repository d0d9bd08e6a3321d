import type { Request } from 'express'
import { Model, type ModelStatic } from 'sequelize'
import { CrossSiteRequest, GuestStateUnknown, MergeFailed } from '../../errors.js'
import { hasOpaqueOrigin, isForeign } from '../../http/origin.js'
import { currentUser, sessionHoldsLogin, setLogin, type Login } from '../../http/passport-request.js'
import { requireRenewableSession, settled } from '../../http/session.js'
import { noteSessionEnd } from '../../http/stale-session.js'
import { guestSettings, type GuestModel, type UserId } from '../guest.js'
import { knownGuest, rememberGuest } from '../guest-state.js'
import { couldBeKey, keyOf } from '../user-key.js'
import type { MergePair } from './merge-transaction.js'
import { asInstance } from './rows.js'

/** What comes before the login of a guest to an account. */
export interface Interception {
  readonly Guest: GuestModel
  /** Origins of other sites from which a login form may come. */
  readonly trustedOrigins: readonly string[]
  /** Returns whether there was something to merge. */
  readonly merge: (pair: MergePair) => Promise<boolean>
}

/** Replaces this request's `req.login`, which Passport and the application call, by one that merges first. */
export function interceptLogin(req: Request, login: Login, interception: Interception): void {
  const restored = currentUser(req)

  async function mergeAndLogIn(guest: Model, user: unknown, options: Parameters<Login>[1]): Promise<void> {
    await prepare(req, guest, user, interception)
    await settled((done) => {
      login.call(req, user, options, done)
    })
  }

  setLogin(req, function mergingLogin(user, options, done) {
    const callback = typeof options === 'function' ? options : done
    const opensSession = typeof options !== 'object' || options?.session !== false
    const current = currentUser(req)
    // A guard of NestJS puts the account on the request, and then calls req.logIn.
    const present = current === user && sessionHoldsLogin(req) ? restored : current
    const guest = opensSession ? guestWhoLogsIn(present, user, interception.Guest) : undefined
    if (guest === undefined || callback === undefined) {
      login.call(req, user, options, done)
      return
    }
    // What the caller's callback throws is the caller's, and no rejection of ours.
    mergeAndLogIn(guest, user, typeof options === 'function' ? {} : options).then(
      () => {
        process.nextTick(callback)
      },
      (error: unknown) => {
        process.nextTick(callback, error)
      },
    )
  })
}

/** The user before the login, if it may be a guest who logs in to an account of the same users model. */
function guestWhoLogsIn(current: object | undefined, user: unknown, Guest: GuestModel): Model | undefined {
  const { User } = Guest[guestSettings]
  if (!(current instanceof User) || knownGuest(current) === null) return undefined
  if (user === undefined || user === null) return undefined // Passport refuses it
  if (!(user instanceof Model)) return current
  return user instanceof User && !knownGuest(user) ? current : undefined
}

/** Merges the guest into the account, and notes that the guest's session ends. */
async function prepare(
  req: Request,
  current: Model,
  user: unknown,
  { Guest, trustedOrigins, merge }: Interception,
): Promise<void> {
  const guest = keyOf(current)
  const key = user instanceof Model ? keyOf(user) : undefined
  if (key !== undefined && String(key) === String(guest)) {
    // Converted by hand, and logged in anew.
    if (knownGuest(user as Model) === null) await noteSessionEnd(req, 'converted')
    return
  }
  if (knownGuest(current) === undefined) throw new GuestStateUnknown()
  if (isForeign(req, { trustedOrigins })) throw new CrossSiteRequest(hasOpaqueOrigin(req))
  requireRenewableSession(req, 'mergeGuest') // a login that cannot succeed must not have moved anything
  const account = key ?? (await findAccount(Guest, user))
  if (String(guest) === String(account)) return
  const withdrawNote = await noteSessionEnd(req, 'merged')
  try {
    const isMerged = await merge({ guest, account, req })
    if (isMerged && typeof user === 'object' && user !== null) rememberGuest(user, null)
  } catch (error) {
    await withdrawNote()
    throw error
  }
}

/**
 * The key of an account that is logged in by something else than an instance: a row read with `raw: true`, the result of
 * `toJSON()`, a DTO, or the key alone.
 *
 * A getter can make another value of a key, and that value can be the key of another user. So the account must show the
 * key by which it was found. A username must be the account's too: the object can be of another model with the same keys.
 *
 * @throws {MergeFailed} if there is no such account
 */
async function findAccount(Guest: GuestModel, user: unknown): Promise<UserId> {
  const { User, usernameField } = Guest[guestSettings] as { User: ModelStatic<Model>; usernameField: string }
  const key = User.primaryKeyAttribute
  const values = (typeof user === 'object' ? user : { [key]: user }) as Readonly<Record<string, unknown>>
  const id = typeof values[key] === 'bigint' ? String(values[key]) : values[key]
  const account = couldBeKey(User, id)
    ? await User.unscoped().findByPk(id, { ...asInstance, useMaster: true })
    : null
  const isSame = (attribute: string, value: unknown): boolean =>
    String(account?.get(attribute)).toLowerCase() === String(value).toLowerCase()
  const username = values[usernameField]
  if (account === null || !isSame(key, id) || (username !== undefined && !isSame(usernameField, username))) {
    throw new MergeFailed(
      `req.login was given something that is no instance of ${User.name}, and no ${User.name} was found by its '${key}'. Give req.login the instance`,
    )
  }
  return keyOf(account)
}
