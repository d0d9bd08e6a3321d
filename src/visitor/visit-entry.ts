import { createHash } from 'node:crypto'
import { VISITOR_SESSION_KEY, type HostSession } from '../http/session.js'
import type { Visitor } from './visitor.js'

/** What is remembered of a visit: in the session, or inside a login in the cookie {@link giveVisitCookie}. */
export interface VisitEntry {
  /** The pass's primary key: nothing of which a token could be made. */
  readonly id: number
  /** Whose key it is: an application can have two models of passes. */
  readonly model: string
  /** By which link the visit began; a digest, of which no token can be made. */
  readonly link: string
  /** When the visit ends, in milliseconds since the epoch; `null`: with the host's session. */
  readonly until: number | null
}

const DAY_MS = 24 * 60 * 60 * 1000

/** The entry of a visit that begins now. Its end is fixed now, so that no amount of clicking prolongs it. */
export function entryOf(visitor: Visitor): VisitEntry {
  const { id, sessionExpiry } = visitor
  const lasts = sessionExpiry === 0 ? DAY_MS : sessionExpiry === null ? null : sessionExpiry * 1000
  const until = lasts === null ? null : Date.now() + lasts
  return { id, model: visitor.constructor.name, link: linkOf(visitor), until }
}

/** An entry that came back from where it was stored, if it is one of this model. */
export function parseEntry(stored: unknown, Model: typeof Visitor): VisitEntry | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined
  const { id, model, link, until } = stored as Partial<VisitEntry>
  if (model !== Model.name || !isPassId(id) || typeof link !== 'string') return undefined
  return until === null || typeof until === 'number' ? { id, model, link, until } : undefined
}

/** Without a secret the cookie is read before its signature: PostgreSQL fails for a number that is no INTEGER. */
function isPassId(id: unknown): id is number {
  return Number.isInteger(id) && Math.abs(Number(id)) < 2 ** 31
}

/** Whether a visit began by the link that the pass has now: `reissue()` ends the visits of the old one. */
export function beganByLinkOf({ link }: VisitEntry, visitor: Visitor): boolean {
  return link === linkOf(visitor)
}

/** The uuid has 122 random bits: its digest leads back to nothing, and needs no secret that could be rotated. */
function linkOf({ uuid }: Visitor): string {
  return createHash('sha256').update(uuid).digest('base64url')
}

export function clearVisitEntry(session: HostSession): void {
  Reflect.deleteProperty(session, VISITOR_SESSION_KEY)
}
