import { hash } from 'node:crypto'
import createDebug from 'debug'
import type { Request } from 'express'
import {
  cookieLikeSession,
  currentSessionId,
  presentedSessionIds,
  sessionStoreOf,
  settled,
  withholdSession,
  type HostSession,
  type SessionStore,
} from './session.js'

const debug = createDebug('passport-ephemeral:session')

const ENDS = ['guest', 'visit', 'converted', 'merged', 'logged-out'] as const

/** What a session's id was given up for: a guest was made, a visit began, or the guest's session ended. */
export type SessionEnd = (typeof ENDS)[number]

/** That a session is about to end. */
export interface EndNote {
  /** It has ended: the note's ten seconds count from now on. */
  readonly confirm: () => Promise<void>
  /** It has not ended. */
  readonly withdraw: () => Promise<void>
}

/** How a session ended, as it is kept in this process and in the session store. */
interface Note {
  readonly end: SessionEnd
  /** Milliseconds since the epoch. */
  readonly until: number
  /** The name of the note that the session which took its place has, should that end as well. */
  readonly next?: string | undefined
}

/** As long as requests may be under way that a browser has sent before it received its new cookie. */
const LIFE_MS = 10 * 1000

/** Sessions that follow each other within a note's life: anonymous, visitor, guest, account. */
const LONGEST_CHAIN = 4

/** What the note's record in the store has beside its cookie. */
const RECORD_KEY = 'guest:ended'

/** The notes of this process, oldest first: what answers look at, without waiting for the store. */
const notes = new Map<string, Note>()

/**
 * Notes, for every process that shares the session store, that the session which this request's cookie names ends. Requests
 * that are under way with that cookie must not set a session cookie: it would replace the new session's. The note comes
 * before the end, so that there is no moment between the two.
 *
 * In the store it has a name of its own, made of the session's id: under the id itself express-session would take it for a
 * session. No cookie opens it, because its name is signed by no secret, and it holds no login. A store that fails does
 * not keep the login from succeeding. A session of which the browser has no cookie yet needs no note.
 */
export async function noteSessionEnd(req: Request, end: SessionEnd): Promise<EndNote> {
  const store = sessionStoreOf(req)
  const ended = presentedSessionIds(req)
  const names = ended.map(nameOf)
  const session = Reflect.get<object, string>(req, 'session') as HostSession | undefined
  const cookie = cookieLikeSession(req, session ?? {})

  async function write(): Promise<void> {
    const current = currentSessionId(req)
    const next = current === undefined || ended.includes(current) ? undefined : nameOf(current)
    const until = Date.now() + LIFE_MS
    const note: Note = { end, until, ...(next !== undefined && { next }) }
    // Stores take a record's life from whichever of these they know.
    const life = { maxAge: LIFE_MS, originalMaxAge: LIFE_MS, expires: new Date(until) }
    const record = { cookie: { ...cookie, ...life }, [RECORD_KEY]: note }
    for (const name of names) keep(name, note)
    if (typeof store?.set !== 'function') return
    await Promise.all(names.map((name) => settled((done) => store.set?.(name, record, done))))
  }

  async function withdraw(): Promise<void> {
    for (const name of names) notes.delete(name)
    if (typeof store?.destroy !== 'function') return
    await Promise.all(names.map((name) => settled((done) => store.destroy?.(name, done))))
  }

  const note = { confirm: () => ignoringErrors(write), withdraw: () => ignoringErrors(withdraw) }
  await note.confirm()
  return note
}

/**
 * How the session that this request's cookie names has ended, if it just has, or the last of the sessions that took its
 * place. The request is a late one of a browser that has another session by now: its own session is kept from the
 * browser, unless that other session is a guest's, which this request can join.
 */
export async function lateForEndedSession(req: Request): Promise<SessionEnd | undefined> {
  const store = sessionStoreOf(req)
  if (typeof store?.get !== 'function') return undefined
  const ends = await Promise.all(presentedSessionIds(req).map((id) => endOf(store, nameOf(id))))
  const end = ends.find((found) => found !== undefined)
  if (end !== undefined && end !== 'guest') withholdSession(req)
  return end
}

/** Whether this process has noted that one of these sessions has ended. */
export function hasEndedHere(ids: readonly string[]): boolean {
  if (notes.size === 0) return false
  return ids.some((id) => (notes.get(nameOf(id))?.until ?? 0) > Date.now())
}

/** Whether the store has a note that one of these sessions has ended, of whatever process. */
export async function hasEndedAnywhere(store: SessionStore, ids: readonly string[]): Promise<boolean> {
  const found = await Promise.all(ids.map((id) => readNote(store, nameOf(id))))
  return found.some((note) => note !== undefined)
}

async function endOf(store: SessionStore, first: string): Promise<SessionEnd | undefined> {
  let end: SessionEnd | undefined
  let name: string | undefined = first
  for (let hops = 0; name !== undefined && hops < LONGEST_CHAIN; hops++) {
    const note: Note | undefined = await readNote(store, name)
    if (note === undefined) break
    end = note.end
    name = note.next
  }
  return end
}

async function readNote(store: SessionStore, name: string): Promise<Note | undefined> {
  const record = await new Promise<unknown>((resolve, reject) => {
    store.get?.(name, (error, found) => {
      if (error === undefined || error === null) resolve(found)
      else reject(error instanceof Error ? error : new Error('The session store failed', { cause: error }))
    })
  }).catch((error: unknown) => {
    debug('the session store does not answer whether a session has just ended: %o', error)
  })
  const { end, until, next } = ((record as HostSession | null | undefined)?.[RECORD_KEY] ?? {}) as {
    readonly end?: unknown
    readonly until?: unknown
    readonly next?: unknown
  }
  const known = ENDS.find((each) => each === end)
  if (known === undefined || typeof until !== 'number' || until <= Date.now()) return undefined
  return { end: known, until, ...(typeof next === 'string' && { next }) }
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

async function ignoringErrors(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    debug('the session store does not keep that a session has ended: %o', error)
  }
}

/** As long, and of the same letters, as the ids that express-session makes: stores have columns for those. */
function nameOf(id: string): string {
  return hash('sha256', `${RECORD_KEY}\0${id}`, 'base64url').slice(0, 32)
}
