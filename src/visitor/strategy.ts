import createDebug from 'debug'
import type { Request, Response } from 'express'
import onHeaders from 'on-headers'
import { Strategy } from 'passport-strategy'
import { VisitorTokenMalformed, type RefusalReason } from '../errors.js'
import { aBoolean, aFunction, aString, checkOptions, strings } from '../options.js'
import { explainMissingTable } from '../database/missing-table.js'
import { currentUser, sessionHoldsLogin } from '../request.js'
import { conventionalCsrfField, type CsrfFieldOf } from '../web/csrf-field.js'
import { localPath } from '../web/local-path.js'
import { hideFromAddress, ownAddress } from '../web/own-address.js'
import { formBody } from '../web/pages/form-page.js'
import { showPage, type Render } from '../web/pages/page.js'
import { queryValues } from '../web/query.js'
import { renewSession, requireSession, saveSession, type HostSession } from '../web/session.js'
import { isCrossSite } from '../web/same-site.js'
import { isSpeculative } from '../web/speculative.js'
import { confirmPage, type ConfirmPage } from './confirm-page.js'
import {
  beganByLinkOf,
  clearStash,
  limitCookie,
  noteModel,
  noteRefusal,
  readStash,
  writeStash,
} from './session.js'
import { findPass, findPassByUuid, redeemPass } from './statements.js'
import { visitorOf } from './is-visitor.js'
import { type Visitor, visitorModel, visitorSettings } from './visitor.js'

const debug = createDebug('passport-ephemeral:visitor')
const WHO = "passport.authenticate('visitor-token')"

/** Options of {@link VisitorTokenStrategy}. */
export interface VisitorTokenStrategyOptions {
  /** The model, from `defineVisitorModels`. */
  Visitor: typeof Visitor
  /** Redirect (303) a redeemed GET to the same address without the token. @default true */
  stripToken?: boolean
  /** Keys of an anonymous session that survive its renewal when a token is redeemed. @default [] */
  keepSessionData?: readonly string[]
  /** Shows the page with the button, on which a link with `maxUses` is redeemed, in the application's own way. */
  render?: Render<ConfirmPage>
  /** The application's own CSRF token. @default `req.csrfToken()` or `res.locals._csrf`, in a field named `_csrf` */
  csrf?: CsrfFieldOf
  /** The name under which Passport knows the strategy. @default 'visitor-token' */
  name?: string
}

/** What to do with the request once its visitor is known. */
type Outcome = { readonly redirect: string } | { readonly confirm: Visitor } | 'pass'

/**
 * Redeems the token of a link, or restores the visitor that the session remembers, into `req.visitor`. Never logs
 * anybody in, and never refuses: it passes, and the guard (`ensureVisitor`) decides. Register it for the whole
 * application, after `passport.session()`.
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export class VisitorTokenStrategy extends Strategy {
  readonly name: string
  private readonly Visitor: typeof Visitor
  private readonly stripToken: boolean
  private readonly keepSessionData: readonly string[]
  private readonly render: Render<ConfirmPage> | undefined
  private readonly csrf: CsrfFieldOf

  constructor(options: VisitorTokenStrategyOptions) {
    super()
    checkOptions(
      'VisitorTokenStrategy',
      options,
      {
        Visitor: visitorModel,
        stripToken: aBoolean,
        keepSessionData: strings,
        render: aFunction,
        csrf: aFunction,
        name: aString,
      },
      ['Visitor'],
    )
    this.name = options.name ?? 'visitor-token'
    this.Visitor = options.Visitor
    this.stripToken = options.stripToken ?? true
    this.keepSessionData = options.keepSessionData ?? []
    this.render = options.render
    this.csrf = options.csrf ?? conventionalCsrfField
  }

  /** Passport calls it; it answers by exactly one of `pass`, `redirect`, `error` and a page of its own. */
  override authenticate(req: Request): void {
    // Passport writes these onto an object that parallel requests can share: take them before anything is awaited.
    // They are closures of its own, not methods.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { pass, redirect, error } = this
    const fail = (cause: unknown): void => {
      error(explainMissingTable(cause))
    }
    this.admit(req).then((outcome) => {
      try {
        if (outcome === 'pass') pass()
        else if ('redirect' in outcome) redirect(outcome.redirect, 303)
        else this.askToConfirm(req, outcome.confirm).catch(fail)
      } catch (cause) {
        fail(cause)
      }
    }, fail)
  }

  private async admit(req: Request): Promise<Outcome> {
    noteModel(req, this.Visitor)
    const session = requireSession(req, WHO)
    const { queryKey } = this.Visitor[visitorSettings]
    const values = queryValues(req.originalUrl, queryKey)
    if (values.length === 0) return await this.restore(req, session)

    hideFromAddress(req, queryKey)
    if (req.res !== undefined) keepTokenPrivate(req.res)
    if (isSpeculative(req)) {
      debug('not redeemed: HEAD, OPTIONS, or fetched ahead')
      return await this.restore(req, session)
    }
    const [token] = values
    if (token === undefined || values.length > 1) {
      debug('refused: the parameter is repeated or bracketed')
      throw new VisitorTokenMalformed()
    }
    return await this.redeem(req, session, token)
  }

  private async redeem(req: Request, session: HostSession, token: string): Promise<Outcome> {
    const Model = this.Visitor
    const uuid = readToken(Model, token)
    if (uuid === undefined) return await this.refuse(req, session, 'unknown')

    // Whoever redeemed this link in this session may follow it again, without using it up further.
    const current = await this.remembered(req, session)
    const again = current?.uuid === uuid ? current : undefined
    const visitor = again ?? (await redeemPass(Model, uuid, { isConfirmed: isConfirmed(req) }))
    if (visitor === undefined) return await this.turnAway(req, session, await findPassByUuid(Model, uuid))

    if (again === undefined) await this.remember(req, session, visitor)
    req.visitor = visitor
    debug('pass %d redeemed%s', visitor.id, again === undefined ? '' : ' again in its session')
    const byButton = req.method === 'POST' && visitor.maxUses !== null && wantsPage(req)
    if (!byButton && !(this.stripToken && req.method === 'GET')) return 'pass'
    await saveSession(requireSession(req, WHO))
    return { redirect: this.stripToken ? ownAddress(req) : localPath(req.originalUrl) }
  }

  /** Answers a token that was not redeemed: its pass may not be, or not without a click. */
  private async turnAway(req: Request, session: HostSession, known: Visitor | undefined): Promise<Outcome> {
    const isLimited = known !== undefined && known.maxUses !== null
    const invalidity = known?.invalidity()
    if (isLimited && wantsPage(req)) {
      if (invalidity === undefined && !isConfirmed(req)) return { confirm: known }
      // Of two clicks on the button one came too late; by GET, its session gets in, and anyone else hears why not.
      if (req.method === 'POST') return { redirect: localPath(req.originalUrl) }
    }
    return await this.refuse(req, session, invalidity ?? (isLimited ? 'unconfirmed' : 'unknown'), known)
  }

  private async askToConfirm(req: Request, visitor: Visitor): Promise<void> {
    const { res } = req
    if (res === undefined) return
    debug('pass %d not redeemed: the button was not pressed', visitor.id)
    const page = confirmPage(visitor, localPath(req.originalUrl), this.csrf(req, res))
    await showPage(req, res, page, { render: this.render, body: formBody })
  }

  private async remember(req: Request, session: HostSession, visitor: Visitor): Promise<void> {
    if (currentUser(req) !== undefined || sessionHoldsLogin(req)) {
      writeStash(session, visitor)
      return
    }
    const renewed = await renewSession(req, WHO, this.keepSessionData)
    writeStash(renewed, visitor)
    limitCookie(renewed, visitor)
  }

  private async refuse(
    req: Request,
    session: HostSession,
    reason: RefusalReason,
    known?: Visitor,
  ): Promise<Outcome> {
    debug('token refused: %s%s', reason, known === undefined ? '' : ` (pass ${String(known.id)})`)
    const outcome = await this.restore(req, session)
    noteRefusal(req, reason, known)
    return outcome
  }

  private async restore(req: Request, session: HostSession): Promise<Outcome> {
    const visitor = await this.remembered(req, session)
    if (visitor !== undefined || visitorOf(req) === undefined) req.visitor = visitor
    return 'pass'
  }

  /** The visitor that the session remembers, if the visit still lasts. Forgets one that does not. */
  private async remembered(req: Request, session: HostSession): Promise<Visitor | undefined> {
    const stash = readStash(session, this.Visitor)
    if (stash === undefined) return undefined
    const ended = stash.until !== null && stash.until <= Date.now()
    const visitor = ended ? undefined : await findPass(this.Visitor, stash.id)
    if (visitor?.isActive === true && beganByLinkOf(stash, visitor)) return visitor

    const reason = ended
      ? 'session-ended'
      : visitor === undefined
        ? 'gone'
        : visitor.isActive
          ? 'reissued'
          : 'deactivated'
    debug('visitor of pass %d not restored: %s', stash.id, reason)
    clearStash(session)
    noteRefusal(req, reason, ended ? { id: stash.id, Visitor: this.Visitor } : visitor)
    return undefined
  }
}

/** Whether a person pressed the button of our page, as far as a request can tell. */
function isConfirmed(req: Request): boolean {
  return req.method === 'POST' && !isCrossSite(req)
}

/** Whether a page is an answer, rather than something to be parsed. */
function wantsPage(req: Request): boolean {
  return ['GET', 'POST'].includes(req.method) && req.accepts(['html', 'json']) === 'html'
}

function readToken(Model: typeof Visitor, token: string): string | undefined {
  try {
    return Model[visitorSettings].codec.read(token)
  } catch (error) {
    debug('refused: it does not have the form of a token')
    throw error
  }
}

/**
 * Whatever answers, no cache keeps the response to an address with a token in it, and no link out of it tells others
 * the address (RFC 9111 §5.2.2.5; Referrer Policy). Set when headers go out, so that no middleware after
 * this undoes it.
 */
function keepTokenPrivate(res: Response): void {
  onHeaders(res, () => {
    res.setHeader('Cache-Control', 'no-store')
    res.setHeader('Referrer-Policy', 'no-referrer')
  })
}
