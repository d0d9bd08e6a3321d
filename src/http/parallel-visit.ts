import type { Request } from 'express'
import {
  currentSessionId,
  sessionOf,
  sessionStoreOf,
  VISITOR_SESSION_KEY,
  type HostSession,
} from './session.js'
import { readRecord } from './stale-session.js'

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

function entryIn(session: HostSession | undefined): string | undefined {
  return JSON.stringify(session?.[VISITOR_SESSION_KEY])
}
