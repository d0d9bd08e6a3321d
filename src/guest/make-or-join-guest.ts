import { hash } from 'node:crypto'
import createDebug from 'debug'
import type { Request } from 'express'
import type { Model } from 'sequelize'
import { currentSessionId, presentedSessionIds } from '../http/session.js'
import { introduce, makeGuest, type GuestRecipe } from './create.js'
import type { Guest as GuestRow, GuestModel } from './guest.js'
import { findGuestBySession, findUserWithGuest, releaseSession, type UserWithGuest } from './statements.js'
import { isUniqueViolation } from '../database/driver-error.js'

const debug = createDebug('passport-ephemeral:guest')

/**
 * How long after a guest was made another request of the same session may join it: as long as a page's parallel
 * requests may take to arrive.
 */
const JOIN_WINDOW_MS = 10 * 1000

/**
 * Makes a guest, or joins the one that a parallel request with the same session cookie has made. The database decides
 * between them, by the unique `sessionHash`: two processes agree as two requests in one do. A request that comes when
 * the first one's login has already renewed the session finds the guest by the id that its cookie still names.
 *
 * @throws {UsernameExhausted} if the generator offered nothing that was free
 */
export async function makeOrJoinGuest<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  req: Request,
): Promise<U> {
  const presented = presentedSessionIds(req)
  const current = currentSessionId(req)
  if (current === undefined || presented.length === 0) return await makeGuest(Guest, recipe)
  if (presented.includes(current)) return await makeOrJoin(Guest, recipe, hashOfSession(req, current))

  // The session was renewed by a parallel request, or is gone from the store. Parallel requests bear the same cookies.
  const hashes = presented.map((id) => hashOfSession(req, id))
  const [first = ''] = hashes
  const together = hashes.length === 1 ? first : hash('sha256', hashes.join('\0'), 'hex')
  return (await joinGuestOf(Guest, [...hashes, together])) ?? (await makeOrJoin(Guest, recipe, together))
}

/**
 * A guest that is in the way, and too old to be joined, gives up the session's hash: parallel requests make one guest then
 * too. If it is still in the way, the guest is made without a hash.
 */
async function makeOrJoin<U extends Model>(
  Guest: GuestModel<U>,
  recipe: GuestRecipe<U>,
  sessionHash: string,
): Promise<U> {
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      return await makeGuest(Guest, recipe, { sessionHash })
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      const joined = await joinGuestOf(Guest, [sessionHash])
      if (joined !== undefined) return joined
      await releaseSession(Guest, sessionHash, new Date(Date.now() - JOIN_WINDOW_MS))
    }
  }
  return await makeGuest(Guest, recipe)
}

async function joinGuestOf<U extends Model>(
  Guest: GuestModel<U>,
  hashes: readonly string[],
): Promise<U | undefined> {
  const sibling = await findGuestBySession(Guest, hashes)
  const joined = sibling && (await joinable(Guest, sibling))
  return joined && introduce(joined)
}

/**
 * Identifies the requests of one browser: the session that their cookie names, sent by the same client. The client is part
 * of it so that an attacker who planted the session id in a browser (session fixation) does not join its guest.
 */
function hashOfSession(req: Request, id: string): string {
  return hash('sha256', [id, req.ip ?? '', req.get('user-agent') ?? ''].join('\0'), 'hex')
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
