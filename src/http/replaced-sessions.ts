import type { Request } from 'express'
import { currentSessionId, sessionOf, type HostSession } from './session.js'

/** A session that another one has replaced. */
export interface ReplacedSession {
  readonly id: string
  /** As long as requests that bear its id may be under way, in milliseconds since the epoch. */
  readonly until: number
  /** Whether a user was logged in there. */
  readonly heldLogin: boolean
  /** Whether a visit has begun by that. */
  readonly byVisit: boolean
}

/** More than a browser has under way; each costs a note at the session's end. */
const MOST = 8

/** Where a session names those that it has replaced, one after the other. */
const KEY = 'session:replaced'

/**
 * The sessions that this one has replaced, for a moment, the latest first: of two requests that renew one session at once the
 * browser keeps the cookie of the later answer. What the other one has given to the replaced session belongs to this browser, too.
 */
export function replacedSessions(req: Request): readonly ReplacedSession[] {
  const { by, sessions } = (sessionOf(req)?.[KEY] ?? {}) as { by?: unknown; sessions?: unknown }
  // Another one has it by a copy: a logout with keepSessionInfo.
  if (by !== currentSessionId(req) || !Array.isArray(sessions)) return []
  return (sessions as readonly ReplacedSession[]).filter(({ until }) => until > Date.now())
}

/** Has the new session of this request name those that it replaces. */
export function recordReplaced(
  req: Request,
  session: HostSession,
  replaced: readonly ReplacedSession[],
): void {
  if (replaced.length > 0) session[KEY] = { by: currentSessionId(req), sessions: replaced.slice(0, MOST) }
}
