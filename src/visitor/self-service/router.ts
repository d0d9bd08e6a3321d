import { Router, urlencoded } from 'express'
import { aFunction, aList, checkOptions, positiveCount, positiveSeconds } from '../../options.js'
import { aBaseUrl, type BaseUrl } from '../../http/base-url.js'
import { conventionalCsrfField, type CsrfFieldOf } from '../../pages/csrf-field.js'
import { aSchema } from '../../pages/form.js'
import { aFormLimiter, FormLimits, type FormLimiter } from '../../pages/form-limits.js'
import { handled } from '../../http/handled.js'
import { aLimiterFailure, type LimiterFailure } from '../../http/limiter.js'
import { checkBody, limiterCheck } from '../../checks/runtime/order-checks.js'
import { requestChecks, validationsRule, type Validations } from '../../checks/runtime/request-checks.js'
import type { FormField } from '../../pages/form-page.js'
import { aRenderer } from '../../pages/renderers.js'
import { visitorModel, visitorSettings, type Visitor } from '../visitor.js'
import { SelfServiceController } from './controller.js'
import type { SendLink } from './issue-pass.js'
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
  limiter?: FormLimiter
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
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * The pages on which somebody without a pass asks for one, for `app.use('/visitor', …)`;
 * `ensureVisitor(scope, { selfService: true })` sends them there. Nothing is stored before a valid form is posted, and
 * nothing in a page or an address opens anything: the link goes to the mailbox that was typed in, and nowhere else.
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function selfServiceRouter(options: SelfServiceOptions): Router {
  const controller = controllerOf(options)
  const router = Router()
  const look = requestChecks('selfServiceRouter', [limiterCheck(options.limiter)], options.validations)
  const lookAtForm = requestChecks('selfServiceRouter', [checkBody], options.validations)
  router.use((req, _res, next) => {
    look(req)
    next()
  })
  router.get(
    '/',
    handled((req, res) => controller.showForm(req, res)),
  )
  router.post(
    '/',
    urlencoded({ extended: false, limit: '32kb' }),
    handled((req, res) => {
      lookAtForm(req)
      return controller.takeForm(req, res)
    }),
  )
  router.get(
    '/sent',
    handled((req, res) => controller.showSent(req, res)),
  )
  return router
}

function controllerOf(options: SelfServiceOptions): SelfServiceController {
  checkOptions(
    'selfServiceRouter',
    options,
    {
      Visitor: visitorModel,
      send: aFunction,
      baseUrl: aBaseUrl,
      tokenExpiry: positiveSeconds,
      maxUses: positiveCount,
      limiter: aFormLimiter,
      limiterFailure: aLimiterFailure,
      fields: aList,
      schema: aSchema,
      render: aRenderer('form', 'sent', 'expired'),
      csrf: aFunction,
      validations: validationsRule,
    },
    ['Visitor', 'send', 'baseUrl'],
  )
  const { Visitor: Model } = options
  const { seal } = Model[visitorSettings].codec
  if (seal === undefined) {
    throw new TypeError(
      'selfServiceRouter: the Visitor model has no secret to sign with; to go on accepting bare UUIDs as well, give ' +
        'defineVisitorModels({ secret: [secret, false] })',
    )
  }
  return new SelfServiceController({
    Visitor: Model,
    seal,
    send: options.send,
    baseUrl: options.baseUrl,
    formLimits: new FormLimits(options.limiter, options.limiterFailure),
    limits: { tokenExpiry: options.tokenExpiry, maxUses: options.maxUses },
    fields: options.fields ?? defaultFields,
    schema: options.schema ?? defaultSchema,
    render: options.render,
    csrf: options.csrf ?? conventionalCsrfField,
  })
}
