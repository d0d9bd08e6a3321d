import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { dialect, isEmbedded } from '../support/database.js'

const SCRIPT = fileURLToPath(new URL('time-zone-process.ts', import.meta.url))

interface Report {
  readonly byDefault: Readonly<
    Record<'guests' | 'pendingConversions' | 'passes' | 'visits' | 'failed', number>
  >
  readonly byMaxAge: number
  readonly left: Readonly<Record<'anHourOld' | 'justMade' | 'withOpenLink', boolean>>
  readonly created: Readonly<Record<string, number>>
  readonly expiredToday: number
  readonly issuedToday: number
  readonly expectedDays: readonly [string, string, string, string]
}

async function runIn(TZ: string, timezone: string, more: object = {}): Promise<Report> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', SCRIPT, timezone, JSON.stringify(more)],
    { env: { ...process.env, TZ, NODE_TEST_CONTEXT: undefined } },
  )
  // What it imports for tests prints a report of its own, too.
  return JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')) ?? '') as Report
}

function check({ byDefault, byMaxAge, left, created, ...stats }: Report): void {
  const { guests, pendingConversions, passes, visits, failed } = byDefault
  assert.deepEqual([guests, pendingConversions, passes, visits, failed], [2, 1, 1, 2, 0])
  assert.equal(byMaxAge, 2)
  assert.deepEqual(left, { anHourOld: false, justMade: true, withOpenLink: true })
  const [young, old, recent, today] = stats.expectedDays
  const expected: Record<string, number> = {}
  for (const day of [young, old, old, old, today, recent, today]) expected[day] = (expected[day] ?? 0) + 1
  assert.deepEqual(created, expected)
  assert.deepEqual([stats.expiredToday, stats.issuedToday], [4, 2])
}

// Sequelize refuses a timezone for SQLite, and the embedded database takes seconds to start.
if (dialect !== 'sqlite' && !isEmbedded) {
  describe('a time zone of Sequelize that is neither the process’s nor the server’s', () => {
    for (const timezone of ['-08:00', '+05:30']) {
      it(`changes nothing about what is due, nor about the days of stats: ${timezone}`, async () => {
        check(await runIn('Pacific/Kiritimati', timezone))
      })
    }

    if (dialect === 'mysql') {
      it('changes nothing with dateStrings, either', async () => {
        check(await runIn('Pacific/Kiritimati', '-08:00', { dialectOptions: { dateStrings: true } }))
      })
    }
  })
}
