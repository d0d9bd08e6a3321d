import type { DayStats } from '../../stats/read-stats.js'
import type { Output } from '../output.js'
import { bar } from '../text/bar.js'
import { grouped } from '../text/number.js'
import { table, type Column } from '../text/table.js'

type Look = Pick<Output, 'width' | 'colours'>
type Guests = NonNullable<DayStats['guests']>
type Passes = NonNullable<DayStats['passes']>

/** A line of counts, and what its bar stands for. */
interface Row {
  readonly cells: readonly string[]
  readonly value: number
}

const LONGEST_BAR = 60

/** Guests day by day, and in all; nothing if there are no guests in the application. */
export function guestReport(days: readonly DayStats[], look: Look): string[] {
  const rows = days.flatMap(({ day, guests }) => (guests === undefined ? [] : [{ day, ...guests }]))
  if (rows.length === 0) return []
  const all: Guests = {
    created: sum(rows, 'created'),
    converted: sum(rows, 'converted'),
    merged: sum(rows, 'merged'),
    expired: sum(rows, 'expired'),
    conversionRate: overall(rows),
  }
  return report(
    ['Guests', 'created', 'converted', 'merged', 'expired', 'rate'],
    rows.map((row) => ({ cells: [row.day, ...guestCells(row)], value: row.created })),
    ['total', ...guestCells(all)],
    look,
  )
}

/** Passes likewise. */
export function passReport(days: readonly DayStats[], look: Look): string[] {
  const rows = days.flatMap(({ day, passes }) => (passes === undefined ? [] : [{ day, ...passes }]))
  if (rows.length === 0) return []
  const all: Passes = {
    issued: sum(rows, 'issued'),
    redeemed: sum(rows, 'redeemed'),
    suspectedShared: sum(rows, 'suspectedShared'),
  }
  return report(
    ['Passes', 'issued', 'redeemed', 'suspected shared'],
    rows.map((row) => ({ cells: [row.day, ...passCells(row)], value: row.issued })),
    ['total', ...passCells(all)],
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

/** Of all guests that were made in these days, those that are regular users by now. */
function overall(rows: readonly Guests[]): number | null {
  const created = sum(rows, 'created')
  return created === 0
    ? null
    : rows.reduce((total, row) => total + (row.conversionRate ?? 0) * row.created, 0) / created
}

function sum<Name extends string>(rows: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return rows.reduce((total, row) => total + row[name], 0)
}

function report(
  headings: readonly string[],
  rows: readonly Row[],
  total: readonly string[],
  { width, colours }: Look,
): string[] {
  const columns: Column[] = headings.map((heading, place) => ({
    heading,
    align: place === 0 ? 'left' : 'right',
  }))
  const [heading = '', ...lines] = table(columns, [...rows.map(({ cells }) => cells), total])
  const last = lines.pop() ?? ''
  // One column is left free: a full line makes some terminals begin another.
  const room = Math.min(LONGEST_BAR, width - heading.length - 3)
  const most = Math.max(...rows.map(({ value }) => value))
  return [
    colours.bold(heading),
    ...lines.map((line, place) =>
      `${line}  ${colours.cyan(bar(rows[place]?.value ?? 0, most, room))}`.trimEnd(),
    ),
    colours.bold(last),
  ]
}
