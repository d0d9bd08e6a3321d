import type { Request, RequestHandler } from 'express'
import { VisitorAccessDenied } from '../errors.js'
import { InvalidOption } from '../invalid-option.js'
import { announce } from '../events/events.js'
import { aBoolean, aFunction, aLocalUrl, checkOptions, either } from '../options.js'
import { forbidStoring, keepOutOfSharedCaches } from '../http/caching.js'
import { watchAnswer } from '../http/late-answer.js'
import { isPrefetch } from '../http/origin.js'
import { visitorStrategyCheck } from '../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import type { Admitted, VisitorGuard } from './guard-types.js'
import { parseScope, type AdmittedScope, type Scope } from './scope.js'
import { offerSelfService, type OfferOptions, type Refuse } from './self-service/offer.js'
import { notedPass, notedRefusal, modelOf } from './request-notes.js'
import { recordVisitWhenDone } from './visits/record-visit.js'
import { covers, visitorOf } from './is-visitor.js'
import { visitLength } from './attributes.js'
import { visitorModel, type VisitorOf } from './visitor.js'

type Bypass = (req: Request) => boolean | Promise<boolean>

/** Options of {@link ensureVisitor}. */
export interface EnsureVisitorOptions extends OfferOptions {
  /**
   * Admits a request that is not a visitor's: a staff member's, for example. A bypassed request is not a visit.
   * @default no request
   */
  bypass?: Bypass | undefined
  /** Write a row of `VisitorLog` for each visit, after the response. @default true */
  logVisit?: boolean
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * Admits visitors whose pass covers `scope`. Reads only: no query, no session write; the visit log comes after the
 * response. Any other request is refused by `next(new VisitorAccessDenied(…))`: 403, with `scope` and `reason`.
 *
 * @example
 * app.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (req, res) => res.render('reference', { visitor: req.visitor }))
 *
 * @throws {TypeError} at start-up, if no scope is given: an unscoped guard is a mistake (`SCOPE_ANY` admits every scope)
 */
// The order matters: a `bypass` written in the call takes its types from the overload that is tried first.
export function ensureVisitor<const S extends AdmittedScope>(
  scope: S | readonly S[],
  options: EnsureVisitorOptions & { bypass: Bypass },
): VisitorGuard<Admitted<S> | undefined>
export function ensureVisitor<const S extends AdmittedScope>(
  scope: S | readonly S[],
  options?: EnsureVisitorOptions & { bypass?: undefined },
): VisitorGuard<Admitted<S>>
export function ensureVisitor<const S extends AdmittedScope>(
  scope: S | readonly S[],
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- this one must be tried last
  options: EnsureVisitorOptions,
): VisitorGuard<Admitted<S> | undefined>
export function ensureVisitor(
  scope: Scope,
  options: EnsureVisitorOptions = {},
): VisitorGuard<VisitorOf | undefined> {
  const wanted = parseScope(scope)
  checkOptions('ensureVisitor', options, {
    bypass: aFunction,
    logVisit: aBoolean,
    selfService: either(aBoolean, aLocalUrl),
    Visitor: visitorModel,
    sessionExpiry: visitLength,
    validations: validationsRule,
  })
  const { bypass, logVisit = true, Visitor: Model } = options
  const refuse = refusalOf(wanted, options)
  const look = requestChecks('ensureVisitor', [visitorStrategy], options.validations)

  const visitorGuard: RequestHandler = (req, res, next) => {
    keepOutOfSharedCaches(res)
    watchAnswer(req)
    const decide = (): void => {
      if (isPrefetch(req)) forbidStoring(res) // until the link is followed, a visit may begin or end
      const visitor = visitorOf(req, Model)
      look(req)
      const reason = covers(visitor, wanted)
        ? undefined
        : (notedRefusal(req) ?? (visitor === undefined ? 'no-visitor' : 'wrong-scope'))
      const pass = reason === undefined ? visitor : (notedPass(req) ?? visitor)
      if (logVisit && pass !== undefined) recordVisitWhenDone(req, res, pass, reason ?? 'admitted')
      if (reason === undefined) {
        next()
        return
      }
      const events = (Model ?? modelOf(req))?.events
      if (events)
        announce(events, 'refused', { by: 'guard', reason, scope: wanted, visitorId: pass?.id, req })
      refuse(req, res, next, new VisitorAccessDenied(wanted, reason))
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
  // What it adds to a RequestHandler is for the compiler only.
  return visitorGuard as VisitorGuard<VisitorOf | undefined>
}

const visitorStrategy = visitorStrategyCheck((req) => modelOf(req) !== undefined)

function refusalOf(wanted: readonly string[], options: EnsureVisitorOptions): Refuse {
  const { selfService = false, sessionExpiry } = options
  if (selfService !== false) return offerSelfService(wanted, options)
  if (sessionExpiry === undefined) return refuseByError
  throw new InvalidOption("ensureVisitor: option 'sessionExpiry' needs selfService")
}

const refuseByError: Refuse = (_req, _res, next, error) => {
  next(error)
}
