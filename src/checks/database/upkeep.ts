import { Op, type Sequelize, type WhereOptions } from 'sequelize'
import { readVersion } from '../../database/catalog-statements.js'
import { isMysql } from '../../database/dialect.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { finding, type Finding } from '../finding.js'

/** How long after they have expired guests may still be there, in seconds: a clean-up that runs daily, and was missed once. */
const GRACE = 2 * 24 * 60 * 60

/** Whether a clean-up deletes the guests who have expired. One row is looked up, by an index. */
export async function checkExpiredGuests(Guest: GuestModel): Promise<Finding[]> {
  const { maxAge, expiry } = Guest[guestSettings]
  const since = expiry === 'sliding' ? 'lastSeenAt' : 'createdAt'
  const left = await Guest.unscoped().findOne({
    attributes: ['userId'],
    where: { [since]: { [Op.lt]: new Date(Date.now() - (maxAge + GRACE) * 1000) } } as WhereOptions,
    raw: true,
    useMaster: true,
  })
  if (left === null) return []
  return [
    finding(
      'EXPIRED_GUESTS_LEFT',
      'warning',
      'Guests who expired more than two days ago are still in the database: does a clean-up run?',
      "Run 'passport-ephemeral cleanup' daily, by cron or by a queue (passport-ephemeral/pg-boss). If it runs: guests stay whom 'keep' keeps, or whom a foreign key blocks; the clean-up counts them as kept and blocked.",
    ),
  ]
}

/** Whether the server can pass over rows that others have locked, which lets several clean-ups share the work. */
export async function checkServer(sequelize: Sequelize): Promise<Finding[]> {
  if (!isMysql(sequelize)) return []
  const version = await readVersion(sequelize)
  if (canSkipLocked(version)) return []
  return [
    finding(
      'NO_SKIP_LOCKED',
      'warning',
      `The database server is ${version}, which has no SKIP LOCKED: clean-ups that run at once wait for each other and for web requests.`,
      'Use MariaDB 10.6, MySQL 8.0.1, or later; until then run one clean-up at a time.',
    ),
  ]
}

/** By the answer of `VERSION()`; a version that cannot be read passes. */
export function canSkipLocked(version: string): boolean {
  // Some MariaDB servers put this before their own version, for clients of MySQL 5.5.
  const numbers = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  const [major = Infinity, minor = 0, patch = 0] = numbers ?? []
  const [needMajor, needMinor, needPatch] = /mariadb/i.test(version) ? [10, 6, 0] : [8, 0, 1]
  if (major !== needMajor) return major > needMajor
  return minor === needMinor ? patch >= needPatch : minor > needMinor
}
