import type { Request } from 'express'
import { SessionRenewalUnsupported, SessionRequired } from '../errors.js'

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
  expires?: Date | boolean | null
}

/** Where the visitor's stash lies in the session. Named here because a guest's login must carry it along. */
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
  /** Leaves the old id behind, empty, for {@link GRACE_MS}, rather than unknown. @default false */
  readonly leaveEmpty?: boolean
  /** Runs on the new session, once it exists. */
  readonly then?: (session: HostSession) => void
}

/** How long an id that was left behind is still known: as long as a page's parallel requests may take to arrive. */
export const GRACE_MS = 10 * 1000

/**
 * Shapes the next renewal of this session, whoever starts it. Passport's own `req.login` wipes everything, or with
 * `keepSessionInfo` keeps everything, the old cookie's lifetime included.
 */
export function shapeRenewal(req: Request, who: string, renewal: Renewal): void {
  const old = requireRenewableSession(req, who)
  const { keep, leaveEmpty = false, then = () => undefined } = renewal
  const kept = keep.filter((key) => old[key] !== undefined).map((key) => [key, old[key]] as const)
  Object.defineProperty(old, 'regenerate', {
    configurable: true,
    enumerable: false, // stores serialize what is enumerable
    value: (done: (error?: unknown) => void) => {
      Reflect.deleteProperty(old, 'regenerate')
      const renewed = (error?: unknown): void => {
        if (error !== undefined && error !== null) {
          done(error)
          return
        }
        const session = requireSession(req, who)
        for (const [key, value] of kept) session[key] = value
        then(session)
        done()
      }
      if (!(leaveEmpty && regenerateLeavingEmpty(req, renewed))) old.regenerate(renewed)
    },
  })
}

/** What express-session's stores offer beside what a session does. */
interface SessionStore {
  set?: (id: string, session: object, done: (error?: unknown) => void) => void
  generate?: (req: Request) => void
}

/**
 * Renews a session whose old id stays known, with nothing in it, for a while. A request that bears it, sent before the
 * browser heard of the new one, then still has that id: with an id that no store knows, it would get one of its own.
 *
 * @returns false if the store cannot do it
 */
function regenerateLeavingEmpty(req: Request, done: (error?: unknown) => void): boolean {
  const { sessionStore: store } = req as unknown as { sessionStore?: SessionStore }
  const id = currentSessionId(req)
  if (store?.set === undefined || store.generate === undefined || id === undefined) return false
  const expires = new Date(Date.now() + GRACE_MS)
  const cookie = { originalMaxAge: GRACE_MS, maxAge: GRACE_MS, expires, httpOnly: true, path: '/' }
  store.set(id, { cookie }, (error) => {
    if (error === undefined || error === null) store.generate?.(req)
    done(error)
  })
  return true
}

/** Gives the session a new id and nothing of the old one but the named keys (ASVS 5.0, 7.2.4). */
export async function renewSession(req: Request, who: string, keys: readonly string[]): Promise<HostSession> {
  shapeRenewal(req, who, { keep: keys })
  const session = requireRenewableSession(req, who)
  await settled((done) => session.regenerate(done))
  return requireRenewableSession(req, who)
}

/** Writes the session now: a redirect may be followed before express-session would have written it. */
export async function saveSession(session: HostSession): Promise<void> {
  // cookie-session has no `save`: it writes itself into the response's headers.
  if (typeof session.save === 'function') await settled((done) => session.save?.(done))
}

/** The id of the request's session, if sessions have ids here. */
export function currentSessionId(req: Request): string | undefined {
  const id: unknown = (req as unknown as Record<string, unknown>)['sessionID']
  return typeof id === 'string' && id !== '' ? id : undefined
}

function settled(start: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof Error ? error : new Error('The session store failed', { cause: error }))
    })
  })
}
