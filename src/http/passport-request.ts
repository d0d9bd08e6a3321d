import type { Request } from 'express'
import { MiddlewareOrder } from '../errors.js'
import { settled } from './session.js'

/** The parts of a request that Passport adds and its types leave out. */
interface PassportRequest {
  readonly _userProperty?: string
  /** One for each Passport. */
  readonly _sessionManager?: { readonly _key?: string; readonly _serializeUser?: SerializeUser }
  readonly _passport?: { readonly instance?: { readonly _deserializers?: unknown } }
}

type SerializeUser = (user: unknown, req: Request, done: (error?: unknown) => void) => void

/** What a strategy reads of the options of `passport.authenticate`. */
export interface AuthenticateOptions {
  readonly session?: boolean
  readonly assignProperty?: string
  /**
   * Where NestJS's `AuthGuard` puts the answer of a strategy. Such a guard calls with a callback and `session: false`, puts
   * nothing into the property if the strategy passes, and admits the request.
   */
  readonly property?: string
}

/** Whether Express runs this request. It does not run the handshake of a WebSocket (Socket.IO's `engine.use`). */
export function isExpressRequest(req: Request): boolean {
  return (req as Partial<Request>).app !== undefined
}

/** Under which property the user is, as `passport.initialize({ userProperty })` has it. */
export function userProperty(req: Request): string {
  return (req as PassportRequest)._userProperty ?? 'user'
}

/** Who is logged in, under whatever property `passport.initialize({ userProperty })` chose. */
export function currentUser(req: Request): object | undefined {
  const user: unknown = Reflect.get(req, userProperty(req))
  return typeof user === 'object' && user !== null ? user : undefined
}

/** Takes the user off the request, and leaves the session alone. */
export function forgetUser(req: Request): void {
  Reflect.set(req, userProperty(req), undefined)
}

/** What tells one Passport of the process from another, if this request has met one. */
export function sessionManagerOf(req: Request): object | undefined {
  return (req as PassportRequest)._sessionManager
}

/** What the application has given to `passport.deserializeUser`; nothing with `initialize({ compat: false })`. */
export function deserializersOn(req: Request): readonly object[] {
  const deserializers = (req as PassportRequest)._passport?.instance?._deserializers
  return Array.isArray(deserializers) ? (deserializers as readonly object[]) : []
}

/** The session's login, as Passport keeps it, whether or not `passport.session()` has restored the user from it. */
export function sessionHoldsLogin(req: Request): boolean {
  const key = (req as PassportRequest)._sessionManager?._key ?? 'passport'
  const session: unknown = Reflect.get(req, 'session')
  const login = (session as Record<string, { user?: unknown } | undefined> | undefined)?.[key]
  return login?.user !== undefined && login.user !== null
}

/** @throws {MiddlewareOrder} if the session holds a login, and `passport.session()` has not restored the user from it */
export function requireRestoredLogin(req: Request, who: string): void {
  if (currentUser(req) !== undefined || !sessionHoldsLogin(req)) return
  throw new MiddlewareOrder(
    `${who} met a session with a login that was not restored: put app.use(passport.session()) before it`,
  )
}

/** What `req.login` calls when it is through. */
type LoginCallback = (error?: unknown) => void

/** `req.login`, however it is called: with options or without. */
export type Login = (
  this: Request,
  user: unknown,
  options?: { readonly session?: boolean } | LoginCallback | null,
  done?: LoginCallback,
) => void

/**
 * Has the application's serializers try a user before anything is changed for their login: it would fail after that.
 *
 * @throws what Passport throws if no serializer takes the user
 */
export async function requireSerializable(req: Request, user: unknown): Promise<void> {
  const manager = (req as PassportRequest)._sessionManager
  if (manager?._serializeUser !== undefined)
    await settled((done) => manager._serializeUser?.(user, req, done))
}

/** `req.login` as it is on this request, or `undefined` if no middleware of Passport's has run yet. */
export function loginOf(req: Request): Login | undefined {
  const login: unknown = Reflect.get(req, 'logIn')
  return typeof login === 'function' ? (login as Login) : undefined
}

/** Replaces `req.login` on this request. Passport keeps what it finds under `logIn`, and copies it to `login`. */
export function setLogin(req: Request, login: Login): void {
  Object.assign(req, { login, logIn: login })
}
