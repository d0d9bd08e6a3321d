import type { Request } from 'express'
import type { Admitted } from './guard-types.js'
import { SCOPE_ANY, type AdmittedScope, type Scope } from './scope.js'
import { Visitor } from './visitor.js'

/**
 * Whether the request is a visitor's, of this scope if one is named. A visitor can be a guest or a regular user too. No
 * query.
 *
 * @example
 * if (isVisitor(req, 'INTERVIEW')) res.render('welcome', { name: req.visitor.fullName })
 */
export function isVisitor<R extends Request, const S extends AdmittedScope = typeof SCOPE_ANY>(
  req: R,
  scope?: Scope<S>,
): req is R & { visitor: Admitted<S> } {
  return covers(visitorOf(req), scope === undefined ? [SCOPE_ANY] : [scope].flat())
}

/** Whether there is a visitor, of one of these scopes. */
export function covers(visitor: Visitor | undefined, scopes: readonly string[]): boolean {
  return visitor !== undefined && (scopes.includes(SCOPE_ANY) || scopes.includes(visitor.scope))
}

/** The request's visitor, if it is one of ours: other middleware has put other things into `req.visitor`. */
export function visitorOf(req: Request, Model: typeof Visitor = Visitor): Visitor | undefined {
  const visitor: unknown = req.visitor
  return visitor instanceof Model ? visitor : undefined
}
