import { hash, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import createDebug from 'debug'
import type { Request } from 'express'
import { hasGoneAway } from './answer.js'
import { clientContext } from './client-network.js'
import {
  currentSessionId,
  presentedSessionIds,
  sessionStoreOf,
  settled,
  withholdSession,
  type SessionStore,
} from './session.js'
import { replacedSessions } from './replaced-sessions.js'
import { describeError } from './redact-tokens.js'
import {
  keepNote,
  LATE_MS,
  nameOfNote,
  noteHere,
  noteInStore,
  readNote,
  readRecord,
  restoreNote,
  writeNote,
  type Note,
  type SessionEnd,
} from './session-notes.js'

const debug = createDebug('passport-ephemeral:session')

/** As long as a request waits for a parallel one of its browser that has won against it, and is about to renew the session. */
const RENEWAL_MS = 1000

/** How to complete the note that a request has left, for another request that follows the same session. */
const completions = new WeakMap<Request, (more: Pick<Note, 'next' | 'isUndelivered'>) => Promise<void>>()

/** Has the note that this request has left name the session that follows, for another request that follows the same one. */
export async function noteSuccessor(req: Request): Promise<void> {
  const next = currentSessionId(req)
  if (next !== undefined) await completions.get(req)?.({ next: [next] })
}

/** The requests that have noted the end of their own session, and may go on to write it: Passport does, before a logout. */
const ending = new WeakSet<Request>()

/**
 * Notes, for every process that shares the session store, that the session which this request's cookie names ends. Requests
 * that are under way with that cookie must not set a session cookie: it would replace the new session's. Called before the
 * session ends, so that there is no moment between the two. A session of which the browser has no cookie yet needs no note. Those
 * that it has replaced a moment ago end with it: a request that bears the id of one is no less late.
 *
 * In the store the note has a name of its own, made of the session's id: under the id itself express-session would take it
 * for a session. No cookie opens it, because its name is signed by no secret, and it holds no login. A store that fails
 * does not keep the login from succeeding.
 *
 * @returns takes the note back, if the session did not end after all; that of another request stays, or comes back
 */
export async function noteSessionEnd(
  req: Request,
  end: SessionEnd,
  more: Pick<Note, 'kept' | 'model'> = {},
): Promise<() => Promise<void>> {
  const store = sessionStoreOf(req)
  const replaced = replacedSessions(req).map(({ id }) => nameOfNote(id))
  const names = [...(await idsThatEnd(req)).map(nameOfNote), ...replaced]
  // A request that joins a guest of a parallel one: others find the guest by the session for which it was made.
  const joined = end === 'guest' ? await noteByThisClient(req) : undefined
  const earlier = joined?.end === 'guest' ? joined : undefined
  const until = earlier?.until ?? Date.now() + LATE_MS // a request that joins does not prolong it
  const id = earlier?.id ?? currentSessionId(req)
  const isUndelivered = hasGoneAway(req)
  const note: Note = { end, until, by: randomUUID(), id, client: clientOf(req), isUndelivered, ...more }
  const before = new Map(names.map((name) => [name, noteHere(name)]))
  for (const name of replaced) before.set(name, before.get(name) ?? (store && (await readNote(store, name))))
  const isOurs = (other: Note | undefined): boolean => other?.by === note.by

  async function inStore(change: (each: SessionStore, name: string) => Promise<void>): Promise<void> {
    if (store === undefined) return
    await Promise.all(names.map((name) => change(store, name))).catch((error: unknown) => {
      debug('the session store does not keep that a session has ended: %s', describeError(error))
    })
  }

  ending.add(req)
  for (const name of names) keepNote(name, note)
  await inStore((each, name) => writeNote(each, name, note))
  completions.set(req, async ({ next = [], ...rest }) => {
    const changed = (old: Note): Note => ({
      ...old,
      ...rest,
      next: [...next, ...(old.next ?? earlier?.next ?? [])].slice(0, 8),
    })
    for (const name of names) {
      const here = noteHere(name)
      if (here !== undefined && isOurs(here)) restoreNote(name, changed(here))
    }
    await inStore(async (each, name) => {
      // A login on a parallel request may have noted its own since.
      const stored = await readNote(each, name)
      if (stored !== undefined && isOurs(stored)) await writeNote(each, name, changed(stored))
    })
  })
  req.res?.once('close', () => {
    if (hasGoneAway(req)) void completions.get(req)?.({ isUndelivered: true })
  })
  return async function withdraw() {
    ending.delete(req)
    completions.delete(req)
    keepNote(nameOfNote(note.by), note) // it must not come back when a later one is taken back: of two logouts at once
    const beforeIt = (name: string): Note | undefined => {
      const earlier = before.get(name)
      return earlier !== undefined && noteHere(nameOfNote(earlier.by)) !== undefined ? undefined : earlier
    }
    for (const name of names) if (isOurs(noteHere(name))) restoreNote(name, beforeIt(name))
    await inStore(async (each, name) => {
      if (!isOurs(await readNote(each, name))) return
      const earlier = beforeIt(name)
      if (earlier === undefined) await settled((done) => each.destroy(name, done))
      else await writeNote(each, name, earlier)
    })
  }
}

/** The presented ids but that of another session, of another cookie: its record is in the store. */
async function idsThatEnd(req: Request): Promise<string[]> {
  const store = sessionStoreOf(req)
  const ids = presentedSessionIds(req)
  if (store === undefined || ids.includes(currentSessionId(req) ?? '')) return ids
  const records = await Promise.all(ids.map((id) => readRecord(store, id)))
  return ids.filter((_, at) => records[at] === undefined)
}

/** The note of the session that this request's cookie names, if it has just ended. */
async function noteOfEnd(req: Request): Promise<Note | undefined> {
  const store = sessionStoreOf(req)
  return store && (await noteInStore(store, presentedSessionIds(req)))
}

/**
 * The note of the session that this request's cookie names, if this client has ended it just now. An attacker who planted the
 * session's id in a browser bears it, too: what has followed that session is not the attacker's.
 */
export async function noteByThisClient(req: Request): Promise<Note | undefined> {
  const note = await noteOfEnd(req)
  return note?.client === clientOf(req) ? note : undefined
}

/**
 * What of a noted session is to be kept in another one that follows it: of the latest that has followed and still exists, where
 * a visit may have ended meanwhile and data changed; otherwise as it was at the first renewal.
 */
export async function keptByFollower(
  req: Request,
  { kept = {}, next = [] }: Note,
  keys: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const store = sessionStoreOf(req)
  for (const id of store === undefined ? [] : next) {
    const follower = store && (await readRecord(store, id))
    if (follower !== undefined) return Object.fromEntries(keys.map((key) => [key, follower[key]]))
  }
  return kept
}

function clientOf(req: Request): string {
  return hash('sha256', clientContext(req), 'base64url')
}

/**
 * How the session that this request's cookie names has ended, if it just has. The request is a late one of a browser that
 * has another session by now: its own session is kept from the browser, unless the other one is a guest's, which this
 * request can join.
 *
 * A browser that has never received the other session's cookie is not late.
 *
 * @param model the name of the Guest model whose guests it can join, as sessions record it; any by default
 * @returns 'replaced' for a guest of another model
 */
export async function lateForEndedSession(req: Request, model?: string): Promise<SessionEnd | undefined> {
  const note = await noteOfEnd(req)
  if (note === undefined) return undefined
  const isOthers = note.end === 'guest' && model !== undefined && note.model !== model
  // The browser has no newer session. Of a conversion, the account is there.
  if (note.isUndelivered === true && note.end !== 'guest')
    return note.end === 'converted' ? 'converted' : undefined
  if (note.end !== 'guest' || isOthers) withholdSession(req)
  return isOthers ? 'replaced' : note.end
}

/**
 * As {@link lateForEndedSession}, for a request whose session a parallel one may be about to end: waits a moment until the
 * session is gone from the store. That shows that the session itself has ended, and not only its guest, in another browser.
 */
export async function waitForSessionEnd(req: Request): Promise<SessionEnd | undefined> {
  const store = sessionStoreOf(req)
  const ids = presentedSessionIds(req)
  const waitsUntil = performance.now() + RENEWAL_MS
  while (store !== undefined && ids.length > 0) {
    const records = await Promise.all(ids.map((id) => readRecord(store, id)))
    if (records.every((record) => record === undefined)) return await lateForEndedSession(req)
    if (performance.now() > waitsUntil) break
    await setTimeout(20)
  }
  return undefined
}

/** Whether this request itself has noted that its session ends. */
export function endsItsSession(req: Request): boolean {
  return ending.has(req)
}
