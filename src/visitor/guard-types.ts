import type { NextFunction, RequestHandler, Response } from 'express'
import type { VisitorScope } from './scope.js'
import type { VisitorOf } from './visitor.js'

/** The visitors that `ensureVisitor(scope)` admits. */
export type Admitted<S extends string> = string extends VisitorScope
  ? VisitorOf
  : '*' extends S
    ? VisitorOf
    : VisitorOf<Extract<S, VisitorScope>>

declare const admitted: unique symbol

/**
 * How `ensureVisitor` tells the handlers after it whom it admits. Express's types infer the type of `res.locals` from
 * the handlers of a call, so it travels there, under a symbol that exists for the compiler only.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Express's own: `res.locals` takes anything
type GuardedLocals<V> = Record<string, any> & { readonly [admitted]: V }

/**
 * The type of `req.visitor`, given that of `res.locals`. Written so that TypeScript finds it covariant: else handlers
 * with `Locals` of their own no longer go together with any others.
 */
type GuardedVisitor<Locals> = Locals extends { readonly [admitted]: VisitorOf | undefined }
  ? Locals[typeof admitted]
  : VisitorOf | undefined

/** What {@link ensureVisitor} returns: a `RequestHandler` behind which `req.visitor` is a `V`. */
export type VisitorGuard<V extends VisitorOf | undefined> = RequestHandler &
  // Inference looks at the last signature. It does not narrow `req`, so as to leave `req.params` to the path.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the body that it never sends
  ((req: object, res: Response<any, GuardedLocals<V>>, next: NextFunction) => void)

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the way in which Express's types are extended
  namespace Express {
    interface Request {
      /**
       * The visitor: the pass that was redeemed in this session. Set by `passport.authenticate('visitor-token')`.
       * Never a user: `req.user` is not touched by it.
       */
      visitor?: VisitorOf | undefined
    }
  }
}

declare module 'express-serve-static-core' {
  // The names, in their order, must be those that Express's types use. Constraints and defaults may be left out.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- they are how a generic interface is extended
  interface Request<P, ResBody, ReqBody, ReqQuery, LocalsObj> {
    /** As everywhere; behind an `ensureVisitor(scope)` in the same call, the visitor that it admitted. */
    visitor: GuardedVisitor<LocalsObj>
  }
}
