import { hash, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import createDebug from 'debug'
import type { Request } from 'express'
import { clientContext } from './client-network.js'
import {
  currentSessionId,
  presentedSessionIds,
  sessionStoreOf,
  settled,
  withholdSession,
  type HostSession,
  type SessionStore,
} from './session.js'
import { replacedSessions } from './replaced-sessions.js'
import { describeError } from './redact-tokens.js'

const debug = createDebug('passport-ephemeral:session')

/**
 * What a session's id is given up for: a guest was made, a visit began, or the guest's session ended. `replaced` if the
 * application did it: a login or logout of Passport's, which this package has no part in.
 */
export type SessionEnd = 'guest' | 'visit' | 'converted' | 'merged' | 'logged-out' | 'replaced'

/** How a session ended, as it is kept in this process and in the session store. */
export interface Note {
  readonly end: SessionEnd
  /** Milliseconds since the epoch. */
  readonly until: number
  /** The request that has left it, which alone takes it back. */
  readonly by: string
  /** The session with which that request came: the noted one, or one that has replaced it meanwhile. */
  readonly id: string | undefined
  /** Which client sent that request. */
  readonly client: string
  /** The sessions that have followed, the latest first: of parallel requests each opens one. */
  readonly next?: readonly string[] | undefined
  /** What the renewal has kept of the session. */
  readonly kept?: Readonly<Record<string, unknown>> | undefined
  /** Of a guest: the name of the model, as sessions record it. */
  readonly model?: string | undefined
}

/** As long as a merge may take, and requests be under way that were sent before the browser received its new cookie. */
export const LATE_MS = 20 * 1000

/** As long as a request waits for a parallel one of its browser that has won against it, and is about to renew the session. */
const RENEWAL_MS = 1000

/** What the note's record in the store has beside its cookie. */
const RECORD_KEY = 'guest:ended'

/** The notes of this process, oldest first: what answers look at, without waiting for the store. */
const notes = new Map<string, Note>()

/** How to complete the note that a request has left. */
const successions = new WeakMap<Request, (next: string) => Promise<void>>()

/** Has the note that this request has left name the session that follows, for another request that follows the same one. */
export async function noteSuccessor(req: Request): Promise<void> {
  const next = currentSessionId(req)
  if (next !== undefined) await successions.get(req)?.(next)
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
  const note: Note = { end, until, by: randomUUID(), id, client: clientOf(req), ...more }
  const before = new Map(names.map((name) => [name, notes.get(name)]))
  for (const name of replaced) before.set(name, before.get(name) ?? (store && (await readNote(store, name))))
  // Stores take a record's life from one of these.
  const cookie = { maxAge: LATE_MS, originalMaxAge: LATE_MS, expires: new Date(until) }
  const record = { cookie, [RECORD_KEY]: note }

  async function inStore(change: (each: SessionStore, name: string) => Promise<void>): Promise<void> {
    if (store === undefined) return
    await Promise.all(names.map((name) => change(store, name))).catch((error: unknown) => {
      debug('the session store does not keep that a session has ended: %s', describeError(error))
    })
  }

  ending.add(req)
  for (const name of names) keep(name, note)
  await inStore((each, name) => settled((done) => each.set(name, record, done)))
  successions.set(req, async (next) => {
    const followed = { cookie, [RECORD_KEY]: { ...note, next: [next, ...(earlier?.next ?? [])].slice(0, 8) } }
    await inStore((each, name) => settled((done) => each.set(name, followed, done)))
  })
  return async function withdraw() {
    ending.delete(req)
    for (const name of names) if (notes.get(name) === note) restore(name, before.get(name))
    await inStore(async (each, name) => {
      if ((await readNote(each, name))?.by !== note.by) return
      const earlier = before.get(name)
      if (earlier === undefined) await settled((done) => each.destroy(name, done))
      else await settled((done) => each.set(name, { cookie, [RECORD_KEY]: earlier }, done))
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

function clientOf(req: Request): string {
  return hash('sha256', clientContext(req), 'base64url')
}

/**
 * How the session that this request's cookie names has ended, if it just has. The request is a late one of a browser that
 * has another session by now: its own session is kept from the browser, unless the other one is a guest's, which this
 * request can join.
 *
 * @param model the name of the Guest model whose guests it can join, as sessions record it; any by default
 * @returns 'replaced' for a guest of another model
 */
export async function lateForEndedSession(req: Request, model?: string): Promise<SessionEnd | undefined> {
  const note = await noteOfEnd(req)
  if (note === undefined) return undefined
  const isOthers = note.end === 'guest' && model !== undefined && note.model !== model
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

/** Whether this process has noted that one of these sessions has ended. */
export function hasEndedHere(ids: readonly string[]): boolean {
  return notes.size > 0 && ids.some((id) => (notes.get(nameOfNote(id))?.until ?? 0) > Date.now())
}

/** The note of the first of these sessions that has one in the store, of whatever process. */
export async function noteInStore(store: SessionStore, ids: readonly string[]): Promise<Note | undefined> {
  const found = await Promise.all(ids.map((id) => readNote(store, nameOfNote(id))))
  return found.find((note) => note !== undefined && note.until > Date.now())
}

async function readNote(store: SessionStore, name: string): Promise<Note | undefined> {
  return (await readRecord(store, name))?.[RECORD_KEY] as Note | undefined
}

export async function readRecord(store: SessionStore, name: string): Promise<HostSession | undefined> {
  try {
    return (await settled<HostSession | null | undefined>((done) => store.get(name, done))) ?? undefined
  } catch (error) {
    debug('the session store does not answer whether a session has just ended: %o', error)
    return undefined
  }
}

function restore(name: string, earlier: Note | undefined): void {
  if (earlier === undefined) notes.delete(name)
  else notes.set(name, earlier)
}

/** Keeps a note, and drops those whose time is over. */
function keep(name: string, note: Note): void {
  notes.delete(name)
  notes.set(name, note)
  for (const [each, { until }] of notes) {
    if (until > Date.now()) break
    notes.delete(each)
  }
}

/** As long, and of the same letters, as the ids that express-session makes: stores have columns for those. */
export function nameOfNote(id: string): string {
  return hash('sha256', `${RECORD_KEY}\0${id}`, 'base64url').slice(0, 32)
}
