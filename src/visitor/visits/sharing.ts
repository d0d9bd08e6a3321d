import type { Row } from '../../database/prepared.js'
import type { QueryOptions } from '../../database/transactions.js'
import { countVisits } from './statements.js'
import type { Sharing } from './visit.js'
import type { VisitorLog } from './visitor-log.js'

/** How widely these passes are used, in one statement; passes without visits are left out. */
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
