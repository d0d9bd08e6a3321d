import type { NextFunction, Request, Response } from 'express'
import { MiddlewareOrder, type VisitorAccessDenied } from '../../errors.js'
import { ownAddress } from '../../web/own-address.js'
import { withQuery } from '../../web/query.js'
import { redirectOrError } from '../../web/redirect-or-error.js'
import { modelOf } from '../session.js'
import { SCOPE_ANY } from '../scope.js'
import { visitorSettings } from '../visitor.js'
import { HAND_OVER_KEY, writeHandOver } from './hand-over.js'

/** How a guard turns a request away. */
export type Refuse = (req: Request, res: Response, next: NextFunction, error: VisitorAccessDenied) => void

/** What of the guard's options concerns the form. */
export interface OfferOptions {
  readonly selfServiceUrl?: string
  readonly sessionExpiry?: number | null
}

/**
 * Turns people away to the form on which they ask for a pass, and programs with the error. What the form must know goes
 * along in the address, signed.
 *
 * @throws {TypeError} at start-up, if there is no scope for which a pass could be made
 */
export function offerSelfService(
  [scope = SCOPE_ANY]: readonly string[],
  { selfServiceUrl = '/visitor', sessionExpiry }: OfferOptions,
): Refuse {
  if (scope === SCOPE_ANY) {
    throw new TypeError("ensureVisitor: option 'selfService' needs a scope to make passes for, not SCOPE_ANY")
  }
  return function offer(req, res, next, error) {
    const Model = modelOf(req)
    const seal = Model?.[visitorSettings].codec.seal
    if (seal === undefined) {
      next(
        new MiddlewareOrder(
          "ensureVisitor with selfService needs app.use(passport.authenticate('visitor-token')) before it, " +
            'with a Visitor model that has a secret',
        ),
      )
      return
    }
    const handOver = writeHandOver(seal, { scope, next: ownAddress(req), sessionExpiry })
    redirectOrError(req, res, next, {
      url: withQuery(selfServiceUrl, HAND_OVER_KEY, handOver),
      comeBack: false,
      error,
    })
  }
}
