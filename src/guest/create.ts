import { hash } from 'node:crypto'
import createDebug from 'debug'
import type { Request } from 'express'
import { UniqueConstraintError, type Model, type Transaction } from 'sequelize'
import { declaredLength, sequelizeOf } from '../database/columns.js'
import { isDeadlock } from '../database/deadlock.js'
import { driverCode } from '../database/prepared.js'
import { UsernameExhausted } from '../errors.js'
import { currentSessionId, presentedSessionIds } from '../web/session.js'
import { guestEmail } from './guest-email.js'
import { guestSettings, type Guest as GuestRow, type GuestModel } from './guest.js'
import { rememberGuest } from './guest-state.js'
import { keyOf } from './user-key.js'
import {
  findGuestBySession,
  findUserWithGuest,
  insertGuest,
  usernameIsTaken,
  type UserWithGuest,
} from './statements.js'
import type { UsernameGenerator } from './usernames.js'

const debug = createDebug('passport-ephemeral:guest')

/** How a guest is made; the strategy's options in one piece. */
export interface GuestRecipe<U extends Model> {
  readonly generateUsername: UsernameGenerator
  readonly createUser:
    ((context: { username: string; req: Request; transaction: Transaction }) => U | Promise<U>) | undefined
  /** Whether the default way of making a user fills in an e-mail address. */
  readonly needsEmail: boolean
  readonly onCreate: ((context: { user: U; req: Request; transaction: Transaction }) => unknown) | undefined
}

/** How often a username, or a transaction that the database gave up on, is tried again. */
const MAX_ATTEMPTS = 10

/**
 * How long after a guest was made another request of the same session may join it: as long as a page's parallel
 * requests may take to arrive.
 */
const JOIN_WINDOW_MS = 10 * 1000

/** A request bears few session cookies; who sends hundreds does not get hundreds of look-ups. */
const MAX_SESSION_COOKIES = 4

/**
 * Makes a guest, or joins the one that a parallel request with the same session cookie has made. The database decides
 * between them, by the unique `sessionHash`: two processes agree as two requests in one do. A request that comes when
 * the first one's login has already renewed the session finds the guest by the id that its cookie still names.
 *
 * @throws {UsernameExhausted} if the generator offered nothing that was free
 */
export async function createGuest<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  req: Request,
): Promise<U> {
  const presented = presentedSessionIds(req).slice(0, MAX_SESSION_COOKIES)
  const current = currentSessionId(req)
  if (current === undefined || presented.length === 0) return await makeGuest(Guest, recipe, req)
  if (presented.includes(current)) return await makeGuest(Guest, recipe, req, hashOfSession(req, current))

  const sibling = await findGuestBySession(
    Guest,
    presented.map((id) => hashOfSession(req, id)),
  )
  const joined = sibling === undefined ? undefined : await joinable(Guest, sibling)
  return joined === undefined ? await makeGuest(Guest, recipe, req) : introduce(joined)
}

async function makeGuest<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  req: Request,
  hashOfCookie?: string,
): Promise<U> {
  let sessionHash = hashOfCookie
  let taken = 0
  for (let failures = 1; ; failures++) {
    const username = await offerUsername(Guest, recipe, taken)
    try {
      return introduce(await make(Guest, recipe, { username, req, sessionHash }))
    } catch (error) {
      if (isDeadlock(error) && failures < MAX_ATTEMPTS) continue
      if (!isUniqueViolation(error)) throw error

      const sibling = sessionHash === undefined ? undefined : await findGuestBySession(Guest, [sessionHash])
      if (sibling !== undefined) {
        const joined = await joinable(Guest, sibling)
        if (joined !== undefined) return introduce(joined)
        sessionHash = undefined
        continue
      }
      if (!(await usernameIsTaken(Guest, username))) {
        // Whoever was in the way may have gone meanwhile, if it was the session: once more, and then it is an error.
        if (sessionHash === undefined) throw error
        sessionHash = undefined
        continue
      }
      taken += 1
      debug('a guest username was taken, %d so far', taken)
      if (taken >= MAX_ATTEMPTS) throw new UsernameExhausted(taken, { cause: error })
    }
  }
}

/**
 * What tells that two requests are one browser's: the session that their cookie names, sent by the same client. The
 * client is part of it so that whoever planted a session id in somebody's browser beforehand (session fixation) does
 * not join their guest by it.
 */
function hashOfSession(req: Request, id: string): string {
  return hash('sha256', [id, req.ip ?? '', req.get('user-agent') ?? ''].join('\0'), 'hex')
}

interface Order {
  readonly username: string
  readonly req: Request
  readonly sessionHash: string | undefined
}

async function make<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  order: Order,
): Promise<UserWithGuest<U>> {
  if (recipe.createUser === undefined && recipe.onCreate === undefined) {
    const made = await insertGuest(Guest, plainValues(Guest, recipe, order.username), order.sessionHash)
    if (made !== undefined) return made
  }
  return await makeInTransaction(Guest, recipe, order)
}

/** The way through the ORM, for the application's own steps and for the databases that lack a single statement. */
async function makeInTransaction<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  { username, req, sessionHash }: Order,
): Promise<UserWithGuest<U>> {
  const { User } = Guest[guestSettings]
  const { createUser, onCreate } = recipe
  return await sequelizeOf(Guest).transaction(async (transaction) => {
    const user =
      createUser === undefined
        ? await User.create(plainValues(Guest, recipe, username) as never, { transaction })
        : await createUser({ username, req, transaction })
    if (!(user instanceof User)) {
      throw new TypeError("GuestStrategy: option 'createUser' must return an instance of User")
    }
    const guest = await Guest.create(
      { userId: keyOf(user), sessionHash: sessionHash ?? null },
      { transaction },
    )
    rememberGuest(user, guest)
    await onCreate?.({ user, req, transaction })
    return { user, guest }
  })
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

function introduce<U extends Model>({ user, guest }: UserWithGuest<U>): U {
  rememberGuest(user, guest)
  return user
}

async function joinable<U extends Model>(
  Guest: GuestModel<U>,
  sibling: GuestRow,
): Promise<UserWithGuest<U> | undefined> {
  if (sibling.createdAt.getTime() + JOIN_WINDOW_MS < Date.now()) return undefined
  const found = await findUserWithGuest(Guest, sibling.userId)
  if (found?.guest === undefined || found.guest === null) return undefined
  debug('joined the guest of a parallel request')
  return found
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

function isUniqueViolation(error: unknown): boolean {
  return error instanceof UniqueConstraintError || driverCode(error) === '23505'
}
