import { col, fn, Op } from 'sequelize'
import { fieldOf } from '../database/columns.js'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { dayOf, type GuestEnd } from '../guest/outcome.js'
import type { Day } from './days.js'

/** Counts of the guests of one day. */
export interface GuestStats {
  /** Created on that day. Guests that were deleted in another way than by this package do not count. */
  readonly created: number
  /** Became regular users on that day, whenever they were created. */
  readonly converted: number
  /** Were merged into an account on that day. */
  readonly merged: number
  /** Were cleaned up on that day. */
  readonly expired: number
  /** The part of the guests created on that day that are regular users by now; `null` if there are none. */
  readonly conversionRate: number | null
}

/** How many guests were created on one day and ended on another. */
interface Ended {
  readonly outcome: GuestEnd
  readonly createdOn: string
  readonly endedOn: string
  readonly guests: number
}

export async function readGuestStats(
  Guest: GuestModel,
  days: readonly Day[],
): Promise<ReadonlyMap<string, GuestStats>> {
  const [first] = days
  const ended = first === undefined ? [] : await readEnded(Guest, first.day)
  const stats = new Map<string, GuestStats>()
  for (const { day, begins, ends } of days) {
    const alive = await Guest.count({
      where: { createdAt: { [Op.gte]: begins, [Op.lt]: ends } },
      useMaster: true,
    })
    const ofDay = ended.filter(({ createdOn }) => createdOn === day)
    const onDay = ended.filter(({ endedOn }) => endedOn === day)
    const created = alive + sum(ofDay)
    stats.set(day, {
      created,
      converted: sum(onDay, 'converted'),
      merged: sum(onDay, 'merged'),
      expired: sum(onDay, 'expired'),
      conversionRate: created === 0 ? null : sum(ofDay, 'converted') / created,
    })
  }
  return stats
}

function sum(ended: readonly Ended[], outcome?: GuestEnd): number {
  return ended
    .filter((row) => outcome === undefined || row.outcome === outcome)
    .reduce((total, { guests }) => total + guests, 0)
}

/** Includes all guests created since that day: they cannot have ended before it. */
async function readEnded(Guest: GuestModel, since: string): Promise<Ended[]> {
  const { Outcome } = Guest[guestSettings]
  const [outcome, createdOn, endedOn, guests] = (['outcome', 'createdOn', 'endedOn', 'guests'] as const).map(
    (attribute) => col(fieldOf(Outcome, attribute)),
  )
  // The model's types do not include these aliases.
  const rows = (await Outcome.findAll({
    // In lower case, as PostgreSQL returns them under `quoteIdentifiers: false`.
    attributes: [
      [outcome, 'outcome'],
      [createdOn, 'made'],
      [endedOn, 'ended'],
      [fn('SUM', guests), 'total'],
    ] as never,
    where: { endedOn: { [Op.gte]: since } },
    group: [outcome, createdOn, endedOn] as never,
    raw: true,
    useMaster: true,
  })) as unknown as Record<'outcome' | 'made' | 'ended' | 'total', unknown>[]
  return rows.map((row) => ({
    outcome: row.outcome as GuestEnd,
    createdOn: dayText(row.made),
    endedOn: dayText(row.ended),
    guests: Number(row.total),
  }))
}

/** Some drivers return a `Date` for a day. */
function dayText(value: unknown): string {
  return value instanceof Date ? dayOf(value) : String(value)
}
