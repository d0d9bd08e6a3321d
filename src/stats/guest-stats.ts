import { col, fn, Op } from 'sequelize'
import { columnNameOf } from '../database/columns.js'
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

/** Guests of one day that are counted at most, for a page. */
const COUNTED_GUESTS = 10_000

/** What became of the guests who were made on one day. */
export interface GuestCohort {
  /** In UTC: `2026-11-24`. */
  readonly day: string
  readonly made: number
  readonly still: number
  /** Whether there are more of them: counting stopped at that many. */
  readonly isBounded: boolean
  readonly converted: number
  readonly merged: number
  readonly expired: number
  readonly deleted: number
  /** Were here on a later day, too; `undefined` where the model does not record it (`expiry: 'absolute'`). */
  readonly cameBack: number | undefined
}

/**
 * What became of the guests of each day, in bounded time however many there are: each statement reads a range of the index
 * on `createdAt`, and {@link COUNTED_GUESTS} rows at most.
 */
export async function readGuestCohorts(Guest: GuestModel, days: readonly Day[]): Promise<GuestCohort[]> {
  const [first] = days
  const ended = first === undefined ? [] : await readEnded(Guest, first.day)
  const isRecorded = Guest[guestSettings].expiry === 'sliding'
  const cohorts: GuestCohort[] = []
  for (const day of days) {
    const bound = await momentOfGuest(Guest, day, COUNTED_GUESTS)
    const still = bound === undefined ? await countAlive(Guest, day) : COUNTED_GUESTS
    const ofDay = ended.filter(({ createdOn }) => createdOn === day.day)
    const stayedLater = ofDay.filter(
      ({ outcome, endedOn }) => (outcome === 'converted' || outcome === 'merged') && endedOn > day.day,
    )
    cohorts.push({
      day: day.day,
      made: still + sum(ofDay),
      still,
      isBounded: bound !== undefined,
      converted: sum(ofDay, 'converted'),
      merged: sum(ofDay, 'merged'),
      expired: sum(ofDay, 'expired'),
      deleted: sum(ofDay, 'deleted'),
      cameBack: isRecorded
        ? sum(stayedLater) +
          (await countAlive(
            Guest,
            { ...day, ends: bound ?? day.ends },
            { lastSeenAt: { [Op.gte]: day.ends } },
          ))
        : undefined,
    })
  }
  return cohorts
}

export async function readGuestStats(
  Guest: GuestModel,
  days: readonly Day[],
): Promise<ReadonlyMap<string, GuestStats>> {
  const [first] = days
  const ended = first === undefined ? [] : await readEnded(Guest, first.day)
  const stats = new Map<string, GuestStats>()
  for (const each of days) {
    const { day } = each
    const alive = await countAlive(Guest, each)
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

/** When the guest was created before whom `others` were created on that day; `undefined` if there is none. */
async function momentOfGuest(
  Guest: GuestModel,
  { begins, ends }: Day,
  others: number,
): Promise<Date | undefined> {
  const guest = await Guest.findOne({
    attributes: ['createdAt'],
    where: { createdAt: { [Op.gte]: begins, [Op.lt]: ends } },
    order: ['createdAt'],
    offset: others,
    raw: false,
    useMaster: true,
  })
  return guest?.createdAt
}

function countAlive(Guest: GuestModel, { begins, ends }: Day, condition: object = {}): Promise<number> {
  return Guest.count({
    where: { createdAt: { [Op.gte]: begins, [Op.lt]: ends }, ...condition },
    useMaster: true,
  })
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
    (attribute) => col(columnNameOf(Outcome, attribute)),
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
