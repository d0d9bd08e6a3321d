import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { report } from '../../src/cli/stats.js'
import type { DayStats } from '../../src/stats/read-stats.js'
import { openStage, type Stage } from './stage.js'

const at = (width: number) => ({ width, paint: (_format: unknown, text: string) => text })
const guestReport = (of: readonly DayStats[], look: ReturnType<typeof at>) =>
  report(
    of.map(({ day: name, guests }) => ({ day: name, ...(guests && { guests }) })),
    look,
  )
const passReport = (of: readonly DayStats[], look: ReturnType<typeof at>) =>
  report(
    of.map(({ day: name, passes }) => ({ day: name, ...(passes && { passes }) })),
    look,
  )

const days: readonly DayStats[] = [
  day('2026-11-22', 200, 50, { issued: 4, redeemed: 3, suspectedShared: 1 }),
  day('2026-11-23', 0, 0, { issued: 0, redeemed: 0, suspectedShared: 0 }),
  day('2026-11-24', 1, 1, { issued: 2, redeemed: 0, suspectedShared: 0 }),
]

function day(name: string, created: number, converted: number, passes: DayStats['passes']): DayStats {
  const conversionRate = created === 0 ? null : converted / created
  return {
    day: name,
    guests: { created, converted, merged: 0, expired: 0, conversionRate },
    ...(passes && { passes }),
  }
}

describe('the report of stats', () => {
  it('the report is a table of days with bars and totals', () => {
    assert.deepEqual(guestReport(days, at(80)), [
      'Guests      created  converted  merged  expired  rate',
      `2026-11-22      200         50       0        0   25%  ${'█'.repeat(24)}`,
      '2026-11-23        0          0       0        0     –',
      '2026-11-24        1          1       0        0  100%  █',
      'total           201         51       0        0   25%',
    ])
    assert.deepEqual(passReport(days, at(60)), [
      'Passes      issued  redeemed  suspected shared',
      `2026-11-22       4         3                 1  ${'█'.repeat(11)}`,
      '2026-11-23       0         0                 0',
      `2026-11-24       2         0                 0  ${'█'.repeat(6)}`,
      'total            6         3                 1',
    ])
  })

  it('the report fits the width, and has no bars where there is no room', () => {
    for (const width of [40, 55, 80, 120, 300]) {
      const lines = guestReport(days, at(width))
      const table = lines[0]?.length ?? 0
      for (const line of lines) assert.ok(line.length <= Math.max(width - 1, table), `${width}: ${line}`)
    }
    assert.doesNotMatch(guestReport(days, at(40)).join('\n'), /█/)
  })

  it('the report groups the digits of large numbers', () => {
    assert.match(guestReport([day('2026-11-22', 1_200_000, 5, undefined)], at(80))[1] ?? '', / 1,200,000 /)
  })

  it('the report has an empty line between guests and passes', () => {
    assert.deepEqual(report(days, at(80)), [...guestReport(days, at(80)), '', ...passReport(days, at(80))])
  })

  it('the report is one line if nothing happened', () => {
    const nothing = [day('2026-11-23', 0, 0, { issued: 0, redeemed: 0, suspectedShared: 0 })]
    assert.deepEqual(report(nothing, at(80)), [
      'Nothing happened in the last 1 day: no guests and no passes.',
    ])
    assert.deepEqual(guestReport(nothing, at(80)), ['Nothing happened in the last 1 day: no guests.'])
  })
})

describe('stats', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
    for (const username of ['one', 'two', 'three', 'four']) {
      await stage.User.create({ username })
      await stage.Guest.createGuestUser()
    }
    const guest = await stage.Guest.findOne({ rejectOnEmpty: true })
    await stage.Guest.convert(guest.userId, { username: 'regular' } as never)
    await stage.Visitor.create({ email: 'kim@example.com', scope: 'A', context: null })
  })
  after(() => stage.close())

  it('stats prints both halves, today last, within 80 columns in a pipe', async () => {
    const { code, stdout, stderr } = await stage.run(['stats', '--days', '3'])
    assert.deepEqual([code, stderr], [0, ''])
    const lines = stdout.split('\n')
    const today = new Date().toISOString().slice(0, 10)
    assert.match(lines[3] ?? '', new RegExp(`^${today} +4 +1 +0 +0 +25%  █+$`))
    assert.match(lines[4] ?? '', /^total +4 +1 +0 +0 +25%$/)
    assert.match(stdout, /\n\nPasses +issued[^]*\ntotal +1 +0 +0\n$/)
    assert.ok(lines.every((line) => line.length <= 80))
  })

  it('stats prints thirty days by default, and --days of them as JSON', async () => {
    assert.equal((await stage.run(['stats'])).stdout.match(/^\d{4}-\d\d-\d\d/gm)?.length, 60)
    const { document } = await stage.json(['stats', '--days', '2'])
    const { days: read } = document as { days: DayStats[] }
    assert.equal(read.length, 2)
    assert.equal(read[1]?.guests?.created, 4)
    assert.equal(read[1].passes?.issued, 1)
  })

  it('stats refuses a number of days that is not positive or too large', async () => {
    for (const days of ['0', '-1', 'x', '1001']) {
      assert.equal((await stage.run(['stats', '--days', days])).code, 2, days)
    }
  })
})

it('stats prints one line for an empty database', async () => {
  const stage = await openStage()
  try {
    const { code, stdout } = await stage.run(['stats'])
    assert.deepEqual([code, stdout], [0, 'Nothing happened in the last 30 days: no guests and no passes.\n'])
  } finally {
    await stage.close()
  }
})
