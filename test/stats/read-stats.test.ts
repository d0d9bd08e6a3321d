import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { cleanup } from '../../src/index.js'
import { readStats } from '../../src/stats/read-stats.js'
import { startApplication, type TestApp } from '../support/application.js'
import { at, DAY, HOUR } from '../support/clock.js'

/** Noon, so that no hour here or there is another day. */
const NOON = new Date('2026-11-24T12:00:00Z').getTime()
const daysAgo = <T>(days: number, work: () => Promise<T>) => at(NOON - days * DAY * 1000, work)
const NOTHING = { created: 0, converted: 0, merged: 0, expired: 0, conversionRate: null }

let app: TestApp
before(async () => {
  app = await startApplication()
})
after(() => app.close())

describe('statistics of guests', () => {
  it('readStats counts by day the guests created, converted and cleaned up, and the conversion rate', async () => {
    const { Guest } = app
    const [first] = await daysAgo(20, async () => [
      await Guest.createGuestUser(),
      await Guest.createGuestUser(),
    ])
    const young = await daysAgo(2, () => Guest.createGuestUser())
    await daysAgo(10, () => Guest.convert(first, { username: 'fred' }))
    await daysAgo(1, async () => {
      await Guest.convert(young, { username: 'ginger' })
      assert.equal((await cleanup({ Guest })).guests, 1)
    })

    const stats = await daysAgo(0, () => readStats({ Guest }, { days: 21 }))
    assert.equal(stats.length, 21)
    assert.deepEqual(
      stats.filter(({ guests }) => JSON.stringify(guests) !== JSON.stringify(NOTHING)),
      [
        { day: '2026-11-04', guests: { ...NOTHING, created: 2, conversionRate: 0.5 } },
        { day: '2026-11-14', guests: { ...NOTHING, converted: 1 } },
        { day: '2026-11-22', guests: { ...NOTHING, created: 1, conversionRate: 1 } },
        { day: '2026-11-23', guests: { ...NOTHING, converted: 1, expired: 1 } },
      ],
    )
    assert.equal(stats.at(-1)?.day, '2026-11-24')
  })

  it('readStats counts a day from midnight to midnight in UTC', async () => {
    const midnight = Date.parse('2026-06-02T00:00:00.000Z')
    for (const instant of [midnight - 1, midnight, midnight + DAY * 1000 - 1]) {
      await at(instant, () => app.Guest.createGuestUser())
    }
    const stats = await at(midnight + HOUR * 1000, () => readStats({ Guest: app.Guest }, { days: 2 }))
    assert.deepEqual(
      stats.map(({ day, guests }) => [day, guests?.created]),
      [
        ['2026-06-01', 1],
        ['2026-06-02', 2],
      ],
    )
  })
})

describe('statistics of passes', () => {
  it('readStats counts by day the passes issued, redeemed and suspected shared', async () => {
    const { Visitor, VisitorLog } = app
    await daysAgo(1, async () => {
      const [, redeemed, shared] = [
        await Visitor.create({ email: 'a@example.test', scope: 'X' }),
        await Visitor.create({ email: 'b@example.test', scope: 'X' }),
        await Visitor.create({ email: 'c@example.test', scope: 'X' }),
      ]
      await Visitor.update({ lastUsedAt: new Date() }, { where: { id: [redeemed.id, shared.id] } })
      const visit = { method: 'GET', path: '/', status: 200, userAgent: '', referrer: '', ip: '' }
      await VisitorLog.bulkCreate(
        [
          ...Array.from({ length: 4 }, (_, place) => ({
            visitorId: redeemed.id,
            sessionHash: `r${String(place)}`,
          })),
          ...Array.from({ length: 5 }, (_, place) => ({
            visitorId: shared.id,
            sessionHash: `s${String(place)}`,
          })),
        ].map((row) => ({ ...visit, ...row, outcome: 'admitted' as const })),
      )
    })
    const stats = await daysAgo(0, () => readStats({ Visitor }, { days: 2 }))
    assert.deepEqual(stats, [
      { day: '2026-11-23', passes: { issued: 3, redeemed: 2, suspectedShared: 1 } },
      { day: '2026-11-24', passes: { issued: 0, redeemed: 0, suspectedShared: 0 } },
    ])
  })
})
