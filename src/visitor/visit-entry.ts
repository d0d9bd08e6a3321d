import { nameInSessions } from '../database/model-identity.js'
import { VISITOR_SESSION_KEY, type HostSession } from '../http/session.js'
import { visitorSettings, type Visitor } from './visitor.js'

/** What is remembered of a visit: in the session, or inside a login in the cookie {@link giveVisitCookie}. */
export interface VisitEntry {
  /** The pass's primary key: nothing of which a token could be made. */
  readonly id: number
  /** Whose key it is: an application can have two models of passes, or share its session store with another one. */
  readonly model: string
  /** As which issue of the pass the visit began. Nothing of which a token could be made. */
  readonly issue: string
  /** When it began, in milliseconds since the epoch: it tells two visits of one pass apart. */
  readonly began: number
  /** When the visit ends, in milliseconds since the epoch; `null`: with the host's session. */
  readonly until: number | null
}

const DAY_MS = 24 * 60 * 60 * 1000

/** The entry of a visit that begins now. Its end is fixed now, so that no amount of clicking prolongs it. */
export function entryOf(visitor: Visitor): VisitEntry {
  const { id, sessionExpiry } = visitor
  const lasts = sessionExpiry === 0 ? DAY_MS : sessionExpiry === null ? null : sessionExpiry * 1000
  const began = Date.now()
  const until = lasts === null ? null : began + lasts
  const model = sessionNameOf(visitor.constructor as typeof Visitor)
  return { id, model, issue: issueOf(visitor), began, until }
}

/** An entry that came back from where it was stored, if it is one of this model. */
export function parseEntry(stored: unknown, Model: typeof Visitor): VisitEntry | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined
  const { id, model, issue, began, until } = stored as Partial<VisitEntry>
  if (model !== sessionNameOf(Model) || !isPassId(id) || typeof issue !== 'string') return undefined
  if (typeof began !== 'number') return undefined
  return until === null || typeof until === 'number' ? { id, model, issue, began, until } : undefined
}

/** The name by which sessions, and what we sign for a browser, record a model, and where its passes are. */
export function sessionNameOf(Model: typeof Visitor): string {
  return nameInSessions(Model, Model, Model[visitorSettings].databaseName)
}

/** Without a secret the cookie is read before its signature: PostgreSQL fails for a number that is no INTEGER. */
function isPassId(id: unknown): id is number {
  return Number.isInteger(id) && Math.abs(Number(id)) < 2 ** 31
}

/** Whether a visit began since the pass was last reissued: `reissue()` ends earlier visits. */
export function beganByIssueOf({ issue }: VisitEntry, visitor: Visitor): boolean {
  return issue === issueOf(visitor)
}

/** When it was issued: its id can have been that of another pass. The uuid is not in it: a fresh link for an expired one ends no visit. */
function issueOf({ createdAt, reissuedAt }: Visitor): string {
  return `${String(createdAt.getTime())}-${String(reissuedAt?.getTime() ?? 0)}`
}

export function clearVisitEntry(session: HostSession): void {
  Reflect.deleteProperty(session, VISITOR_SESSION_KEY)
}
