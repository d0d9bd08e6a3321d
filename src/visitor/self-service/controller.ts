import createDebug from 'debug'
import type { Request, Response } from 'express'
import { ValidationError } from 'sequelize'
import { baseOf, type BaseUrl } from '../../http/base-url.js'
import type { CsrfFieldOf } from '../../pages/csrf-field.js'
import {
  checkForm,
  errorsOf,
  readForm,
  UNKEEPABLE,
  type FormErrors,
  type FormValues,
} from '../../pages/form.js'
import type { FormLimits } from '../../pages/form-limits.js'
import { MessageNotSent, warnOfUnsent } from '../../pages/message-not-sent.js'
import { mountPath } from '../../http/address.js'
import type { FormField } from '../../pages/form-page.js'
import { showPage } from '../../pages/page.js'
import { rendererOf } from '../../pages/renderers.js'
import { queryValues, withQuery } from '../../http/query.js'
import { refuseCrossSite } from '../../http/origin.js'
import type { Seal } from '../token.js'
import type { Visitor } from '../visitor.js'
import { PASS_REQUEST_KEY, isMeantFor, readPassRequest, type ReceivedPassRequest } from './pass-request.js'
import { draftPass, sendPass, type PassLimits, type SendLink } from './issue-pass.js'
import {
  bodyOf,
  expiredPage,
  formPage,
  sentPage,
  type RenderSelfService,
  type SelfServicePage,
} from './pages.js'
import { noAddress, type SelfServiceSchema, type SelfServiceValues } from './schema.js'

const debug = createDebug('passport-ephemeral:self-service')
const WHO = 'selfServiceRouter'

/** What the controller works with, defaults filled in. */
export interface SelfServiceSettings {
  readonly Visitor: typeof Visitor
  readonly seal: Seal
  readonly send: SendLink
  readonly baseUrl: BaseUrl
  readonly formLimits: FormLimits
  readonly limits: PassLimits
  readonly fields: readonly FormField[]
  readonly schema: SelfServiceSchema
  readonly render: RenderSelfService | undefined
  readonly csrf: CsrfFieldOf
}

/** Why a form is shown again. */
interface Refusal {
  readonly status: number
  readonly errors: FormErrors
}

/** Answers the requests of those who ask for a pass. Keeps nothing between two of them. */
export class SelfServiceController {
  constructor(private readonly settings: SelfServiceSettings) {}

  async showForm(req: Request, res: Response): Promise<void> {
    const passRequest = this.passRequestOf(req)
    if (passRequest === undefined || passRequest.hasExpired)
      await this.show(req, res, expiredPage(passRequest?.next))
    else await this.showFormAgain(req, res, { status: 200, errors: {} })
  }

  async takeForm(req: Request, res: Response): Promise<void> {
    const { fields, schema, baseUrl } = this.settings
    refuseCrossSite(req, { baseUrl: baseOf(WHO, baseUrl, req) })
    const passRequest = this.passRequestOf(req)
    if (passRequest === undefined || passRequest.hasExpired) {
      await this.show(req, res, expiredPage(passRequest?.next))
      return
    }
    const values = readForm(req, fields)
    const { value, errors } = await checkForm(schema, values, fields)
    const refusal = errors === undefined ? await this.serve(req, value, passRequest) : { status: 422, errors }
    if (refusal === undefined)
      res.redirect(303, withQuery(`${mountPath(req)}/sent`, PASS_REQUEST_KEY, given(req)))
    else await this.showFormAgain(req, res, refusal, values)
  }

  async showSent(req: Request, res: Response): Promise<void> {
    const again = withQuery(mountPath(req), PASS_REQUEST_KEY, given(req))
    await this.show(req, res, sentPage(again))
  }

  /** Sends the link, or says why not. */
  private async serve(
    req: Request,
    values: SelfServiceValues,
    passRequest: ReceivedPassRequest,
  ): Promise<Refusal | undefined> {
    const { Visitor: Model, send, baseUrl, fields, limits } = this.settings
    demandEmail(values)
    try {
      const visitor = await draftPass(Model, values, passRequest, limits)
      if (await this.isOverLimit(req, visitor.email)) return TOO_MANY
      await sendPass(visitor, passRequest, { req, send, baseUrl })
      return undefined
    } catch (error) {
      if (error instanceof ValidationError)
        return { status: 422, errors: errorsOf(error, fields, ({ path }) => wordingOf(path)) }
      if (!(error instanceof MessageNotSent)) throw error
      warnOfUnsent(WHO, 'SELF_SERVICE_SEND_FAILED', error)
      await this.settings.formLimits.takeBackAddress(values.email)
      return NOT_SENT
    }
  }

  private async isOverLimit(req: Request, email: string): Promise<boolean> {
    const { formLimits } = this.settings
    return (await formLimits.isClientOver(req)) || (await formLimits.isAddressOver(req, email))
  }

  private passRequestOf(req: Request): ReceivedPassRequest | undefined {
    const { seal, Visitor: Model, baseUrl } = this.settings
    const passRequest = readPassRequest(seal, given(req))
    if (passRequest === undefined) return undefined
    if (
      passRequest.of === Model.name &&
      isMeantFor(passRequest, req.baseUrl, new URL(baseOf(WHO, baseUrl, req)).pathname)
    )
      return passRequest
    debug(
      'a guard sent somebody for %s, selfServiceUrl %s, to %s',
      passRequest.of,
      passRequest.form,
      req.baseUrl,
    )
    return undefined
  }

  private async showFormAgain(
    req: Request,
    res: Response,
    { status, errors }: Refusal,
    values: FormValues = {},
  ): Promise<void> {
    const { fields, csrf } = this.settings
    const action = withQuery(mountPath(req), PASS_REQUEST_KEY, given(req))
    await this.show(req, res, formPage({ status, fields, values, errors, action, csrf: csrf(req, res) }))
  }

  private async show(req: Request, res: Response, page: SelfServicePage): Promise<void> {
    await showPage(req, res, page, { render: rendererOf(this.settings.render, page), body: bodyOf })
  }
}

const TOO_MANY: Refusal = {
  status: 429,
  errors: { '': 'Too many links were asked for. Please look into your mailbox, or try again later.' },
}
const NOT_SENT: Refusal = {
  status: 503,
  errors: { '': 'We could not send the message just now. Please try again in a moment.' },
}

/** A schema that is not the compiler's business can give anything. */
function demandEmail({ email }: { readonly email: unknown }): void {
  if (typeof email !== 'string') throw new TypeError("selfServiceRouter: the schema's result has no email")
}

/** The hand-over as the address has it; `''` if there is none. */
function given(req: Request): string {
  const [first = ''] = queryValues(req.originalUrl, PASS_REQUEST_KEY)
  return first
}

/** What the pass's own validators found, in words for people. */
function wordingOf(attribute: string | null): string {
  return attribute === 'email' ? noAddress.message : UNKEEPABLE
}
