import { readStats, type DayStats } from '../stats/read-stats.js'
import { requireModels, type Configuration } from './configuration.js'
import { ExitCode } from './failure.js'
import type { Output } from './output.js'
import type { Column } from './table.js'
import { grouped } from './text.js'

/** Flags of `stats`. */
interface StatsOptions {
  readonly days: number
}

type Guests = NonNullable<DayStats['guests']> & { readonly day: string }
type Passes = NonNullable<DayStats['passes']> & { readonly day: string }

const GUEST_COUNTS = ['created', 'converted', 'merged', 'expired'] as const
const PASS_COUNTS = ['issued', 'redeemed', 'suspectedShared'] as const

const GUESTS: readonly Column<Guests>[] = [
  { heading: 'Guests', text: ({ day }) => day },
  ...GUEST_COUNTS.map((name) => countColumn(name, name)),
  {
    heading: 'rate',
    align: 'right',
    text: ({ conversionRate: rate }) => (rate === null ? '–' : `${String(Math.round(rate * 100))}%`),
  },
]
const PASSES: readonly Column<Passes>[] = [
  { heading: 'Passes', text: ({ day }) => day },
  ...PASS_COUNTS.map((name) => countColumn(name === 'suspectedShared' ? 'suspected shared' : name, name)),
]

/** Prints what happened on each of the last days, with totals. */
export async function printStats(
  configuration: Configuration,
  output: Output,
  { days }: StatsOptions,
): Promise<ExitCode> {
  const stats = await readStats(requireModels(configuration), { days })
  const guests = stats.flatMap(({ day, guests }) => (guests ? [{ day, ...guests }] : []))
  const passes = stats.flatMap(({ day, passes }) => (passes ? [{ day, ...passes }] : []))
  if (output.isJson) output.document({ days: stats })
  else {
    if (guests.length > 0) output.table(GUESTS, [...guests, totalOfGuests(guests)])
    if (guests.length > 0 && passes.length > 0) output.print('')
    if (passes.length > 0) output.table(PASSES, [...passes, { day: 'total', ...sums(passes, PASS_COUNTS) }])
  }
  return ExitCode.DONE
}

function countColumn<Name extends string>(
  heading: string,
  name: Name,
): Column<Readonly<Record<Name, number>>> {
  return { heading, align: 'right', text: (row) => grouped(row[name]) }
}

/** The total rate is the part of all guests created in these days that are regular users by now. */
function totalOfGuests(rows: readonly Guests[]): Guests {
  const counts = sums(rows, GUEST_COUNTS)
  const converted = rows.reduce(
    (sum, { conversionRate, created }) => sum + (conversionRate ?? 0) * created,
    0,
  )
  return { day: 'total', ...counts, conversionRate: counts.created === 0 ? null : converted / counts.created }
}

function sums<Name extends string>(
  rows: readonly Readonly<Record<Name, number>>[],
  names: readonly Name[],
): Record<Name, number> {
  return Object.fromEntries(
    names.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0)]),
  ) as Record<Name, number>
}
