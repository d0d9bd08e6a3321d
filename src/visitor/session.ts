import { createHash } from 'node:crypto'
import type { Request } from 'express'
import type { RefusalReason } from '../errors.js'
import { VISITOR_SESSION_KEY, type HostSession } from '../http/session.js'
import type { Visitor } from './visitor.js'

/** What the session remembers of a visitor. */
export interface VisitEntry {
  /** The pass's primary key: nothing of which a token could be made. */
  readonly id: number
  /** Whose key it is: an application can have two models of passes. */
  readonly model: string
  /** By which link the visit began; a digest, of which no token can be made. */
  readonly link: string
  /** Which browser redeemed the link, where a new session id does not tell; a digest. */
  readonly binding?: string
  /** When the visit ends, in milliseconds since the epoch; `null`: with the host's session. */
  readonly until: number | null
}

const DAY_MS = 24 * 60 * 60 * 1000

/** The visitor of this model that the session remembers, if it remembers one. */
export function readVisitEntry(session: HostSession, Model: typeof Visitor): VisitEntry | undefined {
  const visitEntry = session[VISITOR_SESSION_KEY] as Partial<VisitEntry> | null | undefined
  if (typeof visitEntry !== 'object' || visitEntry === null) return undefined
  const { id, model, link, binding, until } = visitEntry
  if (model !== Model.name || typeof id !== 'number' || typeof link !== 'string') return undefined
  if (until !== null && typeof until !== 'number') return undefined
  return { id, model, link, until, ...(binding !== undefined && { binding }) }
}

/** Remembers a visitor; the end is fixed now, so that no amount of clicking prolongs it. */
export function writeVisitEntry(session: HostSession, visitor: Visitor, binding?: string): void {
  const { id, sessionExpiry } = visitor
  const lasts = sessionExpiry === 0 ? DAY_MS : sessionExpiry === null ? null : sessionExpiry * 1000
  const until = lasts === null ? null : Date.now() + lasts
  const visitEntry: VisitEntry = {
    id,
    model: visitor.constructor.name,
    link: linkOf(visitor),
    until,
    ...(binding !== undefined && { binding }),
  }
  session[VISITOR_SESSION_KEY] = visitEntry
}

/** Whether a visit began by the link that the pass has now: `reissue()` ends the visits of the old one. */
export function beganByLinkOf(visitEntry: VisitEntry, visitor: Visitor): boolean {
  return visitEntry.link === linkOf(visitor)
}

/** The uuid has 122 random bits: its digest leads back to nothing, and needs no secret that could be rotated. */
function linkOf({ uuid }: Visitor): string {
  return createHash('sha256').update(uuid).digest('base64url')
}

export function clearVisitEntry(session: HostSession): void {
  Reflect.deleteProperty(session, VISITOR_SESSION_KEY)
}

/**
 * Makes the browser's cookie expire with the visit. Only for a session without a login: a visit must not shorten a user's
 * session.
 */
export function limitCookie(session: HostSession, { sessionExpiry }: Visitor): void {
  if (sessionExpiry === null || session.cookie === undefined) return
  if (sessionExpiry === 0) session.cookie.expires = null
  else session.cookie.maxAge = sessionExpiry * 1000
}

/** A pass of which only the key is known: its row was not needed to refuse it. */
export interface PassKey {
  readonly id: number
  readonly Visitor: typeof Visitor
}

const refusals = new WeakMap<
  Request,
  { readonly reason: RefusalReason; readonly pass: Visitor | PassKey | undefined }
>()

/** Notes why this request has no visitor, or not the one that its token names; for the guard to say and to log. */
export function noteRefusal(req: Request, reason: RefusalReason, pass?: Visitor | PassKey): void {
  refusals.set(req, { reason, pass })
}

/** A visitor was admitted after all. */
export function forgetRefusal(req: Request): void {
  refusals.delete(req)
}

export function notedRefusal(req: Request): RefusalReason | undefined {
  return refusals.get(req)?.reason
}

/** The pass that was refused, if there is one in the database. */
export function notedPass(req: Request): Visitor | PassKey | undefined {
  return refusals.get(req)?.pass
}

const models = new WeakMap<Request, typeof Visitor>()

/** Notes whose passes this request was asked for. */
export function noteModel(req: Request, Model: typeof Visitor): void {
  models.set(req, Model)
}

/** The model of the strategy that looked at this request, if one did. */
export function modelOf(req: Request): typeof Visitor | undefined {
  return models.get(req)
}
