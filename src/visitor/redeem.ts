import createDebug from 'debug'
import type { Request } from 'express'
import type { RefusalReason } from '../refusal-reason.js'
import { announce } from '../events/events.js'
import { ownAddress, ownAddressWithCredentials } from '../http/address.js'
import { requireRenewableSession, requireSession, type HostSession } from '../http/session.js'
import { currentUser } from '../http/passport-request.js'
import { abandonSession } from '../http/session-renewal.js'
import { shouldComeAgain } from '../http/come-again.js'
import { confirmationOf } from './confirmation.js'
import type { Confirmation } from './double-click.js'
import { visitorOf } from './is-visitor.js'
import { forgetRefusal, noteRefusal } from './request-notes.js'
import { admitDoubleClick, findPassByUuid, redeemPass, returnUse } from './statements.js'
import type { TokenReading } from './token.js'
import { openVisit, rememberedVisitor } from './visit.js'
import type { Visitor } from './visitor.js'
import { describeError } from '../http/redact-tokens.js'

const debug = createDebug('passport-ephemeral:visitor')
export const WHO = "passport.authenticate('visitor-token')"

/** What redeeming a token works with, computed once for the request. */
export interface RedeemContext {
  readonly req: Request
  /** The session with which the request arrived. */
  readonly session: HostSession
  readonly Model: typeof Visitor
  /** What the token names. */
  readonly token: TokenReading
  /** Whether the headers do not show which site has sent the request: then only a button of ours redeems. */
  readonly isOpaque: boolean
  readonly stripToken: boolean
  /** Whether a person pressed the button, by a captcha for example; the status of the page that refuses them if not. */
  readonly verify: (req: Request) => Promise<403 | 503 | undefined>
  /** Keys of an anonymous session that survive its renewal. */
  readonly keep: readonly string[]
}

/** What to do with the request once its visitor is known. */
export type Outcome =
  | { readonly redirect: string; readonly status?: 307 }
  | {
      /** The pass for which the button is shown. */
      readonly confirm: Visitor
      /** It was pressed, and `verify` did not admit that. */
      readonly unverified: 403 | 503 | undefined
    }
  | 'pass'

/** A click that loses against another one of the same browser is tried again, this often at most. */
const MAX_ATTEMPTS = 4

export async function redeem(context: RedeemContext): Promise<Outcome> {
  const { req, session, Model, token, isOpaque } = context
  const { uuid } = token
  if (uuid === undefined) return refuse(context, token.reason)

  // A link that was redeemed in this session may be followed again, without using it up further.
  const current = await rememberedVisitor(Model, req, session)
  if (current?.uuid === uuid) return admitAs(context, current)
  if (isOpaque) return refuseOrConfirm(context, await findPassByUuid(Model, uuid), {})

  requireRenewableSession(req, WHO) // before a use is counted
  const again: Outcome = { redirect: ownAddressWithCredentials(req), status: 307 } // a POST as a POST
  const isLate = async (): Promise<boolean> => currentUser(req) === undefined && (await shouldComeAgain(req))
  if (await isLate()) return again
  const pressed = confirmationOf(req, Model, uuid)
  const unverified = pressed && (await context.verify(req))
  if (pressed !== undefined && (await isLate())) return again // the application's check can take long
  const confirmation = unverified === undefined ? pressed : undefined
  for (let attempt = 1; ; attempt++) {
    const counted = await redeemPass(Model, uuid, confirmation)
    if (counted !== undefined) return await letInOrUndo(context, counted)
    const known = await findPassByUuid(Model, uuid)
    const isSameClick = known !== undefined && (await admitDoubleClick(Model, known, pressed))
    if (isSameClick === true) return await letIn(context, known)
    if (isSameClick === false || attempt >= MAX_ATTEMPTS)
      return refuseOrConfirm(context, known, { confirmation, unverified })
  }
}

async function letInOrUndo(context: RedeemContext, visitor: Visitor): Promise<Outcome> {
  try {
    return await letIn(context, visitor)
  } catch (error) {
    await undo(context, visitor)
    throw error
  }
}

async function letIn(context: RedeemContext, visitor: Visitor): Promise<Outcome> {
  const { req, session, keep } = context
  await openVisit(req, session, visitor, { who: WHO, keep })
  announce(context.Model.events, 'redeemed', { visitor, req })
  return admitAs(context, visitor)
}

function admitAs({ req, stripToken }: RedeemContext, visitor: Visitor): Outcome {
  req.visitor = visitor
  forgetRefusal(req) // of the visitor that the session had before
  debug('pass %d redeemed', visitor.id)
  const byButton = req.method === 'POST' && visitor.maxUses !== null && wantsPage(req)
  if (!byButton && !(stripToken && req.method === 'GET')) return 'pass'
  return { redirect: stripToken ? ownAddress(req) : ownAddressWithCredentials(req) }
}

/**
 * A use was counted for a visit that did not begin. A new session may have been stored although its store failed, and is
 * given up; the old one has the visit that it had.
 */
async function undo({ req, session, Model, keep }: RedeemContext, visitor: Visitor): Promise<void> {
  req.visitor = undefined
  if (requireSession(req, WHO) !== session) await abandonSession(req, WHO, keep)
  await returnUse(visitor, Model).catch((error: unknown) => {
    debug('a use of pass %d stays counted: %s', visitor.id, describeError(error))
  })
}

/** Answers a token that was not redeemed: its pass may not be, or not without a click. */
function refuseOrConfirm(
  context: RedeemContext,
  known: Visitor | undefined,
  {
    confirmation,
    unverified,
  }: { confirmation?: Confirmation | undefined; unverified?: 403 | 503 | undefined },
): Outcome {
  const { req, isOpaque } = context
  const isLimited = known !== undefined && known.maxUses !== null
  const invalidity = known?.invalidity()
  if (known !== undefined && (isLimited || isOpaque) && wantsPage(req)) {
    if (invalidity === undefined && confirmation === undefined) return { confirm: known, unverified }
    // Of two clicks on the button one came too late; by GET, its session is admitted, and any other gets the reason.
    if (req.method === 'POST') return { redirect: ownAddressWithCredentials(req) }
  }
  return refuse(context, invalidity ?? (isLimited || isOpaque ? 'unconfirmed' : 'unknown'), known)
}

/** The request goes on as anonymous: the session's visitor is here about something else than this link is. */
function refuse({ req, Model }: RedeemContext, reason: RefusalReason, known?: Visitor): Outcome {
  debug('token refused: %s%s', reason, known === undefined ? '' : ` (pass ${String(known.id)})`)
  if (visitorOf(req) === undefined || visitorOf(req, Model) !== undefined) req.visitor = undefined
  noteRefusal(req, reason, known)
  announce(Model.events, 'refused', { by: 'token', reason, scope: [], visitorId: known?.id, req })
  return 'pass'
}

/** Whether a page is an answer, rather than something to be parsed. */
function wantsPage(req: Request): boolean {
  return ['GET', 'POST'].includes(req.method) && req.accepts(['html', 'json']) === 'html'
}
