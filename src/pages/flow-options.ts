import type { Request } from 'express'
import { checkBody, limiterCheck } from '../checks/runtime/order-checks.js'
import {
  requestChecks,
  validationsRule,
  type Check,
  type Validations,
} from '../checks/runtime/request-checks.js'
import { aLimiterFailure, type LimiterFailure } from '../http/limiter.js'
import { trustedOriginsRule } from '../http/origin.js'
import { aFunction, aList, type Rule } from '../options.js'
import { aSchema } from './form.js'
import { aFormLimiter, FormLimits, type FormLimiter } from './form-limits.js'
import { conventionalCsrfField, type CsrfFieldOf } from './form-page.js'
import type { Page } from './page.js'
import { aRenderer, type RenderPages } from './renderers.js'

/** The options that `convertRouter` and `selfServiceRouter` share. */
export interface FlowOptions<P extends Page> {
  /**
   * Asked before a form is looked at, with `ip:<address>`, and before a message is sent, with `email:<digest of the
   * address>`; or one for each. Over the limit, the answer is 429.
   * @default no limit
   */
  limiter?: FormLimiter
  /** Whether forms are taken while the limiter fails; if not, the answer is 503. @default 'open' */
  limiterFailure?: LimiterFailure
  /** Shows the pages in the application's own way; all of them, or some by their names. @default plain HTML */
  render?: RenderPages<P>
  /** The application's own CSRF token. @default `req.csrfToken()`, or the one in `res.locals` */
  csrf?: CsrfFieldOf
  /** Origins of other sites whose forms may be posted here. @default [] */
  trustedOrigins?: readonly string[]
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * The rules for them, and for the `fields` and the `schema` of the form.
 *
 * @param pages the names of the pages that `render` can show
 */
export function flowRules(pages: readonly string[]): Readonly<Record<string, Rule>> {
  return {
    fields: aList,
    schema: aSchema,
    limiter: aFormLimiter,
    limiterFailure: aLimiterFailure,
    render: aRenderer(...pages),
    csrf: aFunction,
    trustedOrigins: trustedOriginsRule,
    validations: validationsRule,
  }
}

/** What the engine needs of these options, defaults filled in. */
export interface FlowSettings {
  /** The public function, for messages to developers. */
  readonly caller: string
  readonly limits: FormLimits
  readonly csrf: CsrfFieldOf
  readonly trustedOrigins: readonly string[] | undefined
  /** Checks each of the first requests for mistakes of the set-up. */
  readonly look: (req: Request) => void
  /** The same for posted forms, once a parser has read them. */
  readonly lookAtForm: (req: Request) => void
}

/** @param checks what the first requests are checked for, in addition to the limiter */
export function flowSettings<P extends Page>(
  caller: string,
  { limiter, limiterFailure, csrf, trustedOrigins, validations }: FlowOptions<P>,
  checks: readonly Check[] = [],
): FlowSettings {
  return {
    caller,
    limits: new FormLimits(limiter, limiterFailure),
    csrf: csrf ?? conventionalCsrfField,
    trustedOrigins,
    look: requestChecks(caller, [...checks, limiterCheck(limiter)], validations),
    lookAtForm: requestChecks(caller, [checkBody], validations),
  }
}
