import type { Router } from 'express'
import { ValidationError, type ValidationErrorItem } from 'sequelize'
import { InvalidOption } from '../../invalid-option.js'
import { aBoolean, aFunction, checkOptions, positiveCount, positiveSeconds } from '../../options.js'
import { baseUrlCheck } from '../../checks/runtime/order-checks.js'
import { aBaseUrl, prefixOf, publicUrl, requireBaseUrl, type BaseUrl } from '../../http/base-url.js'
import { announce } from '../../events/events.js'
import { queryValues } from '../../http/query.js'
import { durationIn } from '../../pages/context.js'
import { flowRouter } from '../../pages/flow.js'
import type { Flow } from '../../pages/flow-declaration.js'
import { flowRules, flowSettings, formFields, type FlowOptions } from '../../pages/flow-options.js'
import { errorsOf } from '../../pages/form.js'
import { isolate } from '../../pages/html.js'
import type { FieldsOf, FormField } from '../../pages/form-page.js'
import type { Problem } from '../../pages/problem.js'
import { CODE_LIFETIME } from '../../pages/one-time-code.js'
import { pageShower } from '../../pages/renderers.js'
import { judgeEmail } from '../../pages/typed-text.js'
import { sessionNameOf } from '../visit-entry.js'
import { visitorModel, visitorSettings, type Visitor } from '../visitor.js'
import { addressCookie } from './address-cookie.js'
import { PassCodes } from './code.js'
import { draftPass, storePass, type SendLink } from './issue-pass.js'
import { expiredPage, incompletePage, SELF_SERVICE_PAGES, type SelfServicePage } from './pages.js'
import { isMeantFor, PASS_REQUEST_KEY, readPassRequest, type ReceivedPassRequest } from './pass-request.js'
import { defaultFields, defaultSchema, type SelfServiceSchema, type SelfServiceValues } from './schema.js'

const WHO = 'selfServiceRouter'

/** Options of {@link selfServiceRouter}. */
export interface SelfServiceOptions extends FlowOptions<SelfServicePage> {
  /** The model, from `defineVisitorModels`, with a `secret`. */
  Visitor: typeof Visitor
  /**
   * Sends `message`, or one of its own with `link`, to `email`, and returns its promise: the person waits for it, so give it a time-out. If it throws,
   * the pass is deleted, and the person is asked to try again.
   */
  send: SendLink
  /**
   * Where the application lives to the outside, such as `https://example.com`, or a function of `req` that computes it, for
   * links and for the pages of this router. It is never taken from a request's `Host` header, which the sender can choose:
   * the token would go there.
   * @default the application's setting: `app.set('baseUrl', …)`; one of the two is required
   */
  baseUrl?: BaseUrl
  /**
   * Whether the message has a one-time code beside the link: 8 digits that can be typed in the browser that asked, for ten minutes,
   * with five attempts. The code counts as one use of the pass, and ends with it; the link works as often as the pass may be used.
   * @default false
   */
  code?: boolean
  /** How long the link of such a pass can be redeemed, in seconds. @default the model's `tokenExpiry` */
  tokenExpiry?: number
  /** How often it can be redeemed; then it opens a page with a button. @default any number of times */
  maxUses?: number
  /** The form's fields. @default first name, last name, e-mail address */
  fields?: readonly FormField[] | FieldsOf
  /** Checks and shapes the form. @default both names and an e-mail address are required */
  schema?: SelfServiceSchema
}

/**
 * The pages on which a person without a pass asks for one, for `app.use('/visitor', …)`;
 * `ensureVisitor(scope, { selfService: true })` sends them there. Nothing is stored before a valid form is posted, and
 * no page or address of it is a credential: the link goes to the mailbox that was typed in, and nowhere else.
 *
 * @example
 * app.use('/visitor', selfServiceRouter({
 *   Visitor,
 *   baseUrl: 'https://example.com',
 *   send: ({ email, message }) => mailer.sendMail({ to: email, ...message }),
 * }))
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function selfServiceRouter(options: SelfServiceOptions): Router {
  checkOptions(
    WHO,
    options,
    {
      Visitor: visitorModel,
      send: aFunction,
      baseUrl: aBaseUrl,
      code: aBoolean,
      tokenExpiry: positiveSeconds,
      maxUses: positiveCount,
      ...flowRules(SELF_SERVICE_PAGES),
    },
    ['Visitor', 'send'],
  )
  return flowRouter(flowOf(options))
}

function flowOf(options: SelfServiceOptions): Flow<ReceivedPassRequest, SelfServiceValues, SelfServicePage> {
  const { Visitor: Model, send, baseUrl, tokenExpiry, maxUses, render } = options
  const { codec } = Model[visitorSettings]
  const seal = codec.seal('pass-request')
  const addressSeal = codec.seal('typed-address')
  const codeSeal = codec.seal('code')
  if (seal === undefined || addressSeal === undefined || codeSeal === undefined) {
    throw new InvalidOption(
      `${WHO}: the Visitor model has no secret to sign with; to go on accepting bare UUIDs as well, give ` +
        'defineVisitorModels({ secret: [secret, false] })',
    )
  }
  const lifetime = tokenExpiry ?? Model[visitorSettings].tokenExpiry
  const form = formFields(options.fields, defaultFields)
  const codes = options.code === true ? new PassCodes(Model, codeSeal) : undefined
  return {
    ...flowSettings(WHO, options, [baseUrlCheck(baseUrl)]),
    ...form,
    schema: options.schema ?? defaultSchema,
    texts: ({ who, context: { lang, words } }) => {
      const { title, text, button, why, sent } = words.selfService
      return {
        form: { title, text, button, ...(who && { notice: why[who.why] }) },
        sent: {
          ...sent,
          text: (address) => sent.text(address && isolate(address), durationIn(lang, lifetime)),
          codeText: (address) =>
            words.code.text(
              address && isolate(address),
              durationIn(lang, CODE_LIFETIME),
              durationIn(lang, lifetime),
            ),
        },
      }
    },
    ...addressCookie(addressSeal),
    code: codes,
    noteUnverified({ req }) {
      const refusal = { by: 'form', reason: 'not-verified', scope: [], visitorId: undefined, req } as const
      announce(Model.events, 'refused', refusal)
    },
    baseUrl,
    notSentCode: 'SELF_SERVICE_SEND_FAILED',
    show: pageShower(render),
    carried: (req) => [PASS_REQUEST_KEY, queryValues(req.originalUrl, PASS_REQUEST_KEY)[0] ?? ''],

    async access({ req, res, context, carried = '' }) {
      requireBaseUrl(req, WHO) // before a form is shown whose link could not be made
      const passRequest = readPassRequest(seal, carried)
      if (passRequest?.model !== sessionNameOf(Model) || !isMeantFor(passRequest, req.baseUrl, prefixOf(req)))
        await this.show(incompletePage(context, context.brand?.home ?? publicUrl(req, '/')), req, res)
      else if (passRequest.hasExpired)
        await this.show(expiredPage(context, prefixOf(req) + passRequest.next), req, res)
      else return passRequest
      return undefined
    },

    async submit({ req, context, who }, values) {
      const base = requireBaseUrl(req, WHO)
      // The types of a schema are not checked when it runs.
      const given: unknown = values.email
      if (typeof given !== 'string') throw new InvalidOption(`${WHO}: the schema's result has no email`)
      const { value: email, problem } = judgeEmail(given)
      if (problem !== undefined) return { status: 422, errors: { email: problem } }
      const visitor = await draftPass(Model, { ...values, email }, who, { tokenExpiry, maxUses })
      return {
        to: email,
        store: () => storePass(visitor, send, { req, context, base, next: who.next, codes }),
      }
    },

    explain(error) {
      if (!(error instanceof ValidationError)) return Promise.resolve(undefined)
      const problemOf = ({ path }: ValidationErrorItem): Problem => ({
        code: path === 'email' ? 'noAddress' : 'unacceptable',
      })
      return Promise.resolve({ status: 422, errors: errorsOf(error, form.fieldNames, problemOf) })
    },
  }
}
