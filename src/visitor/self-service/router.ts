import { Router, urlencoded, type Request, type RequestHandler, type Response } from 'express'
import { explainMissingTable } from '../../database/missing-table.js'
import {
  aFunction,
  aList,
  checkOptions,
  either,
  positiveCount,
  positiveSeconds,
  type Rule,
} from '../../options.js'
import { conventionalCsrfField, type CsrfFieldOf } from '../../web/csrf-field.js'
import { aLimiter, aLimiterFailure, type Limiter, type LimiterFailure } from '../../web/limiter.js'
import type { FormField } from '../../web/pages/form-page.js'
import { visitorModel, visitorSettings, type Visitor } from '../visitor.js'
import { SelfServiceDesk } from './desk.js'
import { A_BASE_URL, isBaseUrl, type BaseUrl, type SendLink } from './issue-pass.js'
import type { RenderSelfService } from './pages.js'
import { defaultFields, defaultSchema, type SelfServiceSchema } from './schema.js'

/** Options of {@link selfServiceRouter}. */
export interface SelfServiceOptions {
  /** The model, from `defineVisitorModels`, with a `secret`. */
  Visitor: typeof Visitor
  /**
   * Sends `link` to `visitor.email`, and returns its promise: the person waits for it, so give it a time-out. A throw takes
   * the pass back, and the person is asked to try again.
   */
  send: SendLink
  /**
   * What stands before the paths of this application in messages, such as `https://example.com`, or a function of `req`
   * that knows it. It is never taken from a request's `Host` header by itself: that says what its sender likes, and the
   * token would go there.
   */
  baseUrl: BaseUrl
  /** How long the link of such a pass can be redeemed, in seconds. @default the model's `tokenExpiry` */
  tokenExpiry?: number
  /** How often it can be redeemed; then it opens a page with a button. @default any number of times */
  maxUses?: number
  /**
   * Asked before a pass is made, with `ip:<address>` and `email:<digest of the address>`; or one for each. Over the
   * limit, the answer is 429.
   * @default no limit
   */
  limiter?: Limiter | { readonly ip?: Limiter; readonly email?: Limiter }
  /** Whether links are sent while the limiter fails; if not, the answer is 503. @default 'open' */
  limiterFailure?: LimiterFailure
  /** The form's fields. @default first name, last name, e-mail address */
  fields?: readonly FormField[]
  /** Checks and shapes the form. @default both names and an e-mail address are required */
  schema?: SelfServiceSchema
  /** Shows the pages in the application's own way; all of them, or some by their names. @default plain HTML */
  render?: RenderSelfService
  /** The application's own CSRF token. @default `req.csrfToken()`, or what `res.locals` has of it */
  csrf?: CsrfFieldOf
}

/**
 * The pages on which somebody without a pass asks for one, for `app.use('/visitor', …)`;
 * `ensureVisitor(scope, { selfService: true })` sends them there. Nothing is stored before a valid form is posted, and
 * nothing in a page or an address opens anything: the link goes to the mailbox that was typed in, and nowhere else.
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function selfServiceRouter(options: SelfServiceOptions): Router {
  const desk = deskOf(options)
  const router = Router()
  router.get(
    '/',
    handled((req, res) => desk.showForm(req, res)),
  )
  router.post(
    '/',
    urlencoded({ extended: false, limit: '32kb' }),
    handled((req, res) => desk.takeForm(req, res)),
  )
  router.get(
    '/sent',
    handled((req, res) => desk.showSent(req, res)),
  )
  return router
}

function deskOf(options: SelfServiceOptions): SelfServiceDesk {
  checkOptions(
    'selfServiceRouter',
    options,
    {
      Visitor: visitorModel,
      send: aFunction,
      baseUrl: aBaseUrl,
      tokenExpiry: positiveSeconds,
      maxUses: positiveCount,
      limiter: either(aLimiter, limiterPair),
      limiterFailure: aLimiterFailure,
      fields: aList,
      schema: aSchema,
      render: either(aFunction, pageRenderers),
      csrf: aFunction,
    },
    ['Visitor', 'send', 'baseUrl'],
  )
  const { Visitor: Model, limiter = {} } = options
  const { seal } = Model[visitorSettings].codec
  if (seal === undefined) {
    throw new TypeError(
      'selfServiceRouter: the Visitor model has no secret to sign with; to go on accepting bare UUIDs as well, give ' +
        'defineVisitorModels({ secret: [secret, false] })',
    )
  }
  return new SelfServiceDesk({
    Visitor: Model,
    seal,
    send: options.send,
    baseUrl: options.baseUrl,
    limiter: 'consume' in limiter ? { ip: limiter, email: limiter } : limiter,
    limiterFailure: options.limiterFailure ?? 'open',
    limits: { tokenExpiry: options.tokenExpiry, maxUses: options.maxUses },
    fields: options.fields ?? defaultFields,
    schema: options.schema ?? defaultSchema,
    render: options.render,
    csrf: options.csrf ?? conventionalCsrfField,
  })
}

/** Express 4 does not look at what a handler returns. */
function handled(answer: (req: Request, res: Response) => Promise<void>): RequestHandler {
  return function selfService(req, res, next) {
    answer(req, res).catch((error: unknown) => {
      next(explainMissingTable(error))
    })
  }
}

const aBaseUrl: Rule = {
  expected: `${A_BASE_URL}, or a function`,
  test: (value) => typeof value === 'function' || isBaseUrl(value),
}

const limiterPair: Rule = {
  expected: '{ ip, email } of such',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(([name, each]) => ['ip', 'email'].includes(name) && aLimiter.test(each)),
}

const pageRenderers: Rule = {
  expected: 'an object of functions named form, sent or expired',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(
      ([name, each]) => ['form', 'sent', 'expired'].includes(name) && typeof each === 'function',
    ),
}

const aSchema: Rule = {
  expected: 'a Standard Schema, as of zod or valibot',
  test: (value) =>
    typeof (value as { '~standard'?: { validate?: unknown } } | null)?.['~standard']?.validate === 'function',
}
