import createDebug from 'debug'
import type { Request } from 'express'
import { Model, type ModelStatic } from 'sequelize'
import { finding } from '../checks/finding.js'
import { warnOnce } from '../checks/runtime/request-checks.js'
import { sequelizeOf } from '../database/columns.js'
import { explainMissingTable } from '../database/driver-error.js'
import { sessionManagerOf } from '../http/passport-request.js'
import { GUEST_ALIAS, guestSettings, type GuestModel, type SerializedUser, type UserId } from './guest.js'
import { knownGuest, rememberGuest } from './guest-state.js'
import { findGuest, findUserWithGuest, touchGuest } from './statements.js'
import { couldBeKey, isUserId, keyOf } from './user-key.js'

const debug = createDebug('passport-ephemeral:guest')

/** `Guest.serializeUser`. Passport counts the parameters: with three, the first is the request. */
export function serializeUser(Guest: GuestModel): GuestModel['serializeUser'] {
  return (req, user, done) => {
    answer(serialize(Guest, req, user), done)
  }
}

/** `Guest.deserializeUser`. */
export function deserializeUser(Guest: GuestModel): GuestModel['deserializeUser'] {
  return (req, serialized, done) => {
    answer(deserialize(Guest, req, serialized), done)
  }
}

/** Calls back outside of the promise, so that what the callback throws is no rejection of ours. */
function answer<T>(work: Promise<T | undefined>, done: (error: unknown, result?: T) => void): void {
  work.then(
    (result) => {
      if (result === undefined)
        process.nextTick(done, 'pass') // Passport's word for "ask the next one"
      else process.nextTick(done, null, result)
    },
    (error: unknown) => {
      process.nextTick(done, explainMissingTable(error))
    },
  )
}

/** `undefined` for a user of another model. */
async function serialize(Guest: GuestModel, req: Request, user: object): Promise<SerializedUser | undefined> {
  enrol(Guest, req)
  if (!(user instanceof Guest[guestSettings].User)) {
    const other = guestModelOf(user)
    if (other?.name === Guest.name) throw sameName(Guest, other)
    return undefined
  }
  const id = keyOf(user)
  const model = Guest.name
  // A user who was never looked up (a login form's, say) costs a query here, once a login.
  let guest = knownGuest(user)
  if (guest === undefined) {
    guest = (await findGuest(Guest, id)) ?? null
    rememberGuest(user, guest)
  }
  return guest === null ? { user: id, model } : { guest: id, model }
}

/** `false` if the user's session has ended, `undefined` if it is not of this model. */
async function deserialize(
  Guest: GuestModel,
  req: Request,
  value: unknown,
): Promise<Model | false | undefined> {
  const models = enrol(Guest, req)
  const isBareKey = isUserId(value)
  if (isBareKey && (models.size > 1 || hasSibling(Guest))) return undefined // it does not name its model
  const { guest, user, model } = (isBareKey ? { user: value, model: Guest.name } : (value ?? {})) as {
    readonly guest?: unknown
    readonly user?: unknown
    readonly model?: unknown
  }
  if (model !== Guest.name) return undefined
  if (isUserId(guest)) return (await restore(Guest, guest, true)) ?? false
  return isUserId(user) ? ((await restore(Guest, user, false)) ?? false) : undefined
}

/** The models whose serializers have met on one Passport, by name. */
const enrolled = new WeakMap<object, Map<string, GuestModel>>()

/**
 * Records that this model serializes users on the Passport of a request.
 *
 * A session names its model, and names are unique only on one Sequelize instance. Two models with the same name on one
 * Passport would restore each other's users. The first login or the next page shows them, in whichever order they were
 * registered: Passport asks each serializer until one answers, and each deserializer.
 *
 * @throws {TypeError} if another model of that name does, too
 */
function enrol(Guest: GuestModel, req: Request): ReadonlyMap<string, GuestModel> {
  const manager = sessionManagerOf(req)
  if (manager === undefined) return new Map()
  const models = enrolled.get(manager) ?? new Map<string, GuestModel>()
  enrolled.set(manager, models)
  const other = models.get(Guest.name) ?? Guest
  if (other !== Guest) throw sameName(Guest, other)
  return models.set(Guest.name, Guest)
}

function sameName(Guest: GuestModel, other: ModelStatic<Model>): TypeError {
  return new TypeError(
    `Two Guest models on one Passport have the name '${Guest.name}', of ${Guest[guestSettings].User.name} and ` +
      `${(other as GuestModel)[guestSettings].User.name}: a session could not tell their users apart. Give each another ` +
      "'modelName' in defineGuestModel, or each Sequelize instance a Passport of its own",
  )
}

/** The Guest model of another users model, by the association that `defineGuestModel` made. */
function guestModelOf(user: object): ModelStatic<Model> | undefined {
  if (!(user instanceof Model)) return undefined
  const { associations } = user.constructor as ModelStatic<Model>
  const target = associations[GUEST_ALIAS]?.target
  return target !== undefined && guestSettings in target ? target : undefined
}

/** Whether the same Sequelize instance has another Guest model. */
function hasSibling(Guest: GuestModel): boolean {
  return Object.values(sequelizeOf(Guest).models).some(
    (model) => guestSettings in model && model.name !== Guest.name,
  )
}

async function restore(Guest: GuestModel, id: UserId, openedAsGuest: boolean): Promise<Model | undefined> {
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
