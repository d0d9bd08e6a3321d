import type { QueryOptions } from '../../database/transactions.js'
import type { RefusalReason } from '../../refusal-reason.js'

/** How a visit ended: admitted, or the reason for the refusal. */
export type VisitOutcome = 'admitted' | RefusalReason

/** A recorded visit, with every column of its row. */
export interface Visit {
  readonly visitorId: number
  readonly createdAt: Date
  readonly method: string
  readonly path: string
  readonly status: number
  readonly userAgent: string
  readonly referrer: string
  readonly ip: string
  readonly sessionHash: string
  readonly outcome: VisitOutcome
}

/** How widely a pass is used, by the visit log. Visits of every outcome count: a used-up link that others try was passed on. */
export interface Sharing {
  readonly visits: number
  /** Different sessions. A refused request without a stored session counts for none. */
  readonly sessions: number
  /** Different addresses; networks, with `anonymizeIp`. */
  readonly addresses: number
  /** Different values of the `User-Agent` header. */
  readonly agents: number
  /** `null` if there are no visits. */
  readonly firstSeenAt: Date | null
  /** `null` if there are no visits. */
  readonly lastSeenAt: Date | null
}

/** What the passes need of their visit log. */
export interface Visits {
  /** Buffers a visit. Never throws, and never waits. */
  readonly add: (visit: Visit) => void
  /** How widely these passes are used, in one statement; passes without visits are left out. */
  readonly sharing: (visitorIds: readonly number[], options: QueryOptions) => Promise<Map<number, Sharing>>
}

/** The sharing of a pass without visits. */
export const UNUSED: Sharing = {
  visits: 0,
  sessions: 0,
  addresses: 0,
  agents: 0,
  firstSeenAt: null,
  lastSeenAt: null,
}
