import type { QueryOptions, Row } from '../../database/prepared.js'
import { countVisits } from './statements.js'
import type { VisitorLog } from './visitor-log.js'

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

const UNUSED: Sharing = {
  visits: 0,
  sessions: 0,
  addresses: 0,
  agents: 0,
  firstSeenAt: null,
  lastSeenAt: null,
}

/** How widely one pass is used, by the visits that were written. */
export async function readSharing(
  Log: typeof VisitorLog,
  visitorId: number,
  options: QueryOptions,
): Promise<Sharing> {
  return (await readSharingOfAll(Log, [visitorId], options)).get(visitorId) ?? { ...UNUSED }
}

/** The same for several passes, in one statement; those without visits are left out. */
export async function readSharingOfAll(
  Log: typeof VisitorLog,
  visitorIds: readonly number[],
  options: QueryOptions,
): Promise<Map<number, Sharing>> {
  const rows = await countVisits(Log, visitorIds, options)
  return new Map(rows.map((row) => [Number(row['pass']), toSharing(row)]))
}

/** Counts are strings on PostgreSQL, and dates are on SQLite. */
function toSharing({ visits, sessions, addresses, agents, earliest, latest }: Row): Sharing {
  return {
    visits: Number(visits),
    sessions: Number(sessions),
    addresses: Number(addresses),
    agents: Number(agents),
    firstSeenAt: toDate(earliest),
    lastSeenAt: toDate(latest),
  }
}

function toDate(value: unknown): Date {
  return value instanceof Date ? value : new Date(String(value))
}
