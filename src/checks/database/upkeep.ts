import { Op, type Sequelize, type WhereOptions } from 'sequelize'
import { isMysql } from '../../database/dialect.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import type { Report } from '../finding.js'

/** Seconds after which an expired guest must be deleted: a clean-up runs daily, and may be missed once. */
const GRACE = 2 * 24 * 60 * 60

/** Checks that a clean-up deletes the guests who have expired. Reads one row, by an index. */
export async function checkExpiredGuests(Guest: GuestModel, report: Report): Promise<void> {
  const { maxAge, expiry } = Guest[guestSettings]
  const since = expiry === 'sliding' ? 'lastSeenAt' : 'createdAt'
  const left = await Guest.unscoped().findOne({
    attributes: ['userId'],
    where: { [since]: { [Op.lt]: new Date(Date.now() - (maxAge + GRACE) * 1000) } } as WhereOptions,
    raw: true,
    useMaster: true,
  })
  if (left === null) return
  report(
    'EXPIRED_GUESTS_LEFT',
    'warning',
    'Guests who expired more than two days ago are still in the database: does a clean-up run?',
    "Run 'passport-ephemeral cleanup' daily, by cron or by a queue (passport-ephemeral/pg-boss). If it runs: guests stay that 'keep' keeps, or that a foreign key protects; the clean-up counts them as kept and failed.",
  )
}

/** Checks that the server can skip locked rows: the statements of a clean-up require it. */
export async function checkServer(sequelize: Sequelize, report: Report): Promise<void> {
  if (!isMysql(sequelize)) return
  const version = await sequelize.databaseVersion()
  if (canSkipLocked(version)) return
  report(
    'NO_SKIP_LOCKED',
    'error',
    `The database server is ${version}, which has no SKIP LOCKED: every clean-up fails.`,
    'Use MariaDB 10.6, MySQL 8.0.1, or later.',
  )
}

/** By the answer of `VERSION()`; a version that cannot be read passes. */
export function canSkipLocked(version: string): boolean {
  // Some MariaDB servers put this before their own version, for clients of MySQL 5.5.
  const numbers = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  const [major = Infinity, minor = 0, patch = 0] = numbers ?? []
  return major * 1e6 + minor * 1e3 + patch >= (/mariadb/i.test(version) ? 10_006_000 : 8_000_001)
}
