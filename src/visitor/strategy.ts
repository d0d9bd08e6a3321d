import createDebug from 'debug'
import type { Request, Response } from 'express'
import { Strategy } from 'passport-strategy'
import { baseUrlCheck } from '../checks/runtime/order-checks.js'
import { requestChecks } from '../checks/runtime/request-checks.js'
import { sessionChecks } from '../checks/runtime/session-checks.js'
import { explainMissingTable } from '../database/driver-error.js'
import { MiddlewareOrder } from '../errors.js'
import { announce } from '../events/events.js'
import { hideFromAddress, ownAddressWithCredentials, requestTarget } from '../http/address.js'
import { keepTokenPrivate } from '../http/caching.js'
import { watchAnswer } from '../http/late-answer.js'
import {
  hasBotAgent,
  hasOpaqueOrigin,
  isForeign,
  isSpeculative,
  leftStrictCookieAtHome,
} from '../http/origin.js'
import { isExpressRequest, userProperty, type AuthenticateOptions } from '../http/passport-request.js'
import { queryValues } from '../http/query.js'
import { requireSession, type HostSession } from '../http/session.js'
import { checkOptions } from '../options.js'
import { pageContext } from '../pages/context.js'
import { conventionalCsrfField } from '../pages/form-page.js'
import { returnSameSite } from '../pages/returning-page.js'
import { pageShower } from '../pages/renderers.js'
import { askVerify } from '../pages/verify.js'
import { confirmPage, offerConfirmation, type ConfirmPage } from './confirmation.js'
import { FreshLinks } from './fresh-link/fresh-links.js'
import type { FreshLinkPage } from './fresh-link/page.js'
import { visitorOf } from './is-visitor.js'
import { redeem, WHO, type Outcome } from './redeem.js'
import { notedRefusal, noteStrategy } from './request-notes.js'
import { strategyRules, type VisitorTokenStrategyOptions } from './strategy-options.js'
import type { TokenReading } from './token.js'
import { rememberedVisitor } from './visit.js'
import { visitorSettings, type Visitor } from './visitor.js'

const debug = createDebug('passport-ephemeral:visitor')

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
  private readonly freshLinks: FreshLinks | undefined
  private readonly show: ReturnType<typeof pageShower<ConfirmPage | FreshLinkPage>>
  private readonly look: (req: Request) => void

  constructor(options: VisitorTokenStrategyOptions) {
    super()
    checkOptions('VisitorTokenStrategy', options, strategyRules, ['Visitor'])
    this.name = options.name ?? 'visitor-token'
    this.options = options
    const {
      Visitor: Model,
      onExpiredLink,
      render,
      csrf = conventionalCsrfField,
      trustedOrigins = [],
      pages,
    } = options
    this.freshLinks = onExpiredLink && new FreshLinks(Model, onExpiredLink, { csrf, trustedOrigins, pages })
    this.show = pageShower(render, { formLeadsAnywhere: true })
    const checks = onExpiredLink === undefined ? sessionChecks : [...sessionChecks, baseUrlCheck()]
    this.look = requestChecks(WHO, checks, options.validations)
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
        if (outcome === 'answered') return
        if (outcome === 'pass' && property === undefined) pass()
        else if (outcome === 'pass') {
          if (property === userProperty(req)) error(new MiddlewareOrder(A_VISITOR_IS_NO_USER))
          else if (req.visitor === undefined) refuse(401)
          else success(req.visitor)
        } else if ('redirect' in outcome) redirect(outcome.redirect, outcome.status ?? 303)
        else this.show(outcome.page, req, outcome.res).catch(fail)
      } catch (cause) {
        fail(cause)
      }
    }, fail)
  }

  /**
   * What becomes of a request:
   *
   * 1. Without a token in its address, it has the session's visitor: `restore`.
   * 2. The token leaves `req.url`, and no cache stores the answer. A request that no click has caused goes on as in step 1: a
   *    fetch ahead, a foreign site's, a bot's. One without the session's `SameSite=Strict` cookie comes again, with the cookie.
   * 3. `redeem` reads what the token names. A pass that this session has redeemed already is admitted without a statement.
   *    A late request of a browser that has been logged in meanwhile, in another tab, comes again with its newer session.
   * 4. Otherwise one statement counts a use, if the pass may be used. Not so if it has `maxUses` and no button was pressed, or if the
   *    use is counted already: then a double click is admitted, the page with the button is shown, or the token is refused.
   * 5. A counted use opens a visit in a renewed session. If that fails, the use is given back.
   * 6. A GET is redirected to the same address without the token; the next request is one of step 1.
   */
  private async admit(req: Request): Promise<Exclude<Outcome, Asked> | Shown | 'answered'> {
    const { Visitor: Model, stripToken = true, keepSessionData = [], trustedOrigins = [] } = this.options
    const { isBot = hasBotAgent, verify } = this.options
    noteStrategy(req, this.options)
    // `OPTIONS *` is below no path, and so below no session's.
    if (req.method === 'OPTIONS' && Reflect.get<object, string>(req, 'session') === undefined) return 'pass'
    watchAnswer(req, { trustedOrigins })
    this.look(req)
    const session = requireSession(req, WHO)
    const { queryKey } = Model[visitorSettings]
    const values = queryValues(requestTarget(req), queryKey)
    const { res } = req
    if (values.length === 0 || !isExpressRequest(req) || res === undefined)
      return await this.restore(req, session)

    hideFromAddress(req, queryKey)
    keepTokenPrivate(res)
    this.freshLinks?.requireBaseUrl(req)
    const token = readToken(Model, values)
    if (this.freshLinks?.isAskedFor(req) === true)
      return { page: await this.freshLinks.take(req, res, token), res }
    const isSentByOthers = isForeign(req, { trustedOrigins })
    if (isSpeculative(req) || (isSentByOthers && !hasOpaqueOrigin(req))) {
      debug('not redeemed: HEAD, OPTIONS, fetched ahead, or sent by a foreign site')
      return await this.restore(req, session)
    }
    if (req.method === 'GET' && (await isBot(req))) {
      debug('not redeemed: opened by a link preview, or another program')
      return await this.restore(req, session)
    }
    if (leftStrictCookieAtHome(req)) return await returnSameSite(req, res, this.options.pages)
    const outcome = await redeem({
      ...{ req, session, Model, token, isOpaque: isSentByOthers, stripToken, keep: keepSessionData },
      verify: async () => (await askVerify('VisitorTokenStrategy', verify, req))?.status,
    })
    if (outcome === 'pass' && notedRefusal(req) !== undefined) this.freshLinks?.offer(req, res, token)
    if (outcome === 'pass' || 'redirect' in outcome) return outcome
    return { page: this.askToConfirm(req, res, outcome), res }
  }

  private askToConfirm(req: Request, res: Response, { confirm: visitor, unverified }: Asked): ConfirmPage {
    const { Visitor: Model, pages, csrf = conventionalCsrfField } = this.options
    debug('pass %d not redeemed: %s', visitor.id, unverified ? 'not verified' : 'the button was not pressed')
    const refusal = { by: 'token', reason: 'not-verified', scope: [], visitorId: visitor.id, req } as const
    if (unverified !== undefined) announce(Model.events, 'refused', refusal)
    offerConfirmation(req, visitor)
    const action = ownAddressWithCredentials(req)
    return confirmPage(pageContext(req, pages), visitor, { action, csrf: csrf(req, res), unverified })
  }

  private async restore(req: Request, session: HostSession): Promise<'pass'> {
    const visitor = await rememberedVisitor(this.options.Visitor, req, session)
    if (visitor !== undefined || visitorOf(req) === undefined) req.visitor = visitor
    return 'pass'
  }
}

/** The button is asked for. */
type Asked = Extract<Outcome, { confirm: Visitor }>

/** A page that the strategy shows in place of the one that was asked for. */
interface Shown {
  readonly page: ConfirmPage | FreshLinkPage
  readonly res: Response
}

/** NestJS's guard would put the visitor there, and refuse a visitor who is not there. */
const A_VISITOR_IS_NO_USER =
  "AuthGuard('visitor-token') needs { property: 'visitor' }: it would make the visitor req.user, as if they were logged in"

/** What the address names. A parameter that is repeated must name one pass every time. */
function readToken(Model: typeof Visitor, values: readonly (string | undefined)[]): TokenReading {
  const { codec } = Model[visitorSettings]
  const readings = values.map((value) => codec.read(value ?? ''))
  const [first] = readings
  const isOne = first !== undefined && readings.every(({ uuid }) => uuid === first.uuid)
  return isOne ? first : { reason: 'malformed' }
}
