import type { Request } from 'express'

/** Whether the request is a visitor's. A visitor can be a guest or a regular user too. No query. */
export function isVisitor(req: Request): boolean {
  return req.visitor !== undefined
}
