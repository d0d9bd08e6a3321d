import createDebug from 'debug'
import type { Request } from 'express'
import { announce } from '../events/events.js'
import { currentUser, sessionHoldsLogin } from '../http/passport-request.js'
import { requireRenewableSession, requireSession, type HostSession } from '../http/session.js'
import { renewSession } from '../http/session-renewal.js'
import { bindVisit, hasVisitBinding } from './visit-binding.js'
import {
  beganByLinkOf,
  clearVisitEntry,
  limitCookie,
  noteRefusal,
  readVisitEntry,
  writeVisitEntry,
} from './session.js'
import { findPass } from './statements.js'
import type { Visitor, WriteOptions } from './visitor.js'

const debug = createDebug('passport-ephemeral:visitor')

/** Who opens a visit, and what of an anonymous session it keeps. */
interface Opening {
  readonly who: string
  readonly keep: readonly string[]
}

/**
 * Puts a visitor into the session. An attacker who planted the session in this browser must not get the visit: an anonymous
 * session gets a new id (ASVS 5.0, 7.2.4); the session of a logged-in user keeps its id, and the visit is bound to a cookie
 * of its own. (A guest is logged in, too, and every client can become one.)
 *
 * @returns what is left to do once the session is saved
 */
export async function openVisit(
  req: Request,
  session: HostSession,
  visitor: Visitor,
  { who, keep }: Opening,
): Promise<() => void> {
  if (holdsLogin(req)) {
    const binding = bindVisit(req, visitor)
    writeVisitEntry(session, visitor, binding.digest)
    return binding.give
  }
  const renewed = await renewSession(req, who, { keep, end: 'visit' })
  writeVisitEntry(renewed, visitor)
  limitCookie(renewed, visitor)
  return () => undefined
}

/**
 * Finds out beforehand what would keep {@link openVisit} from opening a visit.
 *
 * @throws {SessionRenewalUnsupported} if the session cannot be given a new id
 */
export function requireSessionToOpen(req: Request, who: string): void {
  if (!holdsLogin(req)) requireRenewableSession(req, who)
}

/** The visitor that the session remembers, if the visit still lasts. Forgets one that does not. */
export async function rememberedVisitor(
  Model: typeof Visitor,
  req: Request,
  session: HostSession,
): Promise<Visitor | undefined> {
  const visitEntry = readVisitEntry(session, Model)
  if (visitEntry === undefined) return undefined
  if (visitEntry.binding !== undefined && !hasVisitBinding(req, visitEntry.binding)) {
    debug('visitor of pass %d not restored: another browser redeemed the link', visitEntry.id)
    return undefined
  }
  const ended = visitEntry.until !== null && visitEntry.until <= Date.now()
  const visitor = ended ? undefined : await findPass(Model, visitEntry.id)
  if (visitor?.isActive === true && beganByLinkOf(visitEntry, visitor)) return visitor

  const reason = ended ? 'session-ended' : whyNotRestored(visitor)
  debug('visitor of pass %d not restored: %s', visitEntry.id, reason)
  clearVisitEntry(session)
  noteRefusal(req, reason, ended ? { id: visitEntry.id, Visitor: Model } : visitor)
  return undefined
}

function whyNotRestored(visitor: Visitor | undefined): 'gone' | 'reissued' | 'deactivated' {
  if (visitor === undefined) return 'gone'
  return visitor.isActive ? 'reissued' : 'deactivated'
}

function holdsLogin(req: Request): boolean {
  return currentUser(req) !== undefined || sessionHoldsLogin(req)
}

/** Options of {@link endVisit}. */
export interface EndVisitOptions extends WriteOptions {
  /** Close the pass as well, so that neither its link nor another browser gets in with it. @default false */
  deactivate?: boolean
}

/**
 * Ends the visit in this session: at the last step of a form, for example. A logged-in user stays logged in. Without a
 * visitor it does nothing.
 *
 * @example
 * await endVisit(req, { deactivate: true })
 *
 * @throws {SessionRequired} if there is no session
 */
export async function endVisit(
  req: Request,
  { deactivate = false, transaction, actor }: EndVisitOptions = {},
): Promise<void> {
  const session = requireSession(req, 'endVisit')
  const { visitor } = req
  if (deactivate) await visitor?.deactivate({ transaction, req, actor })
  clearVisitEntry(session)
  req.visitor = undefined
  if (visitor)
    announce((visitor.constructor as typeof Visitor).events, 'ended', { visitor, req }, transaction)
}
