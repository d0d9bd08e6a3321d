import createDebug from 'debug'
import type { Request } from 'express'
import type { Model, ModelStatic } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { finding } from '../checks/finding.js'
import { warnOnce } from '../checks/runtime/request-checks.js'
import { explainMissingTable } from '../database/driver-error.js'
import { isNameInSessions, nameInSessions } from '../database/model-identity.js'
import { watchAnswer } from '../http/late-answer.js'
import { callBack } from '../http/session.js'
import { currentUser, deserializersOn, sessionManagerOf } from '../http/passport-request.js'
import { guestSettings, type GuestModel, type SerializedUser, type UserId } from './guest.js'
import { guestModelOf, isUserOf, knownGuest, rememberGuest, wasCreatedAt } from './guest-state.js'
import { guestOfPlainUser } from './plain-user.js'
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
  const deserializer: GuestModel['deserializeUser'] = (req, serialized, done) => {
    answer(deserialize(Guest, req, serialized), done)
  }
  modelOf.set(deserializer, Guest)
  return deserializer
}

/** Whose `deserializeUser` it is. */
const modelOf = new WeakMap<object, GuestModel>()

/** The name by which sessions record a Guest model, and where its users are. */
export function sessionNameOf(Guest: GuestModel): string {
  const { User, databaseName } = Guest[guestSettings]
  return nameInSessions(Guest, User, databaseName)
}

function answer<T>(work: Promise<T | undefined>, done: (error: unknown, result?: T) => void): void {
  callBack(work, (error, result) => {
    if (error !== null) done(explainMissingTable(error))
    else if (result === undefined)
      done('pass') // Passport's word for "ask the next one"
    else done(null, result)
  })
}

/** `undefined` for a user of another model. */
async function serialize(Guest: GuestModel, req: Request, user: object): Promise<SerializedUser | undefined> {
  enrol(Guest, req)
  if (!isUserOf(Guest, user)) {
    const other = guestModelOf(user)
    if (other !== Guest && other?.name === Guest.name) throw sameName(Guest, other)
    req.res?.once('finish', () => {
      if (currentUser(req) !== user && Number(req.res?.statusCode) >= 400) warnOfPlainUser(Guest, user)
    })
    return undefined
  }
  const id = keyOf(user)
  const model = sessionNameOf(Guest)
  // A user who was never looked up (a login form's, say) costs a query here, once a login.
  let guest = knownGuest(user)
  if (guest === undefined) {
    guest = (await findGuest(Guest, id)) ?? null
    rememberGuest(user, guest)
  }
  return guest === null ? { user: id, model } : { guest: id, since: guest.createdAt.getTime(), model }
}

/** Warns if a login that has failed, because no serializer took the user, was that of a user of this model as a plain object. */
function warnOfPlainUser(Guest: GuestModel, user: object): void {
  callBack(guestOfPlainUser(Guest, user), (_error, guest) => {
    if (guest !== undefined) warnOnce(PLAIN_USER)
  })
}

/** `false` if the user's session has ended, `undefined` if it is not of this model. */
async function deserialize(
  Guest: GuestModel,
  req: Request,
  value: unknown,
): Promise<Model | false | undefined> {
  watchAnswer(req)
  enrol(Guest, req)
  if (isUserId(value)) {
    if (Guest[guestSettings].bareKeys) return (await restore(Guest, value, 'unknown')) ?? false
    warnOnce(NAMES_NO_MODEL)
    return undefined
  }
  const { guest, since, user, model } = (value ?? {}) as {
    readonly guest?: unknown
    readonly since?: unknown
    readonly user?: unknown
    readonly model?: unknown
  }
  if (model === sessionNameOf(Guest)) {
    if (isUserId(guest)) return (await restore(Guest, guest, { since: Number(since) })) ?? false
    return isUserId(user) ? ((await restore(Guest, user, 'regular')) ?? false) : undefined
  }
  if (!isNameInSessions(model, Guest.name)) return undefined
  warnOnce(OF_ANOTHER_DATABASE)
  return false
}

/** The models that a middleware, strategy or serializer of ours uses on one Passport. */
const met = new WeakMap<object, Set<GuestModel>>()

/** Records that a Guest model is in use on the Passport of a request. */
export function meet(Guest: GuestModel, req: Request): void {
  const manager = sessionManagerOf(req)
  if (manager === undefined) return
  const models = met.get(manager)
  if (models === undefined) met.set(manager, new Set([Guest]))
  else models.add(Guest)
}

/** The models that are in use on the Passport of a request; also those that no request has needed yet. */
function modelsOn(req: Request): Set<GuestModel> {
  const registered = deserializersOn(req).flatMap((each) => modelOf.get(each) ?? [])
  return new Set([...registered, ...(met.get(sessionManagerOf(req) ?? req) ?? [])])
}

/** Whether there are two Guest models on the Passport of a request. */
export function hasTwoModels(req: Request): boolean {
  return modelsOn(req).size > 1
}

/**
 * Records that this model serializes users on the Passport of a request.
 *
 * A session names its model, and names are unique only on one Sequelize instance. Two models with the same name on one
 * Passport would restore each other's users.
 *
 * @throws {TypeError} if another model on this Passport has that name
 */
function enrol(Guest: GuestModel, req: Request): void {
  meet(Guest, req)
  const other = [...modelsOn(req)].find((each) => each !== Guest && each.name === Guest.name)
  if (other !== undefined) throw sameName(Guest, other)
}

function sameName(Guest: GuestModel, other: ModelStatic<Model>): TypeError {
  return new InvalidOption(
    `Two Guest models on one Passport have the name '${Guest.name}', of ${Guest[guestSettings].User.name} and ` +
      `${(other as GuestModel)[guestSettings].User.name}: a session could not tell their users apart. Give each another ` +
      "'modelName' in defineGuestModel, or each Sequelize instance a Passport of its own",
  )
}

/** As whom a session was opened: a guest who was created at this time, a regular user, or one of whom it holds only the key. */
type OpenedAs = { readonly since: number } | 'regular' | 'unknown'

async function restore(Guest: GuestModel, id: UserId, openedAs: OpenedAs): Promise<Model | undefined> {
  const found = couldBeKey(Guest[guestSettings].User, id) ? await findUserWithGuest(Guest, id) : undefined
  if (found === undefined) {
    debug('user not restored: the row is gone')
    return undefined
  }
  const { user, guest } = found
  const openedAsGuest = typeof openedAs === 'object'
  if (guest === null && openedAsGuest) {
    debug('guest not restored: converted elsewhere')
    return undefined
  }
  const isAnother = openedAsGuest ? !wasCreatedAt(guest, openedAs.since) : openedAs === 'regular'
  if (guest !== null && isAnother) {
    debug('user not restored: the row is gone, and a later guest has its key')
    return undefined
  }
  if (guest?.hasExpired === true) {
    debug('guest not restored: expired')
    return undefined
  }
  if (guest !== null) {
    if (openedAs === 'unknown') warnOnce(SERIALIZER_MISSING)
    await touchGuest(Guest, guest)
  }
  rememberGuest(user, guest)
  return user
}

/** Only `Guest.serializeUser` notes in the session that a guest opened it. */
const SERIALIZER_MISSING = finding(
  'GUEST_SERIALIZER_MISSING',
  'warning',
  "A guest's session was not written by Guest.serializeUser: it stays open after the guest was converted elsewhere.",
  'passport.serializeUser(Guest.serializeUser), before any other serializer.',
)

const PLAIN_USER = finding(
  'USER_IS_PLAIN_OBJECT',
  'warning',
  'A login was given a plain object of the users model, and failed: Guest.serializeUser takes instances of User, and no other serializer took the object.',
  'Give req.login, and the callback of a strategy, the instance: no toJSON(), no query with raw: true; from a cache User.build(values, { isNewRecord: false, raw: true }).',
)

const NAMES_NO_MODEL = finding(
  'SESSION_NAMES_NO_MODEL',
  'warning',
  'A session holds a primary key alone, so it does not name its users model. Guest.deserializeUser does not restore it, and Passport fails if no other deserializer does.',
  'If all such sessions are of this users model: defineGuestModel(sequelize, { User, bareKeys: true }). If not, your own deserializer before that of Guest.',
)

const OF_ANOTHER_DATABASE = finding(
  'SESSION_OF_ANOTHER_DATABASE',
  'warning',
  'A session was opened by a Guest model of this name on another database, or before the database or the users table was renamed. Its login was ended.',
  "Give each application a session cookie of its own: session({ name }). After a rename: defineGuestModel(sequelize, { User, databaseName: 'the old name' }).",
)
