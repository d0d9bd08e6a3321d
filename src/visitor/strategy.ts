import createDebug from 'debug'
import type { Request } from 'express'
import { Strategy } from 'passport-strategy'
import { VisitorTokenMalformed, type RefusalReason } from '../errors.js'
import { aBoolean, aFunction, aString, checkOptions, strings } from '../options.js'
import { conventionalCsrfField, type CsrfFieldOf } from '../pages/csrf-field.js'
import { localPath } from '../http/local-path.js'
import { hideFromAddress, ownAddress } from '../http/own-address.js'
import { formBody } from '../pages/form-page.js'
import { showPage, type Render } from '../pages/page.js'
import { requestChecks, validationsRule, type Validations } from '../checks/runtime/request-checks.js'
import { sessionChecks } from '../checks/runtime/session-checks.js'
import { queryValues } from '../http/query.js'
import {
  abandonSession,
  requireSession,
  saveSession,
  VISITOR_SESSION_KEY,
  type HostSession,
} from '../http/session.js'
import { isCrossSiteNonNavigation } from '../http/origin.js'
import { isSpeculative } from '../http/speculative.js'
import { confirmationOf, offerConfirmation } from './confirmation.js'
import { confirmPage, type ConfirmPage } from './confirm-page.js'
import { clearVisitEntry, forgetRefusal, noteModel, noteRefusal } from './session.js'
import { findPassByUuid, isDoubleClick, redeemPass, returnUse } from './statements.js'
import { visitorOf } from './is-visitor.js'
import { keepTokenPrivate } from './token-privacy.js'
import { openVisit, rememberedVisitor, requireSessionToOpen } from './visit.js'
import { type Visitor, visitorModel, visitorSettings } from './visitor.js'
import { explainMissingTable } from '../database/driver-error.js'

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
  /** The application's own CSRF token. @default `req.csrfToken()`, or what `res.locals` has of it */
  csrf?: CsrfFieldOf
  /** The name under which Passport knows the strategy. @default 'visitor-token' */
  name?: string
  /** Which of the checks of the first requests run; `docs/doctor.md` lists them. @default true: all of them */
  validations?: Validations
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
        render: aFunction,
        csrf: aFunction,
        name: aString,
        validations: validationsRule,
      },
      ['Visitor'],
    )
    this.name = options.name ?? 'visitor-token'
    this.Visitor = options.Visitor
    this.stripToken = options.stripToken ?? true
    this.keepSessionData = options.keepSessionData ?? []
    this.render = options.render
    this.csrf = options.csrf ?? conventionalCsrfField
    this.look = requestChecks(WHO, sessionChecks, options.validations)
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
    this.look(req)
    const session = requireSession(req, WHO)
    const { queryKey } = this.Visitor[visitorSettings]
    const values = queryValues(req.originalUrl, queryKey)
    if (values.length === 0) return await this.restore(req, session)

    hideFromAddress(req, queryKey)
    if (req.res !== undefined) keepTokenPrivate(req.res)
    if (isSpeculative(req) || isCrossSiteNonNavigation(req)) {
      debug('not redeemed: HEAD, OPTIONS, fetched ahead, or sent by another site')
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
    if (uuid === undefined) return this.refuse(req, 'unknown')

    // Whoever redeemed this link in this session may follow it again, without using it up further.
    const current = await rememberedVisitor(this.Visitor, req, session)
    const again = current?.uuid === uuid ? current : undefined
    if (again !== undefined) return this.admitAs(req, again)

    requireSessionToOpen(req, WHO) // before a use is counted
    const confirmation = confirmationOf(req)
    const counted = await redeemPass(Model, uuid, confirmation)
    if (counted !== undefined) {
      const before = session[VISITOR_SESSION_KEY]
      try {
        return await this.letIn(req, session, counted)
      } catch (error) {
        await this.undo(req, counted, { session, visitEntry: before })
        throw error
      }
    }
    const known = await findPassByUuid(Model, uuid)
    if (known?.isActive === true && !known.hasExpired && isDoubleClick(known, confirmation)) {
      return await this.letIn(req, session, known)
    }
    return this.refuseOrConfirm(req, known)
  }

  /** Opens a visit, and saves it before anybody is told: a redirect may be followed at once, and a use was counted. */
  private async letIn(req: Request, session: HostSession, visitor: Visitor): Promise<Outcome> {
    const finish = await openVisit(req, session, visitor, { who: WHO, keep: this.keepSessionData })
    await saveSession(requireSession(req, WHO))
    finish()
    return this.admitAs(req, visitor)
  }

  private admitAs(req: Request, visitor: Visitor): Outcome {
    req.visitor = visitor
    forgetRefusal(req) // of whom the session had before
    debug('pass %d redeemed', visitor.id)
    const byButton = req.method === 'POST' && visitor.maxUses !== null && wantsPage(req)
    if (!byButton && !(this.stripToken && req.method === 'GET')) return 'pass'
    return { redirect: this.stripToken ? ownAddress(req) : localPath(req.originalUrl) }
  }

  /**
   * A use was counted for a visit that nobody got. The session, if it is the old one, has the visit that it had; a new one may have been
   * stored although its store failed, and is given up.
   */
  private async undo(
    req: Request,
    visitor: Visitor,
    { session, visitEntry }: { readonly session: HostSession; readonly visitEntry: unknown },
  ): Promise<void> {
    req.visitor = undefined
    if (requireSession(req, WHO) !== session) await abandonSession(req, WHO, this.keepSessionData)
    const current = requireSession(req, WHO) // it may still be saved with the error's response
    if (current === session && visitEntry !== undefined) session[VISITOR_SESSION_KEY] = visitEntry
    else clearVisitEntry(current)
    await returnUse(visitor, this.Visitor).catch((error: unknown) => {
      debug('a use of pass %d stays counted: %o', visitor.id, error)
    })
  }

  /** Answers a token that was not redeemed: its pass may not be, or not without a click. */
  private refuseOrConfirm(req: Request, known: Visitor | undefined): Outcome {
    const isLimited = known !== undefined && known.maxUses !== null
    const invalidity = known?.invalidity()
    if (isLimited && wantsPage(req)) {
      if (invalidity === undefined && confirmationOf(req) === undefined) return { confirm: known }
      // Of two clicks on the button one came too late; by GET, its session gets in, and anyone else hears why not.
      if (req.method === 'POST') return { redirect: localPath(req.originalUrl) }
    }
    return this.refuse(req, invalidity ?? (isLimited ? 'unconfirmed' : 'unknown'), known)
  }

  private async askToConfirm(req: Request, visitor: Visitor): Promise<void> {
    const { res } = req
    if (res === undefined) return
    debug('pass %d not redeemed: the button was not pressed', visitor.id)
    offerConfirmation(req, res)
    const page = confirmPage(visitor, localPath(req.originalUrl), this.csrf(req, res))
    await showPage(req, res, page, { render: this.render, body: formBody, formLeadsAnywhere: true })
  }

  /** The request goes on as nobody's: the session's visitor is here about something else than this link is. */
  private refuse(req: Request, reason: RefusalReason, known?: Visitor): Outcome {
    debug('token refused: %s%s', reason, known === undefined ? '' : ` (pass ${String(known.id)})`)
    if (visitorOf(req) === undefined || visitorOf(req, this.Visitor) !== undefined) req.visitor = undefined
    noteRefusal(req, reason, known)
    return 'pass'
  }

  private async restore(req: Request, session: HostSession): Promise<Outcome> {
    const visitor = await rememberedVisitor(this.Visitor, req, session)
    if (visitor !== undefined || visitorOf(req) === undefined) req.visitor = visitor
    return 'pass'
  }
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
