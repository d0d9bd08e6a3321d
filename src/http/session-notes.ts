import { hash } from 'node:crypto'
import createDebug from 'debug'
import { settled, type HostSession, type SessionStore } from './session.js'

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
  /** Whether the client went away before it got the answer, with the cookie of what has followed: two clicks on a button. */
  readonly isUndelivered?: boolean | undefined
  /** Of a guest: the name of the model, as sessions record it. */
  readonly model?: string | undefined
}

/** As long as a merge may take, and requests be under way that were sent before the browser received its new cookie. */
export const LATE_MS = 20 * 1000

/** What the note's record in the store has beside its cookie. */
const RECORD_KEY = 'guest:ended'

/** The notes of this process, oldest first: what answers look at, without waiting for the store. */
const notes = new Map<string, Note>()

/** The note of this process for one of these sessions, if one has ended. */
export function currentNoteHere(ids: readonly string[]): Note | undefined {
  if (notes.size === 0) return undefined
  return ids
    .map((id) => notes.get(nameOfNote(id)))
    .find((note) => note !== undefined && note.until > Date.now())
}

/** The note of the first of these sessions that has one in the store, of whatever process. */
export async function noteInStore(store: SessionStore, ids: readonly string[]): Promise<Note | undefined> {
  const found = await Promise.all(ids.map((id) => readNote(store, nameOfNote(id))))
  return found.find((note) => note !== undefined && note.until > Date.now())
}

export async function readNote(store: SessionStore, name: string): Promise<Note | undefined> {
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

/** Keeps a note in the store, until its time is over. */
export async function writeNote(store: SessionStore, name: string, note: Note): Promise<void> {
  // Stores take a record's life from one of these.
  const cookie = { maxAge: LATE_MS, originalMaxAge: LATE_MS, expires: new Date(note.until) }
  await settled((done) => store.set(name, { cookie, [RECORD_KEY]: note }, done))
}

/** The note of this process, of whatever age. */
export function noteHere(name: string): Note | undefined {
  return notes.get(name)
}

/** Has this process know an earlier note instead, or none. */
export function restoreNote(name: string, earlier: Note | undefined): void {
  if (earlier === undefined) notes.delete(name)
  else notes.set(name, earlier)
}

/** Keeps a note in this process, and drops those whose time is over. */
export function keepNote(name: string, note: Note): void {
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
