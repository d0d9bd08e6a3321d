import type { Accounts } from './accounting.js'
import type { Audit } from './audit.js'
import type { CleanUps } from './clean-ups.js'
import type { Inflicted } from './faults.js'
import type { Traffic } from '../support/traffic.js'

/** The results to print. */
export interface Result {
  readonly accounts: Accounts
  readonly audit: Audit
  readonly cleanUps: CleanUps
  readonly inflicted: readonly Inflicted[]
  readonly traffic: Traffic
  readonly oldGuests: number
}

export function report({ accounts, audit, cleanUps, inflicted, traffic, oldGuests }: Result): void {
  const { todos, conversions, merges, limited, plain, bursts } = accounts
  table(
    ['fault', 'times', 'recovered after, at most'],
    [...new Set(inflicted.map(({ name }) => name))].map((name) => {
      const seconds = inflicted
        .filter((each) => each.name === name)
        .map(({ recoveredAfter }) => recoveredAfter / 1000)
      return [name, seconds.length, `${Math.max(...seconds).toFixed(1)} s`]
    }),
  )
  table(
    ['change', 'acknowledged', 'uncertain', 'of these done', 'in the database'],
    [
      [
        'to-dos written',
        todos.acknowledged,
        todos.uncertain,
        todos.uncertainDone,
        `${todos.kept} there, ${todos.expired} deleted with expired guests`,
      ],
      [
        'conversions',
        conversions.acknowledged,
        conversions.uncertain,
        conversions.uncertainDone,
        audit.converted,
      ],
      [
        'merges',
        merges.acknowledged,
        merges.uncertain,
        merges.uncertainDone,
        `${audit.merged}, moving ${audit.moved} to-dos once each`,
      ],
      [
        `admitted by ${limited.passes} passes for one`,
        limited.admitted,
        '',
        '',
        `${limited.uses} uses of ${limited.tries} tries`,
      ],
      [
        `admitted by ${plain.passes} passes for many`,
        plain.admitted,
        '',
        '',
        `${plain.uses} uses of ${plain.tries} tries`,
      ],
      [
        `guests of ${bursts.count} browsers, three parallel tabs each`,
        bursts.requests,
        '',
        '',
        'one list for each browser',
      ],
    ],
  )
  table(
    ['guests', ''],
    [
      ['already expired at the start', oldGuests],
      ['created', audit.created],
      ['converted', audit.converted],
      ['merged', audit.merged],
      ['expired and cleaned up', audit.expired],
      ['left', audit.left],
    ],
  )
  table(
    ['clean-ups', ''],
    [
      ['completed', cleanUps.completed],
      ['ended by their time budget', cleanUps.stopped],
      ['taken over or retried', cleanUps.taken],
      ['guests they report', cleanUps.guests],
    ],
  )
  table(
    ['response', 'requests'],
    [...traffic.byStatus().map(([status, count]) => [status, count]), ['slowest', `${traffic.slowest} ms`]],
  )
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const all = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  console.log()
  for (const [number, row] of all.entries()) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    if (number === 0) console.log(widths.map((width) => '─'.repeat(width)).join('  '))
  }
}
