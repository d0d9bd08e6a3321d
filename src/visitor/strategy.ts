import createDebug from 'debug'
import type { Request, Response } from 'express'
import onHeaders from 'on-headers'
import { Strategy } from 'passport-strategy'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { sessionChecks } from '../checks/runtime/session-checks.js'
import { explainMissingTable } from '../database/driver-error.js'
import { MiddlewareOrder } from '../errors.js'
import { hideFromAddress, ownAddressWithCredentials, requestTarget } from '../http/address.js'
import { forbidStoring } from '../http/caching.js'
import { watchAnswer } from '../http/late-answer.js'
import {
  hasBotAgent,
  hasOpaqueOrigin,
  isForeign,
  isSpeculative,
  markOwnForm,
  trustedOriginsRule,
} from '../http/origin.js'
import { isExpressRequest, userProperty, type AuthenticateOptions } from '../http/passport-request.js'
import { queryValues } from '../http/query.js'
import { requireSession, withholdNewSession, type HostSession } from '../http/session.js'
import { aBoolean, aFunction, aString, checkOptions, strings } from '../options.js'
import { conventionalCsrfField, formBody, type CsrfFieldOf } from '../pages/form-page.js'
import { showPage, type Render } from '../pages/page.js'
import { confirmPage, offerConfirmation, type ConfirmPage } from './confirmation.js'
import { visitorOf } from './is-visitor.js'
import { redeem, WHO, type Outcome } from './redeem.js'
import { noteModel } from './request-notes.js'
import type { TokenReading } from './token.js'
import { rememberedVisitor } from './visit.js'
import { type Visitor, visitorModel, visitorSettings } from './visitor.js'

const debug = createDebug('passport-ephemeral:visitor')

/** Options of {@link VisitorTokenStrategy}. */
export interface VisitorTokenStrategyOptions {
  /** The model, from `defineVisitorModels`. */
  Visitor: typeof Visitor
  /** Redirect (303) a redeemed GET to the same address without the token. @default true */
  stripToken?: boolean
  /** Keys of an anonymous session that survive its renewal when a token is redeemed. @default [] */
  keepSessionData?: readonly string[]
  /**
   * Whose GET of a link opens nothing: link previews, scanners, crawlers. They get the page as anonymous, and no use is
   * counted. @default what the `isbot` package recognises by the User-Agent, curl included; and clients without one
   */
  isBot?: (req: Request) => boolean | Promise<boolean>
  /** Shows the page with the button, on which a link with `maxUses` is redeemed, in the application's own way. */
  render?: Render<ConfirmPage>
  /** The application's own CSRF token. @default `req.csrfToken()`, or what `res.locals` has of it */
  csrf?: CsrfFieldOf
  /** Origins of other sites whose requests may redeem a link without being followed. @default [] */
  trustedOrigins?: readonly string[]
  /** The name under which Passport knows the strategy. @default 'visitor-token' */
  name?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
}

/**
 * Redeems the token of a link, or restores the session's visitor, into `req.visitor`. It never logs a user in, and never
 * refuses: it passes, and the guard (`ensureVisitor`) decides. Mount it for the whole application, after
 * `passport.session()`.
 *
 * @example
 * passport.use(new VisitorTokenStrategy({ Visitor }))
 * app.use(passport.authenticate('visitor-token'))
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export class VisitorTokenStrategy extends Strategy {
  readonly name: string
  private readonly options: VisitorTokenStrategyOptions
  private readonly look: (req: Request) => void

  constructor(options: VisitorTokenStrategyOptions) {
    super()
    checkOptions(
      'VisitorTokenStrategy',
      options,
      {
        Visitor: visitorModel,
        stripToken: aBoolean,
        keepSessionData: strings,
        isBot: aFunction,
        render: aFunction,
        csrf: aFunction,
        trustedOrigins: trustedOriginsRule,
        name: aString,
        validations: validationsRule,
      },
      ['Visitor'],
    )
    this.name = options.name ?? 'visitor-token'
    this.options = options
    this.look = requestChecks(WHO, sessionChecks, options.validations)
  }

  /** Passport calls it; it answers by exactly one of `pass`, `redirect`, `error` and a page of its own. */
  override authenticate(req: Request, { property }: AuthenticateOptions = {}): void {
    // Passport writes these onto an object that parallel requests can share: take them before anything is awaited.
    // They are closures of its own, not methods.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { success, pass, fail: refuse, redirect, error } = this
    const fail = (cause: unknown): void => {
      error(explainMissingTable(cause))
    }
    this.admit(req).then((outcome) => {
      try {
        if (outcome === 'pass' && property === undefined) pass()
        else if (outcome === 'pass') {
          if (property === userProperty(req)) error(new MiddlewareOrder(A_VISITOR_IS_NO_USER))
          else if (req.visitor === undefined) refuse(401)
          else success(req.visitor)
        } else if ('redirect' in outcome) redirect(outcome.redirect, 303)
        else this.askToConfirm(req, outcome.confirm).catch(fail)
      } catch (cause) {
        fail(cause)
      }
    }, fail)
  }

  private async admit(req: Request): Promise<Outcome> {
    const { Visitor: Model, stripToken = true, keepSessionData = [], trustedOrigins = [] } = this.options
    const { isBot = hasBotAgent } = this.options
    noteModel(req, Model)
    // `OPTIONS *` is below no path, and so below no session's.
    if (req.method === 'OPTIONS' && Reflect.get<object, string>(req, 'session') === undefined) return 'pass'
    watchAnswer(req)
    this.look(req)
    const session = requireSession(req, WHO)
    const { queryKey } = Model[visitorSettings]
    const values = queryValues(requestTarget(req), queryKey)
    if (values.length === 0 || !isExpressRequest(req)) return await this.restore(req, session)

    hideFromAddress(req, queryKey)
    if (req.res !== undefined) keepTokenPrivate(req.res)
    const isSentByOthers = isForeign(req, { trustedOrigins })
    if (isSentByOthers) withholdNewSession(req)
    if (isSpeculative(req) || (isSentByOthers && !hasOpaqueOrigin(req))) {
      debug('not redeemed: HEAD, OPTIONS, fetched ahead, or sent by a foreign site')
      return await this.restore(req, session)
    }
    if (req.method === 'GET' && (await isBot(req))) {
      debug('not redeemed: opened by a link preview, or another program')
      return await this.restore(req, session)
    }
    return await redeem({
      req,
      session,
      Model,
      token: readToken(Model, values),
      isOpaque: isSentByOthers,
      stripToken,
      keep: keepSessionData,
    })
  }

  private async askToConfirm(req: Request, visitor: Visitor): Promise<void> {
    const { res } = req
    if (res === undefined) return
    const { render, csrf = conventionalCsrfField } = this.options
    debug('pass %d not redeemed: the button was not pressed', visitor.id)
    offerConfirmation(req, visitor)
    markOwnForm(req, res) // the page has no-referrer, because its address is a credential
    const page = confirmPage(visitor, ownAddressWithCredentials(req), csrf(req, res))
    await showPage(req, res, page, { render, body: formBody, formLeadsAnywhere: true })
  }

  private async restore(req: Request, session: HostSession): Promise<Outcome> {
    const visitor = await rememberedVisitor(this.options.Visitor, req, session)
    if (visitor !== undefined || visitorOf(req) === undefined) req.visitor = visitor
    return 'pass'
  }
}

/** NestJS's guard would put the visitor there, and refuse a visitor who is not there. */
const A_VISITOR_IS_NO_USER =
  "AuthGuard('visitor-token') needs { property: 'visitor' }: it would make the visitor req.user, as if they were logged in"

/** No link out of a page whose address bears a token tells others the address. Set last, whatever the handler has set. */
function keepTokenPrivate(res: Response): void {
  forbidStoring(res)
  onHeaders(res, () => {
    res.setHeader('Referrer-Policy', 'no-referrer')
  })
}

/** What the address names. A parameter that is repeated must name one pass every time. */
function readToken(Model: typeof Visitor, values: readonly (string | undefined)[]): TokenReading {
  const { codec } = Model[visitorSettings]
  const readings = values.map((value) => codec.read(value ?? ''))
  const [first] = readings
  const isOne = first !== undefined && readings.every(({ uuid }) => uuid === first.uuid)
  return isOne ? first : { reason: 'malformed' }
}
