import type { Request } from 'express'
import { keepOutOfSharedCaches } from './caching.js'
import {
  callBack,
  currentSessionId,
  presentedSessionIds,
  putBack,
  replaceRegenerate,
  requireRenewableSession,
  requireSession,
  sessionOf,
  settled,
  type HostSession,
} from './session.js'
import { noteSessionEnd, type SessionEnd } from './stale-session.js'

/** What the next renewal of a session does beyond giving it a new id. */
export interface Renewal {
  /** Keys of the old session that the new one gets. */
  readonly keep: readonly string[]
  /** What the old id is given up for, unless the caller notes it itself. */
  readonly end?: SessionEnd
  /** Runs on the new session, once it exists; what it throws fails the renewal. */
  readonly then?: (session: HostSession) => void
}

/** Where a session names the one that it has replaced. */
const REPLACED_KEY = 'session:replaced'

/** As long as answers to requests of the replaced session may arrive. */
const REPLACED_MS = 20 * 1000

/**
 * The id of the session that this one has replaced, for a moment: of two requests that renew one session at once the browser
 * keeps the cookie of the later answer. What the other one has given to the replaced session belongs to this browser, too.
 */
export function replacedSessionId(req: Request): string | undefined {
  const { id, by, until } = (sessionOf(req)?.[REPLACED_KEY] ?? {}) as Readonly<Record<string, unknown>>
  if (by !== currentSessionId(req)) return undefined // copied into another session: a logout with keepSessionInfo
  return typeof id === 'string' && Number(until) > Date.now() ? id : undefined
}

const besideSessions = new WeakMap<Request, Readonly<Record<string, unknown>>>()

/** Notes values that belong to the session, and lie elsewhere: a renewal that keeps their keys puts them into the new one. */
export function noteBesideSession(req: Request, values: Readonly<Record<string, unknown>>): void {
  besideSessions.set(req, { ...besideSessions.get(req), ...values })
}

/**
 * Shapes the next renewal of this session, no matter which code starts it. Passport's own `req.login` wipes everything, or with
 * `keepSessionInfo` keeps everything, the old cookie's lifetime included.
 */
export function shapeRenewal(req: Request, who: string, { keep, end, then }: Renewal): void {
  const old = requireRenewableSession(req, who)
  const values = { ...old, ...besideSessions.get(req) }
  const kept = Object.fromEntries(
    keep.filter((key) => values[key] !== undefined).map((key) => [key, values[key]]),
  )
  const { regenerate } = old
  const oldId = currentSessionId(req)
  // A new session has no requests under way.
  const isReplaced = oldId !== undefined && presentedSessionIds(req).includes(oldId)

  async function renew(): Promise<void> {
    const withdrawNote = end && (await noteSessionEnd(req, end, kept))
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
    if (isReplaced) {
      const until = Date.now() + REPLACED_MS
      session[REPLACED_KEY] = { id: oldId, by: currentSessionId(req), until }
    }
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
