import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { cleanup } from '../../src/index.js'
import { startApplication, type TestApp } from '../support/application.js'
import { DAY } from '../support/clock.js'

let app: TestApp
before(async () => {
  app = await startApplication()
})
after(() => app.close())
beforeEach(() => app.Visitor.destroy({ where: {} }))

const ago = (days: number) => new Date(Date.now() - days * DAY * 1000)
const all = () => ({ Visitor: app.Visitor, VisitorLog: app.VisitorLog })

async function passOf(expiredDaysAgo: number, visitsDaysAgo: readonly number[] = []) {
  const pass = await app.Visitor.create({
    email: 'ginger@example.test',
    scope: 'REFERENCE',
    expiresAt: ago(expiredDaysAgo),
  })
  await app.VisitorLog.bulkCreate(
    visitsDaysAgo.map((days) => ({
      visitorId: pass.id,
      createdAt: ago(days),
      method: 'GET',
      path: '/',
      status: 200,
      userAgent: '',
      referrer: '',
      ip: '',
      sessionHash: '',
      outcome: 'admitted' as const,
    })),
  )
  return pass
}
const left = async () => [await app.Visitor.count(), await app.VisitorLog.count()]

describe('clean-up of passes', () => {
  it('deletes those that expired more than 30 days ago, and no other', async () => {
    await passOf(31)
    await passOf(29)
    await passOf(-1)
    const { passes } = await cleanup(all())
    assert.equal(passes, 1)
    assert.deepEqual(await left(), [2, 0])
  })

  it('uses the given retention; 0 deletes what has expired; false keeps for ever', async () => {
    await passOf(400)
    await passOf(1)
    await passOf(-1)
    assert.equal((await cleanup(all(), { retention: { passes: false } })).passes, 0)
    assert.equal((await cleanup(all(), { retention: { passes: 500 * DAY } })).passes, 0)
    assert.equal((await cleanup(all(), { retention: { passes: 0 } })).passes, 2)
    assert.deepEqual(await left(), [1, 0])
  })

  it('keeps a pass until its last visit may be deleted, and counts each visit separately', async () => {
    await passOf(40, [100, 95, 50])
    const first = await cleanup(all())
    assert.deepEqual([first.passes, first.visits], [0, 2])
    assert.deepEqual(await left(), [1, 1])
    const second = await cleanup(all(), { retention: { visits: 45 * DAY } })
    assert.deepEqual([second.passes, second.visits], [1, 1])
    assert.deepEqual(await left(), [0, 0])
  })

  it('never deletes a pass that has visits, where visits are kept for ever', async () => {
    await passOf(400, [390])
    await passOf(400)
    assert.equal((await cleanup(all(), { retention: { visits: false } })).passes, 1)
    assert.deepEqual(await left(), [1, 1])
  })

  it('deletes visits with their pass, without the VisitorLog model', async () => {
    await passOf(40, [35, 1])
    assert.deepEqual((await cleanup({ Visitor: app.Visitor })).passes, 1)
    assert.deepEqual(await left(), [0, 0])
  })

  it('deletes old visits by themselves, in batches', async () => {
    await passOf(-1, [...Array.from({ length: 7 }, () => 91), 89])
    const { visits, passes } = await cleanup({ VisitorLog: app.VisitorLog }, { batchSize: 3 })
    assert.deepEqual([visits, passes], [7, 0])
    assert.deepEqual(await left(), [1, 1])
  })

  it('keeps what keep selects, by a condition or a function', async () => {
    const [first, second] = [await passOf(40), await passOf(40), await passOf(40)]
    const byCondition = await cleanup(all(), {
      batchSize: 2,
      keep: { passes: { id: [first.id, second.id] } },
    })
    assert.deepEqual([byCondition.passes, byCondition.kept], [1, 2])
    const byFunction = await cleanup(all(), { keep: { passes: ({ id }) => id === second.id } })
    assert.deepEqual([byFunction.passes, byFunction.kept], [1, 1])
    assert.ok(await app.Visitor.findByPk(second.id))
  })

  it('reports the same numbers in a dry run', async () => {
    await passOf(40, [100, 95])
    await passOf(40, [10])
    const dry = await cleanup(all(), { dryRun: true })
    assert.deepEqual({ ...(await cleanup(all())), isDryRun: true }, dry)
    assert.deepEqual([dry.passes, dry.visits], [1, 2])
  })

  it('names the model that it cannot use', async () => {
    await assert.rejects(
      cleanup({ VisitorLog: app.Visitor as never }),
      /option 'VisitorLog' must be the VisitorLog model that defineVisitorModels returned/,
    )
  })
})

describe('records of how guests ended', () => {
  it('are deleted after 400 days', async () => {
    const Outcome = app.sequelize.model('GuestOutcome')
    const day = (days: number) => ago(days).toISOString().slice(0, 10)
    for (const days of [402, 398]) {
      await Outcome.create({ outcome: 'expired', guests: 1, createdOn: day(days), endedOn: day(days) })
    }
    assert.equal((await cleanup({ Guest: app.Guest })).outcomes, 1)
    assert.equal((await cleanup({ Guest: app.Guest }, { retention: { outcomes: false } })).outcomes, 0)
    assert.equal((await cleanup({ Guest: app.Guest }, { retention: { outcomes: DAY } })).outcomes, 1)
  })
})
