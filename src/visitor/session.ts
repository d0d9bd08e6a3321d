import type { Request } from 'express'
import type { RefusalReason } from '../errors.js'
import { VISITOR_SESSION_KEY, type HostSession } from '../web/session.js'
import type { Visitor } from './visitor.js'

/** What the session remembers of a visitor. */
export interface Stash {
  /** The pass's primary key: nothing of which a token could be made. */
  readonly id: number
  /** Whose key it is: an application can have two models of passes. */
  readonly of: string
  /** When the visit ends, in milliseconds since the epoch; `null`: with the host's session. */
  readonly until: number | null
}

const DAY_MS = 24 * 60 * 60 * 1000

/** The visitor of this model that the session remembers, if it remembers one. */
export function readStash(session: HostSession, Model: typeof Visitor): Stash | undefined {
  const stash = session[VISITOR_SESSION_KEY] as Partial<Stash> | null | undefined
  if (typeof stash !== 'object' || stash === null) return undefined
  const { id, of, until } = stash
  if (of !== Model.name || typeof id !== 'number') return undefined
  return until === null || typeof until === 'number' ? { id, of, until } : undefined
}

/** Remembers a visitor; the end is fixed now, so that no amount of clicking prolongs it. */
export function writeStash(session: HostSession, visitor: Visitor): void {
  const { id, sessionExpiry } = visitor
  const lasts = sessionExpiry === 0 ? DAY_MS : sessionExpiry === null ? null : sessionExpiry * 1000
  const until = lasts === null ? null : Date.now() + lasts
  session[VISITOR_SESSION_KEY] = { id, of: visitor.constructor.name, until } satisfies Stash
}

export function clearStash(session: HostSession): void {
  Reflect.deleteProperty(session, VISITOR_SESSION_KEY)
}

/**
 * Makes the browser forget when the server does. Only for a session in which nobody is logged in: a visit must not
 * shorten a user's.
 */
export function limitCookie(session: HostSession, { sessionExpiry }: Visitor): void {
  if (sessionExpiry === null || session.cookie === undefined) return
  if (sessionExpiry === 0) session.cookie.expires = null
  else session.cookie.maxAge = sessionExpiry * 1000
}

const refusals = new WeakMap<
  Request,
  { readonly reason: RefusalReason; readonly visitor: Visitor | undefined }
>()

/** Notes why this request has no visitor, or not the one that its token names; for the guard to say. */
export function noteRefusal(req: Request, reason: RefusalReason, visitor?: Visitor): void {
  refusals.set(req, { reason, visitor })
}

export function notedRefusal(req: Request): RefusalReason | undefined {
  return refusals.get(req)?.reason
}
