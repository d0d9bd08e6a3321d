import createDebug from 'debug'
import type { Request } from 'express'
import { UniqueConstraintError, type Model, type ModelStatic, type Transaction } from 'sequelize'
import { declaredLength, columnNameOf, sequelizeOf } from '../database/columns.js'
import { isRetryable, isUniqueViolation } from '../database/driver-error.js'
import { attributesToFillIn } from '../database/host-model.js'
import { isRowOf } from '../database/model-identity.js'
import { UsernameExhausted } from '../errors.js'
import { InvalidOption } from '../invalid-option.js'
import { announce } from '../events/events.js'
import { aFunction, checkOptions } from '../options.js'
import { guestEmail } from './guest-email.js'
import {
  aTransaction,
  guestSettings,
  type CreateGuestOptions,
  type Guest,
  type GuestModel,
  type WriteOptions,
} from './guest.js'
import { rememberGuest } from './guest-state.js'
import { insertGuest, usernameIsTaken, type UserWithGuest } from './statements.js'
import { keyOf } from './user-key.js'
import { uuidUsername, type UsernameGenerator } from './usernames.js'

const debug = createDebug('passport-ephemeral:guest')

/** How a guest is made, defaults filled in. */
export interface GuestRecipe<U extends Model> {
  readonly generateUsername: UsernameGenerator
  readonly createUser:
    ((context: { username: string; transaction: Transaction }) => Model | Promise<Model>) | undefined
  /** For `generateUsername`: the longest name that the username and what is made of it may have. */
  readonly maxLength: number | undefined
  /** Whether the username is an e-mail address. */
  readonly namesAreAddresses: boolean
  /** Whether the default way of making a user fills in an e-mail address. */
  readonly needsEmail: boolean
  readonly onCreate: ((context: { user: U; guest: Guest; transaction: Transaction }) => unknown) | undefined
}

/** The application's options for making guests. `Extra` is what its functions are given in addition: the request, for example. */
interface RecipeOptions<U extends Model, G extends Guest, Extra extends object> {
  readonly generateUsername?: UsernameGenerator | undefined
  readonly createUser?:
    ((context: { username: string; transaction: Transaction } & Extra) => Model | Promise<Model>) | undefined
  readonly onCreate?:
    ((context: { user: U; guest: G; transaction: Transaction } & Extra) => unknown) | undefined
}

/** The attribute that is filled in by default. */
const EMAIL = 'email'

/**
 * Fills in the defaults. Returns a function that makes a recipe for one occasion, such as one request.
 *
 * @throws {TypeError} naming `createUser`, if it is left out and `User` requires more than we can fill in; naming the
 * attribute, if an address of ours does not fit
 */
export function guestRecipe<U extends Model, G extends Guest, Extra extends object>(
  caller: string,
  Guest: GuestModel<U, G>,
  { generateUsername = uuidUsername, createUser, onCreate }: RecipeOptions<U, G, Extra>,
): (extra: Extra) => GuestRecipe<U> {
  const { User, usernameField } = Guest[guestSettings]
  const missing = attributesToFillIn(User).filter((name) => name !== usernameField)
  if (createUser === undefined && missing.some((name) => name !== EMAIL)) {
    throw new InvalidOption(
      `${caller}: option 'createUser' is needed, because ${User.name} requires ${missing.join(', ')}: ` +
        `createUser: ({ username, transaction }) => ${User.name}.create({ ${usernameField}: username, … }, { transaction })`,
    )
  }
  const namesAreAddresses =
    usernameField === EMAIL || Boolean(User.getAttributes()[usernameField]?.validate?.isEmail)
  const needsEmail = createUser === undefined && missing.includes(EMAIL)
  const addresses = [...(namesAreAddresses ? [usernameField] : []), ...(needsEmail ? [EMAIL] : [])]
  if (createUser === undefined) for (const attribute of addresses) requireRoom(caller, User, attribute)
  const longest = Math.min(
    longestText(User, usernameField),
    ...addresses.map((attribute) => Math.max(longestText(User, attribute) - DOMAIN_LENGTH, 1)),
  )
  return (extra) => ({
    generateUsername,
    maxLength: Number.isFinite(longest) ? longest : undefined,
    namesAreAddresses,
    needsEmail,
    createUser: createUser && ((context) => createUser({ ...extra, ...context })),
    onCreate:
      onCreate &&
      (({ user, guest, transaction }) => onCreate({ ...extra, user, guest: guest as G, transaction })),
  })
}

/** The longest text that an attribute takes, by its column and by the validator `len`. */
function longestText(User: ModelStatic<Model>, attribute: string): number {
  const len = User.getAttributes()[attribute]?.validate?.len
  const longest = len === undefined ? undefined : ('args' in len ? len.args : len)[1]
  return Math.min(declaredLength(User, attribute) ?? Infinity, longest ?? Infinity)
}

/** The length of `@guest.invalid`. */
const DOMAIN_LENGTH = guestEmail('').length

/** With fewer characters before the `@`, addresses would collide often. */
const SHORTEST_ADDRESS = 8 + DOMAIN_LENGTH

function requireRoom(caller: string, User: ModelStatic<Model>, attribute: string): void {
  const longest = longestText(User, attribute)
  if (longest >= SHORTEST_ADDRESS) return
  throw new InvalidOption(
    `${caller}: ${User.name}.${attribute} takes ${String(longest)} characters, too few for a guest's address, which ends with ` +
      `${guestEmail('')}: let it take ${String(SHORTEST_ADDRESS)} or more, or give option 'createUser'`,
  )
}

/** `Guest.createGuestUser`. */
export async function createGuestUser<U extends Model, G extends Guest>(
  Guest: GuestModel<U, G>,
  options: CreateGuestOptions<U, G> = {},
): Promise<U> {
  checkOptions('Guest.createGuestUser', options, {
    generateUsername: aFunction,
    createUser: aFunction,
    onCreate: aFunction,
    transaction: aTransaction,
  })
  const { transaction, ...recipe } = options
  return await makeGuest(Guest, guestRecipe<U, G, object>('Guest.createGuestUser', Guest, recipe)({}), {
    transaction,
  })
}

/** Where a guest is made, and for which session. */
interface Occasion {
  /** The caller's, in which each attempt is a savepoint. Without one, a transaction of its own. */
  readonly transaction?: Transaction | undefined
  /** A digest of the session for which the guest is made; no other guest has it. */
  readonly sessionHash?: string
  /** For the event. */
  readonly req?: Request
}

/** How often a username, or a transaction that the database gave up on, is tried again. */
const MAX_ATTEMPTS = 10

/**
 * Makes a user and its `Guest` row, with the next username if one is taken.
 *
 * @throws {UsernameExhausted} if the generator offered nothing that was free
 * @throws a unique violation, if something else than the username collided: another name would not help
 */
export async function makeGuest<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  occasion: Occasion = {},
): Promise<U> {
  const { transaction } = occasion
  let taken = 0
  for (let failures = 1; ; failures++) {
    const username = await offerUsername(recipe, taken)
    try {
      const { user, guest } = await make(Guest, recipe, username, occasion)
      rememberGuest(user, guest)
      announce(Guest.events, 'created', { user, req: occasion.req }, transaction)
      return user
    } catch (error) {
      // A caller's transaction is lost with a deadlock, and only the caller can begin it again.
      if (isRetryable(error) && transaction === undefined && failures < MAX_ATTEMPTS) continue
      if (!isUniqueViolation(error) || !(await isUsernameCollision(Guest, username, error, { transaction })))
        throw error
      taken += 1
      debug('a guest username was taken, %d so far', taken)
      if (taken >= MAX_ATTEMPTS) throw new UsernameExhausted(taken, { cause: error })
    }
  }
}

async function offerUsername<U extends Model>(
  { generateUsername, maxLength, namesAreAddresses }: GuestRecipe<U>,
  attempt: number,
): Promise<string> {
  const username: unknown = await generateUsername({ attempt, maxLength })
  if (typeof username === 'string' && username !== '')
    return namesAreAddresses && !username.includes('@') ? guestEmail(username) : username
  throw new InvalidOption("GuestStrategy: option 'generateUsername' must return a non-empty string")
}

async function make<U extends Model>(
  Guest: GuestModel<U>,
  { createUser, onCreate, needsEmail }: GuestRecipe<U>,
  username: string,
  { transaction: outer, sessionHash }: Occasion,
): Promise<UserWithGuest<U>> {
  const { User, usernameField } = Guest[guestSettings]
  const values = { [usernameField]: username, ...(needsEmail && { [EMAIL]: guestEmail(username) }) }
  if (createUser === undefined && onCreate === undefined && outer === undefined) {
    const made = await insertGuest(Guest, values, sessionHash)
    if (made !== undefined) return made
  }
  return await sequelizeOf(Guest).transaction(
    { ...(outer && { transaction: outer }) },
    async (transaction) => {
      const user: U =
        createUser === undefined
          ? await User.create(values as never, { transaction })
          : instanceOf(User, await createUser({ username, transaction }))
      const row = { userId: keyOf(user), sessionHash: sessionHash ?? null }
      const guest = await Guest.create(row, { transaction })
      rememberGuest(user, guest)
      await onCreate?.({ user, guest, transaction })
      return { user, guest }
    },
  )
}

function instanceOf<U extends Model>(User: ModelStatic<U>, user: unknown): U {
  if (isRowOf(User, user)) return user
  throw new InvalidOption("GuestStrategy: option 'createUser' must return an instance of User")
}

/**
 * Whether the username is what collided. The database is queried; but a caller's transaction at REPEATABLE READ or
 * SERIALIZABLE does not see a name that was taken after its first read, so there the constraint's columns count as well.
 */
export async function isUsernameCollision(
  Guest: GuestModel,
  username: string,
  error: unknown,
  { transaction }: WriteOptions,
): Promise<boolean> {
  if (await usernameIsTaken(Guest, username, { transaction })) return true
  if (transaction === undefined || !(error instanceof UniqueConstraintError)) return false
  const { User, usernameField } = Guest[guestSettings]
  const [column, ...more] = Object.keys(error.fields)
  return more.length === 0 && column === columnNameOf(User, usernameField)
}
