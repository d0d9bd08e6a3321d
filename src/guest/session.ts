import createDebug from 'debug'
import type { Model } from 'sequelize'
import { explainMissingTable } from '../database/missing-table.js'
import { guestSettings, type Guest, type GuestModel, type SerializedUser, type UserId } from './guest.js'
import { knownGuest, rememberGuest } from './guest-state.js'
import { isUserId, keyOf } from './user-key.js'
import { findGuest, findUserWithGuest, touchGuest } from './statements.js'

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
      done(null, known === null ? id : { guest: id })
      return
    }
    lookUp(Guest, user, id).then(
      (guest) => {
        done(null, guest === null ? id : { guest: id })
      },
      (error: unknown) => {
        done(explainMissingTable(error))
      },
    )
  }
}

/** `Guest.deserializeUser`. */
export function deserializeUser(Guest: GuestModel) {
  return (serialized: SerializedUser, done: (error: unknown, user?: Express.User | false) => void): void => {
    const session = parse(serialized)
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

function parse(serialized: unknown): ParsedSession | undefined {
  if (isUserId(serialized)) return { id: serialized, openedAsGuest: false }
  const id: unknown = (serialized as { guest?: unknown } | null)?.guest
  return isUserId(id) ? { id, openedAsGuest: true } : undefined
}

async function restore(Guest: GuestModel, { id, openedAsGuest }: ParsedSession): Promise<Model | undefined> {
  const found = await findUserWithGuest(Guest, id)
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
  if (guest !== null) await touchGuest(Guest, guest)
  rememberGuest(user, guest)
  return user
}
