import { createHash } from 'node:crypto'
import createDebug from 'debug'
import type { Request, Response } from 'express'
import { ValidationError } from 'sequelize'
import { clientKey } from '../../web/client-network.js'
import type { CsrfFieldOf } from '../../web/csrf-field.js'
import { checkForm, readForm, type FormErrors, type FormValues } from '../../web/form.js'
import { consume, takeBack, type Limiter, type LimiterFailure } from '../../web/limiter.js'
import { localPath } from '../../web/local-path.js'
import type { FormField } from '../../web/pages/form-page.js'
import { showPage } from '../../web/pages/page.js'
import { queryValues, withQuery } from '../../web/query.js'
import { refuseCrossSite } from '../../web/same-site.js'
import type { Seal } from '../token.js'
import type { Visitor } from '../visitor.js'
import { oneSpelling } from './address.js'
import { HAND_OVER_KEY, isMeantFor, readHandOver, type ReadHandOver } from './hand-over.js'
import {
  baseOf,
  draftPass,
  sendPass,
  SendFailed,
  type BaseUrl,
  type PassLimits,
  type SendLink,
} from './issue-pass.js'
import {
  bodyOf,
  expiredPage,
  formPage,
  rendererOf,
  sentPage,
  type RenderSelfService,
  type SelfServicePage,
} from './pages.js'
import { noAddress, type SelfServiceSchema, type SelfServiceValues } from './schema.js'

const debug = createDebug('passport-ephemeral:self-service')

/** What the desk works with, defaults filled in. */
export interface DeskSettings {
  readonly Visitor: typeof Visitor
  readonly seal: Seal
  readonly send: SendLink
  readonly baseUrl: BaseUrl
  readonly limiter: { readonly ip?: Limiter; readonly email?: Limiter }
  readonly limiterFailure: LimiterFailure
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
export class SelfServiceDesk {
  constructor(private readonly settings: DeskSettings) {}

  async showForm(req: Request, res: Response): Promise<void> {
    const handOver = this.handOverOf(req)
    if (handOver === undefined || handOver.hasExpired) await this.show(req, res, expiredPage(handOver?.next))
    else await this.showFormAgain(req, res, { status: 200, errors: {} })
  }

  async takeForm(req: Request, res: Response): Promise<void> {
    const { fields, schema, baseUrl } = this.settings
    refuseCrossSite(req, [new URL(baseOf(baseUrl, req)).origin])
    const handOver = this.handOverOf(req)
    if (handOver === undefined || handOver.hasExpired) {
      await this.show(req, res, expiredPage(handOver?.next))
      return
    }
    const values = readForm(req, fields)
    const { value, errors } = await checkForm(schema, values, fields)
    const refusal = errors === undefined ? await this.serve(req, value, handOver) : { status: 422, errors }
    if (refusal === undefined) res.redirect(303, withQuery(`${ownUrl(req)}/sent`, HAND_OVER_KEY, given(req)))
    else await this.showFormAgain(req, res, refusal, values)
  }

  async showSent(req: Request, res: Response): Promise<void> {
    const again = withQuery(ownUrl(req), HAND_OVER_KEY, given(req))
    await this.show(req, res, sentPage(again))
  }

  /** Sends the link, or says why not. */
  private async serve(
    req: Request,
    values: SelfServiceValues,
    handOver: ReadHandOver,
  ): Promise<Refusal | undefined> {
    const { Visitor: Model, send, baseUrl, fields, limits } = this.settings
    demandEmail(values)
    try {
      const visitor = await draftPass(Model, values, handOver, limits)
      if (await this.isOverLimit(req, visitor.email)) return TOO_MANY
      await sendPass(visitor, handOver, { req, send, baseUrl })
      return undefined
    } catch (error) {
      if (error instanceof ValidationError) return { status: 422, errors: errorsOf(error, fields) }
      if (!(error instanceof SendFailed)) throw error
      warnOf(error)
      // Nobody's mailbox is shut out for an hour because the mail server was; whoever asked goes on being counted.
      await takeBack(this.settings.limiter.email, emailKey(values.email))
      return NOT_SENT
    }
  }

  private async isOverLimit(req: Request, email: string): Promise<boolean> {
    const { limiter, limiterFailure } = this.settings
    return (
      (await consume(req, limiter.ip, ipKey(req), limiterFailure)) !== undefined ||
      (await consume(req, limiter.email, emailKey(email), limiterFailure)) !== undefined
    )
  }

  private handOverOf(req: Request): ReadHandOver | undefined {
    const { seal, Visitor: Model, baseUrl } = this.settings
    const handOver = readHandOver(seal, given(req))
    if (handOver === undefined) return undefined
    if (
      handOver.of === Model.name &&
      isMeantFor(handOver, req.baseUrl, new URL(baseOf(baseUrl, req)).pathname)
    )
      return handOver
    debug('a guard sent somebody for %s, selfServiceUrl %s, to %s', handOver.of, handOver.form, req.baseUrl)
    return undefined
  }

  private async showFormAgain(
    req: Request,
    res: Response,
    { status, errors }: Refusal,
    values: FormValues = {},
  ): Promise<void> {
    const { fields, csrf } = this.settings
    const action = withQuery(ownUrl(req), HAND_OVER_KEY, given(req))
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

/** What the limiter counts by. An address is personal: a digest will do. */
function emailKey(email: string): string {
  const address = (oneSpelling(email) ?? email).trim().toLowerCase()
  return `email:${createHash('sha256').update(address).digest('base64url')}`
}

function ipKey(req: Request): string {
  return `ip:${clientKey(req)}`
}

/** Where the router is mounted, as a path of this site. */
function ownUrl(req: Request): string {
  return localPath(req.baseUrl).replace(/\/$/, '')
}

/** The hand-over as the address has it; `''` if there is none. */
function given(req: Request): string {
  const [first = ''] = queryValues(req.originalUrl, HAND_OVER_KEY)
  return first
}

/**
 * What the pass's own validators found, beside the fields that are to blame.
 *
 * @throws {ValidationError} if no field is: nothing that the person could type would help
 */
function errorsOf(error: ValidationError, fields: readonly FormField[]): FormErrors {
  const found = error.errors.map(({ path }) => path).filter((path) => path !== null)
  if (found.length === 0 || !found.every((path) => fields.some(({ name }) => name === path))) throw error
  return Object.fromEntries(
    found.map((path) => [path, path === 'email' ? noAddress.message : 'This cannot be kept as it is']),
  )
}

/** The person sees an honest page; whoever runs the application must hear of it too. */
function warnOf({ message, cause }: SendFailed): void {
  const reason =
    cause instanceof Error ? (cause.stack ?? cause.message) : 'with something that is not an Error'
  process.emitWarning(`selfServiceRouter: ${message}: ${reason}`, {
    type: 'PassportEphemeralWarning',
    code: 'SELF_SERVICE_SEND_FAILED',
  })
}
