import type { Request } from 'express'
import { Visitor } from './visitor.js'

/** Whether the request is a visitor's. A visitor can be a guest or a regular user too. No query. */
export function isVisitor(req: Request): boolean {
  return visitorOf(req) !== undefined
}

/** The request's visitor, if it is one of ours: other middleware has put other things into `req.visitor`. */
export function visitorOf(req: Request, Model: typeof Visitor = Visitor): Visitor | undefined {
  const visitor: unknown = req.visitor
  return visitor instanceof Model ? visitor : undefined
}
