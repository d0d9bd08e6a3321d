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
import { aFunction, aList, either, type Rule } from '../options.js'
import { defaultContext, pagesRule, type PagesOptions } from './context.js'
import { aSchema } from './form.js'
import { aFormLimiter, FormLimits, type FormLimiter } from './form-limits.js'
import { conventionalCsrfField, type CsrfFieldOf, type FieldsOf, type FormField } from './form-page.js'
import type { Page } from './page.js'
import type { Verify } from './verify.js'
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
  /**
   * Called when the form is posted, after the limiter: a captcha, for example. Unless it returns `true`, the person gets the form
   * again with a message (403; 503 if it throws), and nothing is stored or sent.
   * @default no check
   */
  verify?: Verify
  /** Shows the pages in the application's own way; all of them, or some by their names. @default plain HTML */
  render?: RenderPages<P>
  /** The application's own CSRF token. @default `req.csrfToken()`, or the one in `res.locals` */
  csrf?: CsrfFieldOf
  /** Origins of other sites whose forms may be posted here. @default [] */
  trustedOrigins?: readonly string[]
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
  /** In which languages and design the pages are shown. @default the application's: `app.set('pages', …)` */
  pages?: PagesOptions
}

/**
 * The rules for them, and for the `fields` and the `schema` of the form.
 *
 * @param pages the names of the pages that `render` can show
 */
export function flowRules(pages: readonly string[]): Readonly<Record<string, Rule>> {
  return {
    fields: either(aList, aFunction),
    schema: aSchema,
    limiter: aFormLimiter,
    limiterFailure: aLimiterFailure,
    verify: aFunction,
    render: aRenderer(...pages),
    csrf: aFunction,
    trustedOrigins: trustedOriginsRule,
    validations: validationsRule,
    pages: pagesRule,
  }
}

/** What the engine needs of these options, defaults filled in. */
export interface FlowSettings {
  /** The public function, for messages to developers. */
  readonly caller: string
  readonly limits: FormLimits
  readonly verify: Verify | undefined
  readonly csrf: CsrfFieldOf
  readonly trustedOrigins: readonly string[] | undefined
  readonly pages: PagesOptions | undefined
  /** Checks each of the first requests for mistakes of the set-up. */
  readonly look: (req: Request) => void
  /** The same for posted forms, once a parser has read them. */
  readonly lookAtForm: (req: Request) => void
}

/** @param checks what the first requests are checked for, in addition to the limiter */
export function flowSettings<P extends Page>(
  caller: string,
  { limiter, limiterFailure, verify, csrf, trustedOrigins, validations, pages }: FlowOptions<P>,
  checks: readonly Check[] = [],
): FlowSettings {
  return {
    caller,
    limits: new FormLimits(limiter, limiterFailure),
    verify,
    csrf: csrf ?? conventionalCsrfField,
    trustedOrigins,
    pages,
    look: requestChecks(caller, [...checks, limiterCheck(limiter)], validations),
    lookAtForm: requestChecks(caller, [checkBody], validations),
  }
}

/** The fields of a flow's form, and their names, which are the same in every language. */
export interface FormFields {
  readonly fields: FieldsOf
  readonly fieldNames: readonly string[]
}

export function formFields(
  given: readonly FormField[] | FieldsOf | undefined,
  byDefault: FieldsOf,
): FormFields {
  const fields = typeof given === 'object' ? () => given : (given ?? byDefault)
  return { fields, fieldNames: fields(defaultContext).map(({ name }) => name) }
}
