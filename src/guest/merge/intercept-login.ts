import type { Request } from 'express'
import { CrossSiteRequest, GuestStateUnknown } from '../../errors.js'
import { currentUser, setLogin, type Login, type LoginCallback } from '../../http/passport-request.js'
import { isForeign } from '../../http/origin.js'
import { requireRenewableSession } from '../../http/session.js'
import { noteSessionEnd, type EndNote } from '../../http/stale-session.js'
import { guestSettings, type GuestModel } from '../guest.js'
import { knownGuest, rememberGuest } from '../guest-state.js'
import { keyOf } from '../user-key.js'
import type { MergePair } from './merge.js'

/** What the login of a guest to an account is put off for. */
export interface Interception {
  readonly Guest: GuestModel
  /** Origins of other sites from which a login form may come. */
  readonly trustedOrigins: readonly string[]
  /** Says whether there was something to merge. */
  readonly merge: (pair: MergePair) => Promise<boolean>
}

/** Whoever calls this request's `req.login`, Passport or the application, logs in by way of a merge. */
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
      (note) => {
        const noted: LoginCallback = (error) => {
          if (isFailure(error)) callback(error)
          // It never rejects; and what the caller's callback throws is no rejection.
          else
            void note.confirm().then(() => {
              process.nextTick(callback)
            })
        }
        finish(req, login, [user, typeof options === 'function' ? {} : options, noted])
      },
      (error: unknown) => {
        callback(error)
      },
    )
  })
}

/** What comes before the login of a guest, or `undefined` if it is anybody else's. */
function preparationOf(
  req: Request,
  user: unknown,
  interception: Interception,
): (() => Promise<EndNote>) | undefined {
  const { User } = interception.Guest[guestSettings]
  const current = currentUser(req)
  if (!(current instanceof User) || !(user instanceof User)) return undefined
  if (knownGuest(current) === null || Boolean(knownGuest(user))) return undefined
  const [guest, account] = [keyOf(current), keyOf(user)]
  if (String(guest) !== String(account)) return () => mergeFirst({ guest, account, req }, user, interception)
  // Converted by hand, and logged in anew.
  return knownGuest(user) === null ? () => noteSessionEnd(req, 'converted') : undefined
}

async function mergeFirst(
  pair: MergePair,
  user: object,
  { trustedOrigins, merge }: Interception,
): Promise<EndNote> {
  const { req } = pair
  const current = currentUser(req)
  if (current === undefined || knownGuest(current) === undefined) throw new GuestStateUnknown()
  if (isForeign(req, { trustedOrigins })) throw new CrossSiteRequest()
  requireRenewableSession(req, 'mergeGuest') // a login that cannot succeed must not have moved anything
  const note = await noteSessionEnd(req, 'merged')
  try {
    if (await merge(pair)) rememberGuest(user, null)
  } catch (error) {
    await note.withdraw()
    throw error
  }
  return note
}

function isFailure(error: unknown): boolean {
  return error !== undefined && error !== null
}

/** What the login throws at once goes to where the caller waits, and not past everybody. */
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
