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
import { requireRenewableSession, settled } from '../../http/session.js'
import { noteSessionEnd } from '../../http/stale-session.js'
import { isText } from '../../database/columns.js'
import { guestSettings, type GuestModel, type UserId } from '../guest.js'
import { isUserOf, knownGuest, rememberGuest } from '../guest-state.js'
import { hasTwoModels } from '../session.js'
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
  // A login that cannot succeed must not have moved anything.
  requireRenewableSession(req, 'mergeGuest')
  await requireSerializable(req, user)
  const account = key ?? (await findAccount(Guest, req, user))
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
  const account =
    couldBeKey(User, id) && !hasTwoModels(req)
      ? await User.unscoped().findByPk(id, { ...asInstance, useMaster: true })
      : null
  const isAccount =
    account !== null &&
    String(account.get(key)).toLowerCase() === String(id).toLowerCase() && // a getter can show the key of another user
    typeof values[usernameField] === 'string' &&
    Object.keys(User.getAttributes()).every((attribute) =>
      couldBeTextOf(account, attribute, values[attribute]),
    )
  if (!isAccount) {
    throw new MergeFailed(
      `req.login was given something that is no instance of ${User.name}, and its '${key}', its '${usernameField}' and ` +
        `its other texts are those of no ${User.name}. Give req.login the instance`,
    )
  }
  return keyOf(account)
}

/** Whether an account can have shown a value: a text must be its own, as it is stored or as a getter shows it, in any case. */
function couldBeTextOf(account: Model, attribute: string, value: unknown): boolean {
  const User = account.constructor as ModelStatic<Model>
  if (typeof value !== 'string' || attribute === User.primaryKeyAttribute || !isText(User, attribute))
    return true
  const own: unknown[] = [account.get(attribute), account.getDataValue(attribute as never)]
  return own.some((text) => String(text).toLowerCase() === value.toLowerCase()) // a form's spelling of a username
}
