import type { Router } from 'express'
import { ValidationError, type ValidationErrorItem } from 'sequelize'
import { aFunction, checkOptions, positiveCount, positiveSeconds } from '../../options.js'
import { aBaseUrl, prefixOf, requireBaseUrl, type BaseUrl } from '../../http/base-url.js'
import { queryValues } from '../../http/query.js'
import { flowRouter } from '../../pages/flow.js'
import type { Flow } from '../../pages/flow-declaration.js'
import { flowRules, flowSettings, type FlowOptions } from '../../pages/flow-options.js'
import { errorsOf } from '../../pages/form.js'
import type { FormField } from '../../pages/form-page.js'
import { fieldMessages } from '../../pages/messages.js'
import { pageShower } from '../../pages/renderers.js'
import { judgeEmail } from '../../pages/typed-text.js'
import { visitorModel, visitorSettings, type Visitor } from '../visitor.js'
import { draftPass, storePass, type SendLink } from './issue-pass.js'
import { expiredPage, incompletePage, messages, SELF_SERVICE_PAGES, type SelfServicePage } from './pages.js'
import { isMeantFor, PASS_REQUEST_KEY, readPassRequest, type ReceivedPassRequest } from './pass-request.js'
import { defaultFields, defaultSchema, type SelfServiceSchema, type SelfServiceValues } from './schema.js'

const WHO = 'selfServiceRouter'

/** Options of {@link selfServiceRouter}. */
export interface SelfServiceOptions extends FlowOptions<SelfServicePage> {
  /** The model, from `defineVisitorModels`, with a `secret`. */
  Visitor: typeof Visitor
  /**
   * Sends `link` to `visitor.email`, and returns its promise: the person waits for it, so give it a time-out. If it throws,
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
  /** How long the link of such a pass can be redeemed, in seconds. @default the model's `tokenExpiry` */
  tokenExpiry?: number
  /** How often it can be redeemed; then it opens a page with a button. @default any number of times */
  maxUses?: number
  /** The form's fields. @default first name, last name, e-mail address */
  fields?: readonly FormField[]
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
 *   send: ({ visitor, link }) => mailer.sendMail({ to: visitor.email, subject: 'Your link', text: link }),
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
  const { fields = defaultFields, schema = defaultSchema } = options
  const seal = Model[visitorSettings].codec.seal('pass-request')
  if (seal === undefined) {
    throw new TypeError(
      `${WHO}: the Visitor model has no secret to sign with; to go on accepting bare UUIDs as well, give ` +
        'defineVisitorModels({ secret: [secret, false] })',
    )
  }
  return {
    ...flowSettings(WHO, options),
    fields,
    schema,
    messages,
    baseUrl,
    notSentCode: 'SELF_SERVICE_SEND_FAILED',
    show: pageShower(render),
    carried: (req) => [PASS_REQUEST_KEY, queryValues(req.originalUrl, PASS_REQUEST_KEY)[0] ?? ''],

    async access({ req, res, carried = '' }) {
      requireBaseUrl(req, WHO) // before a form is shown whose link could not be made
      const passRequest = readPassRequest(seal, carried)
      if (passRequest?.model !== Model.name || !isMeantFor(passRequest, req.baseUrl, prefixOf(req)))
        await this.show(incompletePage(), req, res)
      else if (passRequest.hasExpired)
        await this.show(expiredPage(prefixOf(req) + passRequest.next), req, res)
      else return passRequest
      return undefined
    },

    async submit({ req, who }, values) {
      const base = requireBaseUrl(req, WHO)
      // The types of a schema are not checked when it runs.
      const given: unknown = values.email
      if (typeof given !== 'string') throw new TypeError(`${WHO}: the schema's result has no email`)
      const { value: email, problem } = judgeEmail(given)
      if (problem !== undefined) return { status: 422, errors: { email: problem } }
      const visitor = await draftPass(Model, { ...values, email }, who, { tokenExpiry, maxUses })
      return { to: email, store: () => storePass(visitor, send, { req, base, next: who.next }) }
    },

    explain(error) {
      if (!(error instanceof ValidationError)) return Promise.resolve(undefined)
      const wording = ({ path }: ValidationErrorItem): string =>
        path === 'email' ? fieldMessages.noAddress : fieldMessages.unacceptable
      return Promise.resolve({ status: 422, errors: errorsOf(error, fields, wording) })
    },
  }
}
