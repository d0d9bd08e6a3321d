import type { Request } from 'express'
import { Model, type ModelStatic } from 'sequelize'
import { CrossSiteRequest, GuestStateUnknown, MergeFailed } from '../../errors.js'
import { hasOpaqueOrigin, isForeign } from '../../http/origin.js'
import {
  currentUser,
  requireSerializable,
  sessionHoldsLogin,
  setLogin,
  type Login,
} from '../../http/passport-request.js'
import { callBack, requireRenewableSession, settled } from '../../http/session.js'
import { noteSessionEnd } from '../../http/stale-session.js'
import { isText } from '../../database/columns.js'
import { guestSettings, type GuestModel, type UserId } from '../guest.js'
import { isUserOf, knownGuest, rememberGuest } from '../guest-state.js'
import { guestOfPlainUser } from '../plain-user.js'
import { hasTwoModels } from '../session.js'
import { couldBeKey, keyOf } from '../user-key.js'
import type { MergePair } from './merge-transaction.js'
import { asInstance } from './rows.js'

/** The option of that name. */
export type AccountOf = (
  user: unknown,
  req: Request,
) => UserId | null | undefined | Promise<UserId | null | undefined>

/** What comes before the login of a guest to an account. */
export interface Interception {
  readonly Guest: GuestModel
  /** Origins of other sites from which a login form may come. */
  readonly trustedOrigins: readonly string[]
  readonly accountOf: AccountOf | undefined
  /** Returns whether there was something to merge. */
  readonly merge: (pair: MergePair) => Promise<boolean>
}

/** Replaces this request's `req.login`, which Passport and the application call, by one that merges first. */
export function interceptLogin(req: Request, login: Login, interception: Interception): void {
  const restored = currentUser(req)

  async function mergeAndLogIn(
    present: object | undefined,
    guest: Model | undefined,
    user: unknown,
    options: Parameters<Login>[1],
  ): Promise<void> {
    await requireSerializable(req, user)
    if (await guestOfPlainUser(interception.Guest, present)) throw new GuestStateUnknown('plain-object')
    if (guest !== undefined) await prepare(req, guest, user, interception)
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
    // A login that cannot succeed must not end the session of a guest, whichever model the user is of.
    const endsGuest = opensSession && present !== undefined && Boolean(knownGuest(present)) && Boolean(user)
    const isPlain = opensSession && present !== undefined && !(present instanceof Model)
    if ((guest === undefined && !endsGuest && !isPlain) || callback === undefined) {
      login.call(req, user, options, done)
      return
    }
    callBack(mergeAndLogIn(present, guest, user, typeof options === 'function' ? {} : options), callback)
  })
}

/** The user before the login, if it may be a guest who logs in to an account of the same users model. */
function guestWhoLogsIn(current: object | undefined, user: unknown, Guest: GuestModel): Model | undefined {
  if (!isUserOf(Guest, current) || knownGuest(current) === null) return undefined
  if (user === undefined || user === null) return undefined // Passport refuses it
  if (!(user instanceof Model)) return current
  return isUserOf(Guest, user) && !knownGuest(user) ? current : undefined
}

/** Merges the guest into the account, and notes that the guest's session ends. */
async function prepare(
  req: Request,
  current: Model,
  user: unknown,
  { Guest, trustedOrigins, accountOf, merge }: Interception,
): Promise<void> {
  const guest = keyOf(current)
  const key = user instanceof Model ? keyOf(user) : undefined
  if (key !== undefined && String(key) === String(guest)) {
    // Converted by hand, and logged in anew.
    if (knownGuest(user as Model) === null) await noteSessionEnd(req, 'converted')
    return
  }
  if (knownGuest(current) === undefined) throw new GuestStateUnknown('not-looked-up')
  if (isForeign(req, { trustedOrigins })) throw new CrossSiteRequest(hasOpaqueOrigin(req))
  requireRenewableSession(req, 'mergeGuest') // a login that cannot succeed must not have moved anything
  const account =
    key ?? (accountOf ? await namedAccount(Guest, accountOf, user, req) : await findAccount(Guest, req, user))
  if (account === undefined || String(guest) === String(account)) return
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
 * The account that the application names; `undefined` for a login to none.
 *
 * @throws {MergeFailed} if it could be no key of the users model; what `accountOf` throws is the cause of one
 */
async function namedAccount(
  { [guestSettings]: { User } }: GuestModel,
  accountOf: AccountOf,
  user: unknown,
  req: Request,
): Promise<UserId | undefined> {
  let account: UserId | null | undefined
  try {
    account = await accountOf(user, req)
  } catch (cause) {
    throw new MergeFailed("'accountOf' has thrown an error", { cause })
  }
  if (account === null || account === undefined) return undefined
  if (!couldBeKey(User, account))
    throw new MergeFailed(`'accountOf' has returned what is no key of ${User.name}`)
  return account
}

/**
 * The key of an account that is logged in by something else than an instance: a row read with `raw: true`, the result of
 * `toJSON()`, or a DTO.
 *
 * Such an object does not tell which model it is of, and users of two models can have the same key. So it must have the key,
 * the username, and no text that the account does not have; and the Passport must know no second Guest model.
 *
 * @throws {MergeFailed} if there is no such account
 */
async function findAccount(Guest: GuestModel, req: Request, user: unknown): Promise<UserId> {
  const { User, usernameField } = Guest[guestSettings] as { User: ModelStatic<Model>; usernameField: string }
  const key = User.primaryKeyAttribute
  const values = (typeof user === 'object' ? user : {}) as Readonly<Record<string, unknown>>
  const id = typeof values[key] === 'bigint' ? String(values[key]) : values[key]
  if (hasTwoModels(req)) {
    throw new MergeFailed(
      `req.login was given something that is no instance of ${User.name}, and two Guest models are on this Passport. Give req.login the instance, or name the account by the option 'accountOf'`,
    )
  }
  const account = couldBeKey(User, id)
    ? await User.unscoped().findByPk(id, { ...asInstance, useMaster: true })
    : null
  const fault =
    account === null
      ? `no ${User.name} has its '${key}'`
      : typeof values[usernameField] !== 'string'
        ? `it has no '${usernameField}'`
        : differenceOf(account, { ...values, [key]: id })
  if (account === null || fault !== undefined) {
    throw new MergeFailed(
      `req.login was given something that is no instance of ${User.name}, and ${String(fault)}. Give req.login the ` +
        "instance, or name the account by the option 'accountOf'; it returns null for logins to no account of this model",
    )
  }
  return keyOf(account)
}

/**
 * What shows that an object is not the account: its key, of which a getter can make that of another user, or a text that is
 * not the account's, as it is stored or as a getter shows it. Case does not count: a username can be spelled as in the form.
 */
function differenceOf(account: Model, values: Readonly<Record<string, unknown>>): string | undefined {
  const User = account.constructor as ModelStatic<Model>
  const key = User.primaryKeyAttribute
  const isSame = (own: unknown, given: unknown): boolean =>
    ['string', 'number', 'bigint'].includes(typeof own) &&
    String(own).toLowerCase() === String(given).toLowerCase()
  if (!isSame(account.get(key), values[key])) return `no ${User.name} has its '${key}'`
  const other = Object.keys(User.getAttributes()).find((attribute) => {
    const value = values[attribute]
    const stored: unknown = account.getDataValue(attribute as never)
    if (attribute === key || typeof value !== 'string') return false
    if (typeof stored !== 'string' && !isText(User, attribute)) return false // a date or a number, as some driver reads it
    return !isSame(account.get(attribute), value) && !isSame(stored, value)
  })
  return other === undefined ? undefined : `its '${other}' is not that of the ${User.name} with its '${key}'`
}
