import type { Request } from 'express'
import { keepOutOfSharedCaches } from './caching.js'
import {
  callBack,
  presentedSessionIds,
  putBack,
  replaceRegenerate,
  requireRenewableSession,
  requireSession,
  settled,
  VISITOR_SESSION_KEY,
  type HostSession,
} from './session.js'
import { sessionHoldsLogin } from './passport-request.js'
import { dropEndedVisit, ENDED_VISITS_KEY, insteadOfEndedVisit } from './parallel-visit.js'
import { recordReplaced, replacedSessions, type ReplacedSession } from './replaced-sessions.js'
import { LATE_MS, type SessionEnd } from './session-notes.js'
import { noteByThisClient, noteSessionEnd, noteSuccessor } from './stale-session.js'

/** What the next renewal of a session does beyond giving it a new id. */
export interface Renewal {
  /** Keys of the old session that the new one gets. */
  readonly keep: readonly string[]
  /** What the old id is given up for, unless the caller notes it itself. */
  readonly end?: SessionEnd
  /** Of a guest: the name of the model, as sessions record it. */
  readonly model?: string
  /** Runs on the new session, once it exists; what it throws fails the renewal. */
  readonly then?: (session: HostSession) => void
}

const besideSessions = new WeakMap<Request, Readonly<Record<string, unknown>>>()

/** Notes values that belong to the session, and lie elsewhere: a renewal that keeps their keys puts them into the new one. */
export function noteBesideSession(req: Request, values: Readonly<Record<string, unknown>>): void {
  besideSessions.set(req, { ...besideSessions.get(req), ...values })
}

/** A visit inside a login, which a cookie carries, may have ended in another tab since this request has read its session. */
async function forgetEndedVisitBeside(req: Request): Promise<void> {
  const visit = besideSessions.get(req)?.[VISITOR_SESSION_KEY]
  if (typeof visit !== 'object' || visit === null) return
  noteBesideSession(req, (await insteadOfEndedVisit(req, visit)) ?? {})
}

/**
 * Shapes the next renewal of this session, no matter which code starts it. Passport's own `req.login` wipes everything, or with
 * `keepSessionInfo` keeps everything, the old cookie's lifetime included.
 */
export function shapeRenewal(req: Request, who: string, { keep, end, model, then }: Renewal): void {
  const old = requireRenewableSession(req, who)
  const { regenerate } = old
  const earlier = replacedSessions(req)
  const heldLogin = sessionHoldsLogin(req)

  /** The sessions of this browser of which requests may be under way. A new session has none. */
  async function replacedByThis(): Promise<ReplacedSession[]> {
    const presented = presentedSessionIds(req)
    const until = Date.now() + LATE_MS
    const own = presented.map((id) => ({ id, until, heldLogin, byVisit: end === 'visit' }))
    // A parallel request has renewed it before this one: the browser may have the session of either.
    const next = (await noteByThisClient(req))?.next ?? []
    const sibling = next.map((id) => ({ id, until, heldLogin: true, byVisit: false }))
    return [...own, ...sibling, ...earlier]
  }

  function whatToKeep(): Record<string, unknown> {
    const values = { ...old, ...besideSessions.get(req) }
    return Object.fromEntries(
      [...keep, ENDED_VISITS_KEY].filter((key) => values[key] !== undefined).map((key) => [key, values[key]]),
    )
  }

  async function renew(): Promise<void> {
    await dropEndedVisit(req)
    await forgetEndedVisitBeside(req)
    const kept = whatToKeep()
    const replaced = await replacedByThis()
    const withdrawNote = end && (await noteSessionEnd(req, end, { kept, model }))
    try {
      await settled((done) => regenerate.call(old, done))
    } catch (error) {
      putBack(req, old)
      await withdrawNote?.()
      throw error
    }
    keepOutOfSharedCaches(req.res)
    const session = requireSession(req, who)
    Object.assign(session, kept)
    recordReplaced(req, session, replaced)
    if (end) await noteSuccessor(req)
    then?.(session)
  }

  replaceRegenerate(old, (done) => {
    callBack(renew(), done)
  })
}

/** Gives the session a new id and nothing of the old one but the named keys (ASVS 5.0, 7.2.4). */
export async function renewSession(req: Request, who: string, renewal: Renewal): Promise<HostSession> {
  shapeRenewal(req, who, renewal)
  const session = requireRenewableSession(req, who)
  await settled((done) => session.regenerate(done))
  return requireRenewableSession(req, who)
}

/**
 * Gives up a new session that may or may not have been stored: the browser does not get its id, so that its content opens
 * nothing. The request goes on with another session, which has the named keys.
 */
export async function abandonSession(req: Request, who: string, keys: readonly string[]): Promise<void> {
  const session = requireRenewableSession(req, who)
  // express-session makes the other one whether or not the store could delete the first.
  await settled((done) => session.regenerate(done)).catch(() => undefined)
  const next = requireSession(req, who)
  for (const key of keys) if (session[key] !== undefined) next[key] = session[key]
}
