import type { Request, RequestHandler } from 'express'
import { VisitorAccessDenied, type RefusalReason } from '../errors.js'
import { aBoolean, aFunction, checkOptions } from '../options.js'
import { notedRefusal } from './session.js'
import { recordVisitWhenDone } from './record-visit.js'
import { visitorOf } from './is-visitor.js'
import type { Visitor } from './visitor.js'

/** Admits a visitor of any scope. */
export const SCOPE_ANY = '*'

/** One scope, several, or {@link SCOPE_ANY}. */
export type Scope = string | readonly string[]

/** Options of {@link ensureVisitor}. */
export interface EnsureVisitorOptions {
  /**
   * Lets a request through that is not a visitor's: staff, say. A bypassed request is not a visit.
   * @default nobody
   */
  bypass?: (req: Request) => boolean | Promise<boolean>
  /** Write a row of `VisitorLog` for each visit, after the response. @default true */
  logVisit?: boolean
}

/**
 * Admits visitors whose pass covers `scope`. Reads only: no query, no session write; the visit log comes after the
 * response. Anyone else is refused by `next(new VisitorAccessDenied(…))`: 403, with `scope` and `reason`.
 *
 * @throws {TypeError} at start-up, if no scope is given: an unscoped guard is a mistake (say `SCOPE_ANY` to mean it)
 */
export function ensureVisitor(scope: Scope, options: EnsureVisitorOptions = {}): RequestHandler {
  const wanted = parseScope(scope)
  checkOptions('ensureVisitor', options, { bypass: aFunction, logVisit: aBoolean })
  const { bypass, logVisit = true } = options

  return function visitorGuard(req, res, next) {
    const decide = (): void => {
      const visitor = visitorOf(req)
      const reason = refusal(req, visitor, wanted)
      if (logVisit && visitor !== undefined) recordVisitWhenDone(req, res, visitor, reason ?? 'admitted')
      next(reason === undefined ? undefined : new VisitorAccessDenied(wanted, reason))
    }
    if (bypass === undefined) {
      decide()
      return
    }
    // Express 4 does not look at what a handler returns, and to `next` a rejection with nothing means "go on".
    Promise.resolve(req)
      .then(bypass)
      .then((bypassed) => {
        if (bypassed) next()
        else decide()
      })
      .catch((error: unknown) => {
        next(error instanceof Error ? error : new Error('ensureVisitor: bypass failed', { cause: error }))
      })
  }
}

function parseScope(scope: unknown): readonly string[] {
  const wanted: unknown[] = Array.isArray(scope) ? scope : [scope]
  if (wanted.length === 0 || !wanted.every((item) => typeof item === 'string' && item.trim() !== '')) {
    throw new TypeError(
      'ensureVisitor: scope must be a non-empty string or an array of them (SCOPE_ANY admits every visitor)',
    )
  }
  return wanted as string[]
}

function refusal(
  req: Request,
  visitor: Visitor | undefined,
  wanted: readonly string[],
): RefusalReason | undefined {
  if (visitor !== undefined && (wanted.includes(SCOPE_ANY) || wanted.includes(visitor.scope)))
    return undefined
  return notedRefusal(req) ?? (visitor === undefined ? 'no-visitor' : 'wrong-scope')
}
