import { readStats, type DayStats } from '../stats/read-stats.js'
import { requireModels, type Configuration } from './configuration.js'
import { ExitCode } from './failure.js'
import type { Output } from './output.js'
import { table, type Column } from './table.js'
import { counted, grouped } from './text.js'

/** Flags of `stats`. */
interface StatsOptions {
  readonly days: number
}

type Look = Pick<Output, 'width' | 'paint'>
type Guests = NonNullable<DayStats['guests']>
type Passes = NonNullable<DayStats['passes']>

/** A line of counts, and the value that its bar shows. */
interface Row {
  readonly cells: readonly string[]
  readonly value: number
}

const LONGEST_BAR = 60

/** Prints what happened on each of the last days. */
export async function printStats(
  configuration: Configuration,
  output: Output,
  { days }: StatsOptions,
): Promise<ExitCode> {
  const stats = await readStats(requireModels(configuration), { days })
  if (output.isJson) output.document({ days: stats })
  else output.print(...report(stats, output))
  return ExitCode.DONE
}

/** The days as tables for people, or one sentence if nothing happened. */
export function report(days: readonly DayStats[], look: Look): string[] {
  const counts = days.flatMap(({ guests, passes }) => [...Object.values({ ...guests, ...passes })])
  if (!counts.some((count) => (count ?? 0) > 0)) {
    const kinds = [
      ...(days.some(({ guests }) => guests) ? ['no guests'] : []),
      ...(days.some(({ passes }) => passes) ? ['no passes'] : []),
    ]
    return [`Nothing happened in the last ${counted(days.length, 'day')}: ${kinds.join(' and ')}.`]
  }
  const guests = days.flatMap((each) => (each.guests ? [{ day: each.day, ...each.guests }] : []))
  const passes = days.flatMap((each) => (each.passes ? [{ day: each.day, ...each.passes }] : []))
  return [
    ...(guests.length === 0 ? [] : guestReport(guests, look)),
    ...(guests.length === 0 || passes.length === 0 ? [] : ['']),
    ...(passes.length === 0 ? [] : passReport(passes, look)),
  ]
}

function guestReport(rows: readonly (Guests & { day: string })[], look: Look): string[] {
  const total: Guests = {
    created: sum(rows, 'created'),
    converted: sum(rows, 'converted'),
    merged: sum(rows, 'merged'),
    expired: sum(rows, 'expired'),
    conversionRate: overallRate(rows),
  }
  return withBars(
    ['Guests', 'created', 'converted', 'merged', 'expired', 'rate'],
    rows.map((row) => ({ cells: [row.day, ...guestCells(row)], value: row.created })),
    ['total', ...guestCells(total)],
    look,
  )
}

function passReport(rows: readonly (Passes & { day: string })[], look: Look): string[] {
  const total: Passes = {
    issued: sum(rows, 'issued'),
    redeemed: sum(rows, 'redeemed'),
    suspectedShared: sum(rows, 'suspectedShared'),
  }
  return withBars(
    ['Passes', 'issued', 'redeemed', 'suspected shared'],
    rows.map((row) => ({ cells: [row.day, ...passCells(row)], value: row.issued })),
    ['total', ...passCells(total)],
    look,
  )
}

function guestCells({ created, converted, merged, expired, conversionRate }: Guests): string[] {
  return [
    ...[created, converted, merged, expired].map(grouped),
    conversionRate === null ? '–' : `${String(Math.round(conversionRate * 100))}%`,
  ]
}

function passCells({ issued, redeemed, suspectedShared }: Passes): string[] {
  return [issued, redeemed, suspectedShared].map(grouped)
}

/** The part of all guests created in these days that are regular users by now. */
function overallRate(rows: readonly Guests[]): number | null {
  const created = sum(rows, 'created')
  return created === 0
    ? null
    : rows.reduce((total, row) => total + (row.conversionRate ?? 0) * row.created, 0) / created
}

function sum<Name extends string>(rows: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return rows.reduce((total, row) => total + row[name], 0)
}

function withBars(
  headings: readonly string[],
  rows: readonly Row[],
  total: readonly string[],
  { width, paint }: Look,
): string[] {
  const columns: Column[] = headings.map((heading, place) => ({
    heading,
    align: place === 0 ? 'left' : 'right',
  }))
  const [heading = '', ...lines] = table(columns, [...rows.map(({ cells }) => cells), total])
  const last = lines.pop() ?? ''
  // One column is left free: some terminals begin another line after a full one.
  const room = Math.min(LONGEST_BAR, width - heading.length - 3)
  const most = Math.max(...rows.map(({ value }) => value))
  return [
    paint('bold', heading),
    ...lines.map((line, place) =>
      `${line}  ${paint('cyan', bar(rows[place]?.value ?? 0, most, room))}`.trimEnd(),
    ),
    paint('bold', last),
  ]
}

/** A bar, `room` columns long for `most`, and at least one column for any value above 0. */
function bar(value: number, most: number, room: number): string {
  if (value <= 0 || most <= 0 || room <= 0) return ''
  return '█'.repeat(Math.max(1, Math.round((value / most) * room)))
}
