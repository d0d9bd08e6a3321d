import { hash } from 'node:crypto'
import createDebug from 'debug'
import type { Request } from 'express'
import type { Model } from 'sequelize'
import { isUniqueViolation } from '../database/driver-error.js'
import { currentSessionId, presentedSessionIds } from '../http/session.js'
import { clientContext } from '../http/client-network.js'
import { replacedSessions } from '../http/replaced-sessions.js'
import { noteBesideSession } from '../http/session-renewal.js'
import { LATE_MS } from '../http/session-notes.js'
import { keptByFollower, noteByThisClient } from '../http/stale-session.js'
import { makeGuest, type GuestRecipe } from './create.js'
import type { GuestModel } from './guest.js'
import { rememberGuest } from './guest-state.js'
import { findGuestBySession, findUserWithGuest, releaseSession } from './statements.js'

const debug = createDebug('passport-ephemeral:guest')

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
  keepSessionData: readonly string[],
): Promise<U> {
  const presented = presentedSessionIds(req)
  const current = currentSessionId(req)
  // Without a cookie nothing identifies the browser: its parallel first requests make a guest each.
  if (current === undefined || presented.length === 0) return await makeGuest(Guest, recipe, { req })

  const hashes = presented.map((id) => hashOfSession(req, id))
  // Parallel requests bear the same cookies.
  const sessionHash = hashes.length === 1 ? String(hashes[0]) : hash('sha256', hashes.join('\0'), 'hex')
  // The browser keeps the session of the later answer: so this one gets what the other one has kept. Where a visit has
  // begun, its session has replaced the one for which a parallel request has made a guest.
  const replaced = replacedSessions(req).flatMap(({ id, byVisit }) => (byVisit ? id : []))
  const end = await noteByThisClient(req)
  if (replaced.length > 0 || end?.end === 'guest') {
    const others = [...replaced, ...(end?.id === undefined ? [] : [end.id])]
    const all = [...hashes, ...others.map((id) => hashOfSession(req, id)), sessionHash]
    const joined = await joinGuest(Guest, all, end?.end === 'guest' ? Infinity : LATE_MS)
    if (joined !== undefined) {
      if (end !== undefined) noteBesideSession(req, await keptByFollower(req, end, keepSessionData))
      return joined
    }
  }
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      return await makeGuest(Guest, recipe, { sessionHash, req })
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      // A guest who has logged out since has left a note, which lasts longer.
      const joined = await joinGuest(Guest, [sessionHash], LATE_MS)
      if (joined !== undefined) return joined
      // The guest that has the hash is too old to be joined. It gives up the hash, so that parallel requests make one guest.
      await releaseSession(Guest, sessionHash, new Date(Date.now() - LATE_MS))
    }
  }
  return await makeGuest(Guest, recipe, { req })
}

/**
 * Identifies the requests of one browser: the session that their cookie names, sent by the same client. The client is part
 * of it so that an attacker who planted the session id in a browser (session fixation) does not join its guest.
 */
function hashOfSession(req: Request, id: string): string {
  return hash('sha256', [id, clientContext(req)].join('\0'), 'hex')
}

/**
 * The guest that a parallel request has made for one of these sessions, if there is one.
 *
 * @param maxAge the age of the oldest guest to be joined, in milliseconds
 */
async function joinGuest<U extends Model>(
  Guest: GuestModel<U>,
  hashes: readonly string[],
  maxAge: number,
): Promise<U | undefined> {
  const sibling = await findGuestBySession(Guest, hashes)
  if (sibling === undefined || sibling.createdAt.getTime() + maxAge < Date.now()) return undefined
  const found = await findUserWithGuest(Guest, sibling.userId)
  if (found === undefined || found.guest === null) return undefined
  debug('joined the guest of a parallel request')
  rememberGuest(found.user, found.guest)
  return found.user
}
