import type { GuardedVisitor } from './guard-types.js'
import type { VisitorOf } from './visitor.js'

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
