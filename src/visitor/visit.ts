import createDebug from 'debug'
import type { Request } from 'express'
import { announce } from '../events/events.js'
import { recordEndedVisit } from '../http/parallel-visit.js'
import { currentUser, sessionHoldsLogin } from '../http/passport-request.js'
import { requireSession, saveSession, VISITOR_SESSION_KEY, type HostSession } from '../http/session.js'
import { noteBesideSession, renewSession } from '../http/session-renewal.js'
import { noteRefusal } from './request-notes.js'
import { findPass } from './statements.js'
import { dropVisitCookie, giveVisitCookie, readVisitCookie } from './visit-cookie.js'
import { beganByIssueOf, clearVisitEntry, entryOf, parseEntry } from './visit-entry.js'
import type { Visitor, WriteOptions } from './visitor.js'

const debug = createDebug('passport-ephemeral:visitor')

/** Who opens a visit, and what of an anonymous session it keeps. */
interface Opening {
  readonly who: string
  readonly keep: readonly string[]
}

/**
 * Opens a visit, and stores it before the client is told: a redirect may be followed at once. An attacker who planted the
 * session in this browser must not get the visit: an anonymous session gets a new id (ASVS 5.0, 7.2.4); the session of a
 * logged-in user keeps its id, and the visit is a cookie of its own. (A guest is logged in, too, and every client can
 * become one.)
 */
export async function openVisit(
  req: Request,
  session: HostSession,
  visitor: Visitor,
  { who, keep }: Opening,
): Promise<void> {
  const entry = entryOf(visitor)
  if (holdsLogin(req)) {
    clearVisitEntry(session) // of a visit that began before the login
    giveVisitCookie(req, visitor, entry)
    return
  }
  const renewed = await renewSession(req, who, { keep, end: 'visit' })
  renewed[VISITOR_SESSION_KEY] = entry
  limitCookie(renewed, visitor)
  await saveSession(renewed)
}

/**
 * Makes the browser's cookie expire with the visit. Only for a session without a login: a visit must not shorten a user's
 * session.
 */
function limitCookie(session: HostSession, { sessionExpiry }: Visitor): void {
  if (sessionExpiry === null || session.cookie === undefined) return
  if (sessionExpiry === 0) session.cookie.expires = null
  else session.cookie.maxAge = sessionExpiry * 1000
}

/** The visitor that the session, or a cookie beside its login, remembers, if the visit still lasts. Forgets one that does not. */
export async function rememberedVisitor(
  Model: typeof Visitor,
  req: Request,
  session: HostSession,
): Promise<Visitor | undefined> {
  const carried = holdsLogin(req) ? await readVisitCookie(req, Model) : undefined
  const entry = carried?.entry ?? parseEntry(session[VISITOR_SESSION_KEY], Model)
  if (entry === undefined) return undefined
  const ended = entry.until !== null && entry.until <= Date.now()
  const visitor = ended ? undefined : await findPass(Model, entry.id)
  if (visitor?.isActive === true && beganByIssueOf(entry, visitor)) {
    if (carried !== undefined) noteBesideSession(req, { [VISITOR_SESSION_KEY]: carried.entry })
    if (carried?.isOfReplaced === true) giveVisitCookie(req, visitor, entry)
    if (carried !== undefined && VISITOR_SESSION_KEY in session) session[VISITOR_SESSION_KEY] = entry // the later visit
    return visitor
  }
  const reason = ended ? 'session-ended' : whyNotRestored(visitor)
  debug('visitor of pass %d not restored: %s', entry.id, reason)
  forgetVisit(req, session)
  noteRefusal(req, reason, ended ? { id: entry.id, Visitor: Model } : visitor)
  return undefined
}

function forgetVisit(req: Request, session: HostSession): void {
  clearVisitEntry(session)
  noteBesideSession(req, { [VISITOR_SESSION_KEY]: undefined })
  if (holdsLogin(req)) dropVisitCookie(req)
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
 * Ends the visit in this browser: at the last step of a form, for example. A logged-in user stays logged in; their visit is a
 * cookie, which is removed, and of which a copy opens nothing any more. Call it before the response begins. Without a visitor it does nothing.
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
  if (visitor && holdsLogin(req)) {
    const Model = visitor.constructor as typeof Visitor
    const carried = await readVisitCookie(req, Model)
    // A renewal of the login has put it into the session; the cookie of the session before it is valid for a moment.
    for (const entry of [carried?.entry, parseEntry(session[VISITOR_SESSION_KEY], Model)]) {
      if (entry !== undefined) recordEndedVisit(session, entry)
    }
  }
  forgetVisit(req, session)
  req.visitor = undefined
  if (visitor)
    announce((visitor.constructor as typeof Visitor).events, 'ended', { visitor, req }, transaction)
}
