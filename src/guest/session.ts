import createDebug from 'debug'
import type { Model } from 'sequelize'
import { guestSettings, type Guest, type GuestModel, type SerializedUser, type UserId } from './guest.js'
import { knownGuest, rememberGuest } from './guest-state.js'
import { couldBeKey, isUserId, keyOf } from './user-key.js'
import { findGuest, findUserWithGuest, touchGuest } from './statements.js'
import { explainMissingTable } from '../database/driver-error.js'
import { finding } from '../checks/finding.js'
import { warnOnce } from '../checks/runtime/request-checks.js'

const debug = createDebug('passport-ephemeral:guest')

/** `Guest.serializeUser`. Passport tells by the number of parameters what to call it with. */
export function serializeUser(Guest: GuestModel) {
  return (user: Express.User, done: (error: unknown, serialized?: SerializedUser) => void): void => {
    const { User } = Guest[guestSettings]
    if (!(user instanceof User)) {
      done('pass') // Passport's word for "ask the next serializer"
      return
    }
    const id = keyOf(user)
    const known = knownGuest(user)
    if (known !== undefined) {
      done(null, serialized(Guest, id, known !== null))
      return
    }
    lookUp(Guest, user, id).then(
      // What Passport's callback throws is the application's, and no rejection of ours.
      (guest) => {
        process.nextTick(done, null, serialized(Guest, id, guest !== null))
      },
      (error: unknown) => {
        process.nextTick(done, explainMissingTable(error))
      },
    )
  }
}

/** `Guest.deserializeUser`. */
export function deserializeUser(Guest: GuestModel) {
  return (serialized: SerializedUser, done: (error: unknown, user?: Express.User | false) => void): void => {
    const session = parse(Guest, serialized)
    if (session === undefined) {
      done('pass')
      return
    }
    restore(Guest, session).then(
      (user) => {
        done(null, user ?? false)
      },
      (error: unknown) => {
        done(explainMissingTable(error))
      },
    )
  }
}

/** A user who was never looked up (a login form's, say) costs a query here, once a login. */
async function lookUp(Guest: GuestModel, user: Model, id: UserId): Promise<Guest | null> {
  const guest = (await findGuest(Guest, id)) ?? null
  rememberGuest(user, guest)
  return guest
}

interface ParsedSession {
  readonly id: UserId
  readonly openedAsGuest: boolean
}

function serialized(Guest: GuestModel, id: UserId, isGuest: boolean): SerializedUser {
  const { sessionTag: model } = Guest[guestSettings]
  if (model !== undefined) return isGuest ? { guest: id, model } : { user: id, model }
  return isGuest ? { guest: id } : id
}

/** What a session says, or `undefined` if it was not opened by a user of this model. */
function parse(Guest: GuestModel, value: unknown): ParsedSession | undefined {
  const { guest, user, model } = (isUserId(value) ? { user: value } : (value ?? {})) as {
    readonly guest?: unknown
    readonly user?: unknown
    readonly model?: unknown
  }
  if (model !== Guest[guestSettings].sessionTag) return undefined
  if (isUserId(guest)) return { id: guest, openedAsGuest: true }
  return isUserId(user) ? { id: user, openedAsGuest: false } : undefined
}

async function restore(Guest: GuestModel, { id, openedAsGuest }: ParsedSession): Promise<Model | undefined> {
  const found = couldBeKey(Guest[guestSettings].User, id) ? await findUserWithGuest(Guest, id) : undefined
  if (found === undefined) {
    debug('user not restored: the row is gone')
    return undefined
  }
  const { user, guest } = found
  if (guest === null && openedAsGuest) {
    debug('guest not restored: converted elsewhere')
    return undefined
  }
  if (guest?.hasExpired === true) {
    debug('guest not restored: expired')
    return undefined
  }
  if (guest !== null) {
    if (!openedAsGuest) warnOfForeignSerializer()
    await touchGuest(Guest, guest)
  }
  rememberGuest(user, guest)
  return user
}

/** Only `Guest.serializeUser` notes in the session that a guest opened it. */
function warnOfForeignSerializer(): void {
  warnOnce(
    finding(
      'GUEST_SERIALIZER_MISSING',
      'warning',
      "A guest's session was not written by Guest.serializeUser: it stays open after the guest was converted elsewhere.",
      'passport.serializeUser(Guest.serializeUser), before any other serializer.',
    ),
  )
}
