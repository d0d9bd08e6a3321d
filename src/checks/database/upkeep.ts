import { Op, type WhereOptions } from 'sequelize'
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
    "Run 'passport-ephemeral cleanup' daily, by cron or by a queue (passport-ephemeral/pg-boss). If it runs: guests stay that have the open link of a pending conversion, that 'keep' keeps, or that a foreign key protects; the clean-up counts the last two as kept and failed.",
  )
}
