import { hash } from 'node:crypto'
import type { Request } from 'express'
import {
  currentSessionId,
  sessionOf,
  sessionStoreOf,
  VISITOR_SESSION_KEY,
  type HostSession,
} from './session.js'
import { readRecord } from './session-notes.js'

/** The visit that a request's session held as it arrived. */
interface HeldVisit {
  readonly sessionId: string
  readonly entry: string
}

const held = new WeakMap<Request, HeldVisit>()

/** Remembers the visit that the session of a request holds as it arrives. */
export function rememberVisit(req: Request): void {
  const sessionId = currentSessionId(req)
  const entry = entryIn(sessionOf(req))
  if (sessionId !== undefined && entry !== undefined) held.set(req, { sessionId, entry })
}

/**
 * Drops from the session the visit that a parallel request has ended meanwhile, or takes the one that has replaced it: stores
 * keep sessions as a whole, so this request would put the old visit back. For the moment before the session is stored, or
 * handed on to another one. What this request itself has done to the visit stays. Reads the store only for a session with a visit.
 */
export async function dropEndedVisit(req: Request): Promise<void> {
  const session = sessionOf(req)
  const visit = held.get(req)
  if (session === undefined || visit === undefined) return
  if (currentSessionId(req) !== visit.sessionId || entryIn(session) !== visit.entry) return
  const store = sessionStoreOf(req)
  const stored = store && (await readRecord(store, visit.sessionId))
  if (stored === undefined || entryIn(stored) === visit.entry) return
  if (stored[VISITOR_SESSION_KEY] === undefined) Reflect.deleteProperty(session, VISITOR_SESSION_KEY)
  else session[VISITOR_SESSION_KEY] = stored[VISITOR_SESSION_KEY]
}

/** Where the session of a login names the visits that have ended in it: a client can keep the cookie of one. */
export const ENDED_VISITS_KEY = 'visitor:ended'

/** How many of them. */
const MOST = 8

/** Records in the session of a login that a visit has ended whose cookie the client may still have. */
export function recordEndedVisit(session: HostSession, entry: object): void {
  session[ENDED_VISITS_KEY] = [nameOf(entry), ...endedVisitsIn(session)].slice(0, MOST)
}

/** Whether this visit, of a cookie, has ended in the login of this session. */
export function hasVisitEnded(session: HostSession | undefined, entry: object): boolean {
  return endedVisitsIn(session).includes(nameOf(entry))
}

/**
 * What a renewal is to keep in place of a visit that a cookie carries, if a parallel request has ended it since this one has
 * read its session.
 */
export async function insteadOfEndedVisit(
  req: Request,
  entry: object,
): Promise<Record<string, unknown> | undefined> {
  const store = sessionStoreOf(req)
  const id = currentSessionId(req)
  const stored = store && id !== undefined ? await readRecord(store, id) : undefined
  if (!hasVisitEnded(stored, entry)) return undefined
  return { [VISITOR_SESSION_KEY]: undefined, [ENDED_VISITS_KEY]: endedVisitsIn(stored) }
}

function endedVisitsIn(session: HostSession | undefined): unknown[] {
  const ended = session?.[ENDED_VISITS_KEY]
  return Array.isArray(ended) ? ended : []
}

function nameOf(entry: object): string {
  return hash('sha256', JSON.stringify(entry), 'base64url')
}

function entryIn(session: HostSession | undefined): string | undefined {
  return JSON.stringify(session?.[VISITOR_SESSION_KEY])
}
