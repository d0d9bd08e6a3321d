import { Op, type Sequelize, type WhereOptions } from 'sequelize'
import { fieldOf, quoterOf } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import type { Finding } from '../finding.js'
import { readVersion } from '../../database/catalog-statements.js'
import { type Catalog } from '../../database/catalog.js'
import { isMysql, isPostgres } from '../../database/dialect.js'

/** How long after they have expired guests may still be there, in seconds: a clean-up that runs daily, and was missed once. */
const GRACE = 2 * 24 * 60 * 60

/** Whether somebody deletes guests who have expired. One row is looked for, by an index. */
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
    {
      code: 'expired-guests-left',
      severity: 'warning',
      message: `Guests who expired more than two days ago are still in the database: does a clean-up run?`,
      remedy: `Run 'passport-ephemeral cleanup' daily, by cron or by a queue (passport-ephemeral/pg-boss). If it runs: what 'keep' says yes to stays, and so does a guest whom a foreign key holds back; the clean-up counts those as kept and blocked.`,
    },
  ]
}

/** Whether the server can pass over rows that others have locked, which lets several clean-ups share the work. */
export async function checkServer(sequelize: Sequelize): Promise<Finding[]> {
  if (!isMysql(sequelize)) return []
  const version = await readVersion(sequelize)
  if (canSkipLocked(version)) return []
  return [
    {
      code: 'no-skip-locked',
      severity: 'warning',
      message: `The database server is ${version}, which knows no SKIP LOCKED: clean-ups that run at once wait for each other, and for people's requests.`,
      remedy: 'Use MariaDB 10.6, MySQL 8.0.1, or later; until then run one clean-up at a time.',
    },
  ]
}

/** By what `VERSION()` says; of what cannot be read, nothing is claimed. */
export function canSkipLocked(version: string): boolean {
  // A MariaDB that stands in for MySQL 5.5 says so first.
  const numbers = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  const [major = Infinity, minor = 0, patch = 0] = numbers ?? []
  const [needMajor, needMinor, needPatch] = /mariadb/i.test(version) ? [10, 6, 0] : [8, 0, 1]
  if (major !== needMajor) return major > needMajor
  return minor === needMinor ? patch >= needPatch : minor > needMinor
}

/** Whether e-mail addresses are looked up by an index, whatever the case of their letters. */
export async function checkEmailLookup(Guest: GuestModel, catalog: Catalog): Promise<Finding[]> {
  const { User } = Guest[guestSettings]
  const { sequelize } = User
  if (sequelize === undefined || !isPostgres(sequelize)) return []
  if (!Object.hasOwn(User.getAttributes(), 'email')) return []
  const users = await catalog.tableOf(User)
  const field = fieldOf(User, 'email')
  const column = users?.columns.find(({ name }) => name === field)
  if (users === undefined || column === undefined || column.type === 'citext') return []
  const isLowered = (expression: string): boolean =>
    new RegExp(`^lower\\(\\(?"?${field}"?(\\)?::text)?\\)$`, 'i').test(expression)
  if (
    users.indexes.some(
      ({ parts: [first], predicate, isUsable }) =>
        isUsable && predicate === undefined && first !== undefined && isLowered(first.sql),
    )
  )
    return []
  return [
    {
      code: 'email-without-lower-index',
      severity: 'note',
      message: `${users.sql} has no index on lower(${field}): the form of convertRouter, which looks addresses up in any case, reads the whole table.`,
      remedy: `CREATE INDEX${users.isPartitioned ? '' : ' CONCURRENTLY'} ON ${users.sql} (lower(${quoterOf(sequelize)(field)}));`,
    },
  ]
}
