import type { Request } from 'express'
import type { RefusalReason } from '../refusal-reason.js'
import type { Visitor } from './visitor.js'

/** A pass of which only the key is known: its row was not needed to refuse it. */
export interface PassKey {
  readonly id: number
  readonly Visitor: typeof Visitor
}

const refusals = new WeakMap<
  Request,
  { readonly reason: RefusalReason; readonly pass: Visitor | PassKey | undefined }
>()

/** Notes why this request has no visitor, or not the one that its token names; for the guard's error and the visit log. */
export function noteRefusal(req: Request, reason: RefusalReason, pass?: Visitor | PassKey): void {
  refusals.set(req, { reason, pass })
}

/** A visitor was admitted after all. */
export function forgetRefusal(req: Request): void {
  refusals.delete(req)
}

export function notedRefusal(req: Request): RefusalReason | undefined {
  return refusals.get(req)?.reason
}

/** The pass that was refused, if there is one in the database. */
export function notedPass(req: Request): Visitor | PassKey | undefined {
  return refusals.get(req)?.pass
}

/** The options of the strategy that looked at a request, as far as others need them. */
interface StrategyNotes {
  readonly Visitor: typeof Visitor
  readonly keepSessionData?: readonly string[]
}

const strategies = new WeakMap<Request, StrategyNotes>()

/** Notes whose passes this request was asked for, and what of its session survives a visit's beginning. */
export function noteStrategy(req: Request, options: StrategyNotes): void {
  strategies.set(req, options)
}

/** The model of the strategy that looked at this request, if one did. */
export function modelOf(req: Request): typeof Visitor | undefined {
  return strategies.get(req)?.Visitor
}

export function keptSessionData(req: Request): readonly string[] {
  return strategies.get(req)?.keepSessionData ?? []
}
