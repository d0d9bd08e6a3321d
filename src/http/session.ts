import { parse } from 'cookie'
import type { CookieOptions, Request } from 'express'
import { SessionRenewalUnsupported, SessionRequired } from '../errors.js'

/** What this package uses of `req.session`; express-session's has it all. */
export interface HostSession {
  [key: string]: unknown
  cookie?: SessionCookie
  regenerate?: (done: (error?: unknown) => void) => unknown
  save?: (done: (error?: unknown) => void) => unknown
}

/** A session that can be given a new id. */
export type RenewableSession = HostSession & Required<Pick<HostSession, 'regenerate' | 'save'>>

interface SessionCookie {
  maxAge?: number | null
  domain?: string | null | undefined
  path?: string | null | undefined
  sameSite?: boolean | 'lax' | 'strict' | 'none' | undefined
  secure?: boolean | 'auto' | undefined
  partitioned?: boolean | undefined
  expires?: Date | boolean | null
}

/** What this package uses of a store of express-session. */
export interface SessionStore {
  get: (id: string, done: (error?: unknown, record?: HostSession | null) => void) => unknown
  set: (id: string, record: object, done: (error?: unknown) => void) => unknown
  destroy: (id: string, done: (error?: unknown) => void) => unknown
  regenerate?: (req: Request, done: (error?: unknown) => void) => unknown
}

/** Where the visit lies in the session. Named here because a guest's login must carry it along. */
export const VISITOR_SESSION_KEY = 'visitor:session'

/**
 * The request's session.
 *
 * @throws {SessionRequired} if there is none
 */
export function requireSession(req: Request, who: string): HostSession {
  const session = sessionOf(req)
  if (session === undefined) throw new SessionRequired(who)
  return session
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

export function sessionOf(req: Request): HostSession | undefined {
  const session: unknown = Reflect.get(req, 'session')
  return typeof session === 'object' && session !== null ? (session as HostSession) : undefined
}

export function sessionStoreOf(req: Request): SessionStore | undefined {
  const store: unknown = Reflect.get(req, 'sessionStore')
  return typeof store === 'object' && store !== null ? (store as SessionStore) : undefined
}

/** Writes the session now: a redirect may be followed before express-session would have written it. */
export async function saveSession(session: HostSession): Promise<void> {
  // cookie-session has no `save`: it writes itself into the response's headers.
  if (typeof session.save === 'function') await settled((done) => session.save?.(done))
}

const withheld = new WeakSet<Request>()

/**
 * Has `watchAnswer` keep this request's session from the store, and its cookie from the browser, whatever a handler writes to
 * it, renews or logs out. A login on this request opens a session as ever.
 */
export function withholdSession(req: Request): void {
  withheld.add(req)
}

export function isSessionWithheld(req: Request): boolean {
  return withheld.has(req)
}

/**
 * Keeps the current session from the store and its cookie from the browser, whatever `rolling`, `resave` and
 * `saveUninitialized` are: express-session ignores a session without an id, and cookie-session a new and empty one. For the
 * moment before the headers are sent: a renewal after that gives the session an id again.
 */
export function hideSession(req: Request): void {
  if (currentSessionId(req) !== undefined) Reflect.set(req, 'sessionID', undefined)
  else if ('sessionOptions' in req) Reflect.set(req, 'session', {})
}

/** Replaces how this session is renewed, whichever code renews it. */
export function replaceRegenerate(
  session: HostSession,
  regenerate: NonNullable<HostSession['regenerate']>,
): void {
  defineHidden(session, 'regenerate', regenerate)
}

/**
 * Has `decide` called before this session is stored, whichever code stores it. It calls back with whether to refrain: the
 * code that stores the session is told that it is stored.
 */
export function guardSave(session: HostSession, decide: (done: (isRefused: boolean) => void) => void): void {
  const { save } = session
  if (typeof save !== 'function') return
  defineHidden(session, 'save', (done?: (error?: unknown) => void) => {
    decide((isRefused) => {
      if (isRefused) {
        done?.()
        return
      }
      try {
        save.call(session, done ?? (() => undefined))
      } catch (error) {
        done?.(error) // it cannot be serialized; the caller has returned
      }
    })
    return session
  })
}

function defineHidden(session: HostSession, name: 'regenerate' | 'save', value: unknown): void {
  // Stores serialize what is enumerable.
  Object.defineProperty(session, name, { configurable: true, enumerable: false, writable: true, value })
}

/**
 * Whether the browser has sent no cookie of the request's session. With `SameSite=None` it would have sent one that it has;
 * any other may have been left at home.
 */
export function isSessionNew(req: Request): boolean {
  const session = sessionOf(req)
  if (session === undefined || session.cookie?.sameSite === 'none') return false
  const id = currentSessionId(req)
  return id === undefined ? session['isNew'] === true : !presentedSessionIds(req).includes(id)
}

/** The id of the request's session, if sessions have ids here. */
export function currentSessionId(req: Request): string | undefined {
  const id: unknown = Reflect.get(req, 'sessionID')
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** The id that express-session has read from its cookie, whose signature it has verified; `undefined` without such a cookie. */
const readIds = new WeakMap<Request, string | undefined>()

/**
 * Keeps the id of a request whose session express-session is about to make or restore: until then `req.sessionID` is what it has
 * read from its cookie, whether or not the store has it.
 */
export function keepReadId(req: Request): void {
  if (sessionOf(req) === undefined && !readIds.has(req)) readIds.set(req, currentSessionId(req))
}

/**
 * What the ids of one `genid` have in common: the length, and where characters stand that are not random, such as the colons of a
 * prefix.
 */
function formOf(id: string): string {
  return id.replace(/[\w+/=-]/g, 'x')
}

/**
 * The session ids that the session's own cookie names, whether or not the session still exists: one at most, as a rule.
 *
 * For the first requests of a process, which came before this package knew the session store, the cookies have to show it:
 * express-session puts `s:<id>.<signature>` into a cookie of a name that it does not disclose, and other middleware signs
 * cookies in the same way. An id counts that is the current one, or has its form, which the same `genid` has made. There the
 * signature is not verified: an id is worth only as much as knowing it.
 */
export function presentedSessionIds(req: Request): string[] {
  if (readIds.has(req)) return [readIds.get(req) ?? []].flat()
  const current = currentSessionId(req)
  if (current === undefined) return []
  const ids = signedCookies(req).map(({ id }) => id)
  return ids.includes(current) ? [current] : ids.filter((id) => formOf(id) === formOf(current))
}

/** The names of the cookies in which the browser has sent a session's id. */
export function namesOfCookie(req: Request, ids: readonly string[]): string[] {
  return signedCookies(req)
    .filter(({ id }) => ids.includes(id))
    .map(({ name }) => name)
}

function signedCookies(req: Request): { readonly name: string; readonly id: string }[] {
  return Object.entries(parse(req.headers.cookie ?? '')).flatMap(([name, value = '']) => {
    const [, id] = /^s:(.+)\./.exec(value) ?? [] // up to the last dot: the signature has none
    return id === undefined ? [] : [{ name, id }]
  })
}

/** What makes a small cookie of ours go as far as the session's own, and no further. */
export function cookieLikeSession(req: Request, { cookie = {} }: HostSession): CookieOptions {
  const { domain, path, sameSite, secure, partitioned } = cookie
  return {
    httpOnly: true,
    sameSite: sameSite ?? 'lax',
    secure: secure === true || req.secure,
    path: path ?? '/',
    ...(typeof domain === 'string' && { domain }),
    ...(partitioned === true && { partitioned }),
  }
}

/** Waits for a function that answers by a callback, of which the first argument is the error. */
export function settled<T = void>(
  start: (done: (error?: unknown, value?: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === undefined || error === null) resolve(value as T)
      else reject(error instanceof Error ? error : new Error('The session store failed', { cause: error }))
    })
  })
}

/** Calls back when the work is done, outside of the promise: what the callback throws is the caller's, and no rejection of ours. */
export function callBack<T>(work: Promise<T>, done: (error?: unknown, value?: T) => void): void {
  work.then(
    (value) => {
      process.nextTick(done, null, value)
    },
    (error: unknown) => {
      process.nextTick(done, error)
    },
  )
}

/** Puts a session back that could not be renewed: express-session has put an empty one in its place, which would be saved. */
export function putBack(req: Request, session: HostSession): void {
  Object.assign(req, { session, sessionID: session['id'] })
}
