import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DayStats } from '../../src/stats/read-stats.js'
import { DAY } from '../support/clock.js'
import { exportFrom, openStage, type Stage } from './stage.js'

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

  it('stats prints a table with totals for each half, today last', async () => {
    const { code, stdout, stderr } = await stage.run(['stats', '--days', '2'])
    assert.deepEqual([code, stderr], [0, ''])
    const [yesterday, today] = [-1, 0].map((days) =>
      new Date(Date.now() + days * DAY * 1000).toISOString().slice(0, 10),
    )
    assert.deepEqual(stdout.split('\n'), [
      'Guests      created  converted  merged  expired  rate',
      `${yesterday}        0          0       0        0     –`,
      `${today}        4          1       0        0   25%`,
      'total             4          1       0        0   25%',
      '',
      'Passes      issued  redeemed  suspected shared',
      `${yesterday}       0         0                 0`,
      `${today}       1         0                 0`,
      'total            1         0                 0',
      '',
    ])
  })

  it('stats leaves out the half that the configuration does not export', async () => {
    const { sequelize, Visitor, folder } = stage
    await exportFrom(folder, { sequelize, Visitor }, 'without-guests.mjs')
    const { stdout } = await stage.run(['stats', '--days', '1', '--config', 'without-guests.mjs'])
    assert.match(stdout, /^Passes +issued/)
    assert.doesNotMatch(stdout, /Guests/)
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
