import createDebug from 'debug'
import type { Request, Response } from 'express'
import onHeaders from 'on-headers'
import { Strategy } from 'passport-strategy'
import { VisitorTokenMalformed } from '../errors.js'
import { aBoolean, aString, checkOptions, strings } from '../options.js'
import { explainMissingTable } from '../database/missing-table.js'
import { currentUser, sessionHoldsLogin } from '../request.js'
import { hideFromAddress, ownAddress } from '../web/own-address.js'
import { queryValues } from '../web/query.js'
import { renewSession, requireSession, saveSession, type HostSession } from '../web/session.js'
import { isSpeculative } from '../web/speculative.js'
import { clearStash, limitCookie, noteRefusal, readStash, writeStash } from './session.js'
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
  /** The name under which Passport knows the strategy. @default 'visitor-token' */
  name?: string
}

/** What to do with the request once its visitor is known. */
type Outcome = { readonly redirect: string } | 'pass'

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

  constructor(options: VisitorTokenStrategyOptions) {
    super()
    checkOptions(
      'VisitorTokenStrategy',
      options,
      { Visitor: visitorModel, stripToken: aBoolean, keepSessionData: strings, name: aString },
      ['Visitor'],
    )
    this.name = options.name ?? 'visitor-token'
    this.Visitor = options.Visitor
    this.stripToken = options.stripToken ?? true
    this.keepSessionData = options.keepSessionData ?? []
  }

  /** Passport calls it; it answers by exactly one of `pass`, `redirect` and `error`. */
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
        else redirect(outcome.redirect, 303)
      } catch (cause) {
        fail(cause)
      }
    }, fail)
  }

  private async admit(req: Request): Promise<Outcome> {
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
    const visitor = again ?? (await redeemPass(Model, uuid))
    if (visitor === undefined) {
      const known = await findPassByUuid(Model, uuid)
      return await this.refuse(req, session, known?.invalidity() ?? 'unknown', known)
    }

    if (again === undefined) await this.remember(req, session, visitor)
    req.visitor = visitor
    debug('pass %d redeemed%s', visitor.id, again === undefined ? '' : ' again in its session')
    if (!this.stripToken || req.method !== 'GET') return 'pass'
    await saveSession(requireSession(req, WHO))
    return { redirect: ownAddress(req) }
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
    reason: 'unknown' | 'expired' | 'deactivated' | 'used-up',
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
    if (visitor?.isActive === true) return visitor

    const reason = ended ? 'session-ended' : visitor === undefined ? 'gone' : 'deactivated'
    debug('visitor of pass %d not restored: %s', stash.id, reason)
    clearStash(session)
    noteRefusal(req, reason, visitor)
    return undefined
  }
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
