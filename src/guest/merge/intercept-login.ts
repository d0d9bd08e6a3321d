import type { Request } from 'express'
import { Model, type ModelStatic } from 'sequelize'
import { CrossSiteRequest, GuestStateUnknown, MergeFailed } from '../../errors.js'
import { currentUser, setLogin, type Login, type LoginCallback } from '../../http/passport-request.js'
import { isForeign } from '../../http/origin.js'
import { requireRenewableSession } from '../../http/session.js'
import { noteSessionEnd } from '../../http/stale-session.js'
import { guestSettings, type GuestModel, type UserId } from '../guest.js'
import { knownGuest, rememberGuest } from '../guest-state.js'
import { couldBeKey, keyOf } from '../user-key.js'
import type { MergePair } from './merge.js'
import { asInstance } from './rows.js'

/** What the login of a guest to an account is put off for. */
export interface Interception {
  readonly Guest: GuestModel
  /** Origins of other sites from which a login form may come. */
  readonly trustedOrigins: readonly string[]
  /** Says whether there was something to merge. */
  readonly merge: (pair: MergePair) => Promise<boolean>
}

/** Replaces this request's `req.login`, which Passport and the application call, by one that merges first. */
export function interceptLogin(req: Request, login: Login, interception: Interception): void {
  setLogin(req, function mergingLogin(user, options, done) {
    const callback = typeof options === 'function' ? options : done
    const opensSession = typeof options !== 'object' || options?.session !== false
    const prepare = opensSession ? preparationOf(req, user, interception) : undefined
    if (prepare === undefined || callback === undefined) {
      login.call(req, user, options, done)
      return
    }
    prepare().then(
      () => {
        // What the caller's callback throws is no rejection of ours.
        process.nextTick(finish, req, login, [user, typeof options === 'function' ? {} : options, callback])
      },
      (error: unknown) => {
        callback(error)
      },
    )
  })
}

/** What comes before the login of a guest to an account; `undefined` for every other login. */
function preparationOf(
  req: Request,
  user: unknown,
  interception: Interception,
): (() => Promise<unknown>) | undefined {
  const { User, usernameField } = interception.Guest[guestSettings]
  const current = currentUser(req)
  if (!(current instanceof User) || knownGuest(current) === null) return undefined
  if (user === undefined || user === null) return undefined // Passport refuses it
  const guest = keyOf(current)
  if (!(user instanceof User)) {
    if (user instanceof Model) return undefined // of another model, so no account of this one
    return () =>
      mergeFirst(
        { guest, req, findAccount: () => findAccount(User, usernameField, user) },
        user,
        interception,
      )
  }
  if (knownGuest(user)) return undefined
  const account = keyOf(user)
  if (String(guest) !== String(account))
    return () => mergeFirst({ guest, req, findAccount: () => Promise.resolve(account) }, user, interception)
  // Converted by hand, and logged in anew.
  return knownGuest(user) === null ? () => noteSessionEnd(req, 'converted') : undefined
}

async function mergeFirst(
  { guest, req, findAccount }: Omit<MergePair, 'account'> & { readonly findAccount: () => Promise<UserId> },
  user: unknown,
  { trustedOrigins, merge }: Interception,
): Promise<void> {
  const current = currentUser(req)
  if (current === undefined || knownGuest(current) === undefined) throw new GuestStateUnknown()
  if (isForeign(req, { trustedOrigins })) throw new CrossSiteRequest()
  requireRenewableSession(req, 'mergeGuest') // a login that cannot succeed must not have moved anything
  const account = await findAccount()
  if (String(guest) === String(account)) return
  const withdrawNote = await noteSessionEnd(req, 'merged')
  try {
    if ((await merge({ guest, account, req })) && typeof user === 'object' && user !== null)
      rememberGuest(user, null)
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
async function findAccount(User: ModelStatic<Model>, usernameField: string, user: unknown): Promise<UserId> {
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

/** An error that the login throws synchronously is passed to the caller's callback. */
function finish(
  req: Request,
  login: Login,
  [user, options, callback]: [user: unknown, options: Parameters<Login>[1], callback: LoginCallback],
): void {
  const answer = { isGiven: false }
  try {
    login.call(req, user, options, (error) => {
      answer.isGiven = true
      callback(error)
    })
  } catch (error) {
    if (answer.isGiven) throw error
    callback(error)
  }
}
