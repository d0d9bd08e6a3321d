import { parse } from 'cookie'
import type { Request } from 'express'
import { SessionRenewalUnsupported, SessionRequired } from '../errors.js'
import { settled } from './callback.js'

/** What this package uses of `req.session`; express-session's has it all. */
export interface HostSession {
  [key: string]: unknown
  cookie?: SessionCookie
  regenerate?: (done: (error?: unknown) => void) => unknown
  save?: (done: (error?: unknown) => void) => unknown
}

/** A session that can be given a new id. */
type RenewableSession = HostSession & Required<Pick<HostSession, 'regenerate' | 'save'>>

interface SessionCookie {
  maxAge?: number | null
  domain?: string | null | undefined
  path?: string | null | undefined
  sameSite?: boolean | 'lax' | 'strict' | 'none' | undefined
  secure?: boolean | 'auto' | undefined
  partitioned?: boolean | undefined
  expires?: Date | boolean | null
}

/** Where the visitor's visitEntry lies in the session. Named here because a guest's login must carry it along. */
export const VISITOR_SESSION_KEY = 'visitor:session'

/**
 * The request's session.
 *
 * @throws {SessionRequired} if there is none
 */
export function requireSession(req: Request, who: string): HostSession {
  const session: unknown = (req as unknown as Record<string, unknown>)['session']
  if (typeof session !== 'object' || session === null) throw new SessionRequired(who)
  return session as HostSession
}

/**
 * The request's session, if it can be given a new id.
 *
 * @throws {SessionRequired} if there is none
 * @throws {SessionRenewalUnsupported} if it is a session without `regenerate`, as cookie-session's
 */
export function requireRenewableSession(req: Request, who: string): RenewableSession {
  const session = requireSession(req, who)
  if (!isRenewable(session)) throw new SessionRenewalUnsupported(who)
  return session
}

function isRenewable(session: HostSession): session is RenewableSession {
  return typeof session.regenerate === 'function' && typeof session.save === 'function'
}

/** What the next renewal of a session does beyond giving it a new id. */
export interface Renewal {
  /** Keys of the old session that the new one gets. */
  readonly keep: readonly string[]
  /** Runs on the new session, once it exists. */
  readonly then?: (session: HostSession) => void
}

/**
 * Shapes the next renewal of this session, whoever starts it. Passport's own `req.login` wipes everything, or with
 * `keepSessionInfo` keeps everything, the old cookie's lifetime included.
 */
export function shapeRenewal(req: Request, who: string, renewal: Renewal): void {
  const old = requireRenewableSession(req, who)
  const { keep, then = () => undefined } = renewal
  const kept = keep.filter((key) => old[key] !== undefined).map((key) => [key, old[key]] as const)
  const { regenerate } = old
  Object.defineProperty(old, 'regenerate', {
    configurable: true,
    enumerable: false, // stores serialize what is enumerable
    value: (done: (error?: unknown) => void) =>
      regenerate.call(old, (error?: unknown) => {
        if (error !== undefined && error !== null) {
          // express-session has put an empty one in its place, which would be saved, and log whoever it is out.
          Object.assign(req, { session: old, sessionID: old['id'] })
          done(error)
          return
        }
        const session = requireSession(req, who)
        for (const [key, value] of kept) session[key] = value
        then(session)
        done()
      }),
  })
}

/** Gives the session a new id and nothing of the old one but the named keys (ASVS 5.0, 7.2.4). */
export async function renewSession(req: Request, who: string, keys: readonly string[]): Promise<HostSession> {
  shapeRenewal(req, who, { keep: keys })
  const session = requireRenewableSession(req, who)
  await settled((done) => session.regenerate(done))
  return requireRenewableSession(req, who)
}

/**
 * Gives up a new session that may or may not have been stored: the browser is not told its id, so that whatever is in it opens nothing to
 * anybody. The request goes on with another, which has the named keys.
 */
export async function abandonSession(req: Request, who: string, keys: readonly string[]): Promise<void> {
  const session = requireRenewableSession(req, who)
  // express-session makes the other one whether or not the store could delete the first.
  await settled((done) => session.regenerate(done)).catch(() => undefined)
  const next = requireSession(req, who)
  for (const key of keys) if (session[key] !== undefined) next[key] = session[key]
}

/** Writes the session now: a redirect may be followed before express-session would have written it. */
export async function saveSession(session: HostSession): Promise<void> {
  // cookie-session has no `save`: it writes itself into the response's headers.
  if (typeof session.save === 'function') await settled((done) => session.save?.(done))
}

/**
 * The session ids that the request's cookies name, whether or not their sessions are still there: express-session puts
 * `s:<id>.<signature>` into a cookie whose name is the application's. Unverified; worth only as much as knowing an id.
 */
export function presentedSessionIds(req: Request): string[] {
  return Object.values(parse(req.headers.cookie ?? '')).flatMap((value) => {
    const id = value?.startsWith('s:') === true ? value.slice(2, value.lastIndexOf('.')) : ''
    return id === '' ? [] : [id]
  })
}

/** The id of the request's session, if sessions have ids here. */
export function currentSessionId(req: Request): string | undefined {
  const id: unknown = (req as unknown as Record<string, unknown>)['sessionID']
  return typeof id === 'string' && id !== '' ? id : undefined
}
