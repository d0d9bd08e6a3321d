import type { Request } from 'express'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the way in which Express's types are extended
  namespace Express {
    /** Who redeemed a pass in this session; `visitor/visitor.ts` says what it is, as Passport does with `User`. */
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled in by declaration merging
    interface Visitor {}

    interface Request {
      /**
       * The visitor: the pass that was redeemed in this session. Set by `passport.authenticate('visitor-token')`.
       * Never a user: `req.user` is not touched by it.
       */
      visitor?: Visitor | undefined
    }
  }
}

/** The parts of a request that Passport adds and its types leave out. */
interface PassportRequest {
  readonly _userProperty?: string
  readonly _sessionManager?: { readonly _key?: string }
}

/** Who is logged in, under whatever property `passport.initialize({ userProperty })` chose. */
export function currentUser(req: Request): object | undefined {
  const property = (req as PassportRequest)._userProperty ?? 'user'
  const user: unknown = (req as unknown as Record<string, unknown>)[property]
  return typeof user === 'object' && user !== null ? user : undefined
}

/** Takes the user off the request, and leaves the session alone. */
export function forgetUser(req: Request): void {
  const property = (req as PassportRequest)._userProperty ?? 'user'
  Reflect.set(req, property, undefined)
}

/** The session's login, as Passport keeps it, whether or not `passport.session()` has restored the user from it. */
export function sessionHoldsLogin(req: Request): boolean {
  const key = (req as PassportRequest)._sessionManager?._key ?? 'passport'
  const session: unknown = (req as unknown as Record<string, unknown>)['session']
  const login = (session as Record<string, { user?: unknown } | undefined> | undefined)?.[key]
  return login?.user !== undefined && login.user !== null
}
