import createDebug from 'debug'
import { type Model, type ModelStatic, type Transaction } from 'sequelize'
import { declaredLength, sequelizeOf } from '../database/columns.js'
import { UsernameExhausted } from '../errors.js'
import { guestEmail } from './guest-email.js'
import { guestSettings, type Guest as GuestRow, type GuestModel } from './guest.js'
import { rememberGuest } from './guest-state.js'
import { keyOf } from './user-key.js'
import { insertGuest, type UserWithGuest } from './statements.js'
import { isUsernameCollision } from './username-collision.js'
import type { UsernameGenerator } from './usernames.js'
import { isRetryable, isUniqueViolation } from '../database/driver-error.js'

const debug = createDebug('passport-ephemeral:guest')

/** How a guest is made, defaults filled in. */
export interface GuestRecipe<U extends Model> {
  readonly generateUsername: UsernameGenerator
  readonly createUser:
    ((context: { username: string; transaction: Transaction }) => Model | Promise<Model>) | undefined
  /** Whether the default way of making a user fills in an e-mail address. */
  readonly needsEmail: boolean
  readonly onCreate:
    ((context: { user: U; guest: GuestRow; transaction: Transaction }) => unknown) | undefined
}

/** Where a guest is made, and for whom. */
export interface GuestOrder {
  /** The caller's, in which each attempt is a savepoint. Without one, a transaction of its own. */
  readonly transaction?: Transaction | undefined
  /** What tells the session for which it is made; no other guest has it. */
  readonly sessionHash?: string
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
  order: GuestOrder = {},
): Promise<U> {
  const { transaction } = order
  let taken = 0
  for (let failures = 1; ; failures++) {
    const username = await offerUsername(Guest, recipe, taken)
    try {
      return introduce(await make(Guest, recipe, username, order))
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

async function make<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  username: string,
  order: GuestOrder,
): Promise<UserWithGuest<U>> {
  const { createUser, onCreate } = recipe
  if (createUser === undefined && onCreate === undefined && order.transaction === undefined) {
    const made = await insertGuest(Guest, plainValues(Guest, recipe, username), order.sessionHash)
    if (made !== undefined) return made
  }
  return await makeInTransaction(Guest, recipe, username, order)
}

/** The way through the ORM, for the application's own steps and for the databases that lack a single statement. */
async function makeInTransaction<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  username: string,
  { transaction: outer, sessionHash }: GuestOrder,
): Promise<UserWithGuest<U>> {
  const { User } = Guest[guestSettings]
  const { createUser, onCreate } = recipe
  return await sequelizeOf(Guest).transaction(
    { ...(outer && { transaction: outer }) },
    async (transaction) => {
      const user: U =
        createUser === undefined
          ? await User.create(plainValues(Guest, recipe, username) as never, { transaction })
          : instanceOf<U>(User, await createUser({ username, transaction }))
      const guest = await Guest.create(
        { userId: keyOf(user), sessionHash: sessionHash ?? null },
        { transaction },
      )
      rememberGuest(user, guest)
      await onCreate?.({ user, guest, transaction })
      return { user, guest }
    },
  )
}

function instanceOf<U extends Model>(User: ModelStatic<U>, user: unknown): U {
  if (user instanceof User) return user as U
  throw new TypeError("GuestStrategy: option 'createUser' must return an instance of User")
}

/** What a users row is made of where the application does not say. */
function plainValues<U extends Model>(
  Guest: GuestModel<U>,
  { needsEmail }: GuestRecipe<U>,
  username: string,
): Record<string, string> {
  const { usernameField } = Guest[guestSettings]
  return { [usernameField]: username, ...(needsEmail && { email: guestEmail(username) }) }
}

export function introduce<U extends Model>({ user, guest }: UserWithGuest<U>): U {
  rememberGuest(user, guest)
  return user
}

async function offerUsername<U extends Model>(
  Guest: GuestModel<U>,
  { generateUsername }: GuestRecipe<U>,
  attempt: number,
): Promise<string> {
  const { User, usernameField } = Guest[guestSettings]
  const username: unknown = await generateUsername({
    attempt,
    maxLength: declaredLength(User, usernameField),
  })
  if (typeof username === 'string' && username !== '') return username
  throw new TypeError("GuestStrategy: option 'generateUsername' must return a non-empty string")
}
