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

/** What this package uses of a session store; express-session's have it all. */
export interface SessionStore {
  get?: (id: string, done: (error?: unknown, record?: unknown) => void) => unknown
  set?: (id: string, record: object, done: (error?: unknown) => void) => unknown
  destroy?: (id: string, done: (error?: unknown) => void) => unknown
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

function sessionOf(req: Request): HostSession | undefined {
  const session: unknown = Reflect.get(req, 'session')
  return typeof session === 'object' && session !== null ? (session as HostSession) : undefined
}

export function sessionStoreOf(req: Request): SessionStore | undefined {
  const store: unknown = Reflect.get(req, 'sessionStore')
  return typeof store === 'object' && store !== null ? store : undefined
}

/** Writes the session now: a redirect may be followed before express-session would have written it. */
export async function saveSession(session: HostSession): Promise<void> {
  // cookie-session has no `save`: it writes itself into the response's headers.
  if (typeof session.save === 'function') await settled((done) => session.save?.(done))
}

/**
 * Keeps this request's session from being stored, and its id from the browser, whatever `rolling`, `resave` and
 * `saveUninitialized` are: express-session ignores a session without an id. A login on this request renews the session,
 * and opens one as ever.
 */
export function withholdSession(req: Request): void {
  const id = currentSessionId(req)
  const session = sessionOf(req)
  if (id === undefined || session === undefined) return
  const { regenerate } = session
  Reflect.set(req, 'sessionID', undefined)
  if (typeof regenerate !== 'function') return
  Object.defineProperty(session, 'regenerate', {
    configurable: true,
    enumerable: false, // stores serialize what is enumerable
    value: (done: (error?: unknown) => void) => {
      Reflect.set(req, 'sessionID', id) // which of them is to be destroyed
      return regenerate.call(session, done)
    },
  })
}

/**
 * Withholds the session of a request that a foreign site makes the browser send, if the browser has sent no cookie of it. A
 * `SameSite=Lax` cookie was left at home: the user may well have a session, which the cookie of a new one would replace.
 */
export function withholdNewSession(req: Request): void {
  const id = currentSessionId(req)
  if (id !== undefined && !presentedSessionIds(req).includes(id)) withholdSession(req)
}

/** The id of the request's session, if sessions have ids here. */
export function currentSessionId(req: Request): string | undefined {
  const id: unknown = Reflect.get(req, 'sessionID')
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** The names of the session cookies, by session store, as far as a request has shown them. */
const cookieNames = new WeakMap<SessionStore, Set<string>>()

/** express-session's ids are 24 random bytes in base64url, and its signatures SHA-256 in base64. */
const DEFAULT_SHAPE = /^s:([\w-]{32})\.[\w+/]{43}$/

/**
 * The session ids that the session's own cookie names, whether or not the session is still there: one at most, as a rule.
 * express-session puts `s:<id>.<signature>` into a cookie whose name and secret are the application's, and other
 * middleware signs cookies in the same way. The session's own cookie is the one that names the current session. A request
 * whose session was restored shows its name, for requests that bear an id whose session is gone. Before the first such
 * request, ids of the shape that express-session makes are taken for it.
 *
 * The signature is not verified: an id is worth only as much as knowing it.
 */
export function presentedSessionIds(req: Request): string[] {
  const signed = Object.entries(parse(req.headers.cookie ?? '')).filter(([, value]) =>
    value?.startsWith('s:'),
  )
  if (signed.length === 0) return []
  const current = currentSessionId(req)
  const named = signed.map(([name, value = '']) => ({
    name,
    value,
    id: value.slice(2, value.lastIndexOf('.')),
  }))
  const store = sessionStoreOf(req)
  const own = named.filter(({ id }) => id !== '' && id === current)
  if (current !== undefined && own.length > 0) {
    // A second cookie with the same id was put there by a client that wants another name to be remembered.
    if (own.length === 1 && store !== undefined) rememberCookieName(store, own[0]?.name ?? '')
    return [current]
  }
  const names = store && cookieNames.get(store)
  const candidates =
    names === undefined
      ? named.filter(({ value }) => DEFAULT_SHAPE.test(value))
      : named.filter(({ name, id }) => names.has(name) && id !== '')
  return candidates.map(({ id }) => id)
}

function rememberCookieName(store: SessionStore, name: string): void {
  const names = cookieNames.get(store)
  if (names === undefined) cookieNames.set(store, new Set([name]))
  else names.add(name)
}

/** Learns the name of the session's cookie from an answer that sets it. */
export function rememberCookieSet(req: Request): void {
  const store = sessionStoreOf(req)
  const id = currentSessionId(req)
  if (store === undefined || id === undefined || cookieNames.has(store)) return
  const header = req.res?.getHeader('set-cookie')
  const value = `s%3A${encodeURIComponent(id)}.`
  for (const cookie of [header ?? []].flat().map(String)) {
    const name = cookie.slice(0, cookie.indexOf('='))
    if (cookie.startsWith(value, name.length + 1)) rememberCookieName(store, name)
  }
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

/** Waits for a function that answers by a callback whose first argument is the error. */
export function settled(start: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined || error === null) resolve()
      else reject(error instanceof Error ? error : new Error('The session store failed', { cause: error }))
    })
  })
}
