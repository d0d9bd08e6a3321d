import type { Request } from 'express'
import type { Admitted } from './guard-types.js'
import { SCOPE_ANY, type AdmittedScope, type Scope } from './scope.js'
import { Visitor } from './visitor.js'

/**
 * Whether the request is a visitor's, of this scope if one is named. A visitor can be a guest or a regular user too. No
 * query.
 */
export function isVisitor<R extends Request, const S extends AdmittedScope = typeof SCOPE_ANY>(
  req: R,
  scope?: Scope<S>,
): req is R & { visitor: Admitted<S> } {
  const visitor = visitorOf(req)
  const wanted: readonly string[] = scope === undefined ? [SCOPE_ANY] : [scope].flat()
  return visitor !== undefined && (wanted.includes(SCOPE_ANY) || wanted.includes(visitor.scope))
}

/** The request's visitor, if it is one of ours: other middleware has put other things into `req.visitor`. */
export function visitorOf(req: Request, Model: typeof Visitor = Visitor): Visitor | undefined {
  const visitor: unknown = req.visitor
  return visitor instanceof Model ? visitor : undefined
}
