import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { cleanup } from '../../src/index.js'
import { at, DAY } from '../support/clock.js'
import { readable, startAdmin, type AdminStage } from './stage.js'

const daysAgo = <T>(days: number, work: () => Promise<T>) => at(Date.now() - days * DAY * 1000, work)

let app: AdminStage
before(async () => {
  app = await startAdmin(
    {},
    { guest: { expiry: 'sliding', maxAge: 6 * DAY }, visitor: { sharingThreshold: 3 } },
  )
})
after(() => app.close())

describe('the overview', () => {
  it('shows that there is nothing yet', async () => {
    const page = readable(await (await app.as('staff')).get('/admin').expect(200))
    assert.match(page, /No guest was made in these days\./)
    assert.match(page, /No pass was issued in these days\./)
  })

  it('counts the guests of each day, and what became of them', async () => {
    const { Guest } = app
    const make = (days: number) => daysAgo(days, () => Guest.createGuestUser())
    for (let guests = 0; guests < 3; guests += 1) await make(9)
    const [convert, remove, again] = [await make(8), await make(8), await make(3)]
    await daysAgo(7, () => Guest.convert(convert, { username: 'fred' }))
    await daysAgo(7, () => Guest.delete(remove))
    await Guest.update({ lastSeenAt: new Date() }, { where: { userId: again.id } })
    await make(1)
    assert.equal((await cleanup({ Guest })).guests, 3)

    const page = readable(await (await app.as('staff')).get('/admin').expect(200))
    const dayOf = (days: number) =>
      new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
        Date.now() - days * DAY * 1000,
      )
    // Made; still guests; converted; merged; expired; deleted.
    assert.match(page, new RegExp(` ${dayOf(9)} 3 0 0 0 3 0 `))
    assert.match(page, new RegExp(` ${dayOf(8)} 2 0 1 0 0 1 `))
    assert.match(page, new RegExp(` ${dayOf(3)} 1 1 0 0 0 0 `))
    assert.match(page, /Made 7 100% Came back on a later day 2 28\.6% Converted or merged 1 14\.3%/)
  })

  it('counts the passes of each scope, and lists links that were used in many sessions', async () => {
    const { Visitor, VisitorLog } = app
    const used = { lastUsedAt: new Date() }
    const shared = await Visitor.create({ email: 'ginger@example.com', scope: 'SURVEY', context: null })
    await Visitor.create({ email: 'fred@example.com', scope: 'SURVEY', context: null })
    await Visitor.create({ email: 'fred@example.com', scope: 'REFERENCE', context: null })
    await Visitor.update(used, { where: { id: shared.id } })
    for (const sessionHash of ['a', 'b', 'c', 'c']) await VisitorLog.create(visit(shared.id, sessionHash))
    const page = readable(await (await app.as('staff')).get('/admin').expect(200))
    assert.match(page, /SURVEY 2 1 /)
    assert.match(page, /REFERENCE 1 0 /)
    assert.match(page, /ginger@example\.com SURVEY 3 1 /)
  })

  it('takes the same number of statements however many rows there are', async () => {
    const staff = await app.as('staff')
    app.database.takeStatements()
    await staff.get('/admin').expect(200)
    const before = app.database.takeStatements().length
    for (let rows = 0; rows < 10; rows += 1) {
      await app.Guest.createGuestUser()
      await app.Visitor.create({ email: 'many@example.com', scope: `SCOPE_${String(rows)}`, context: null })
    }
    app.database.takeStatements()
    await staff.get('/admin').expect(200)
    assert.equal(app.database.takeStatements().length, before)
  })

  it('counts 10,000 guests of a day at most, and tells that there are more', async () => {
    const day = new Date(Date.now() - 2 * DAY * 1000)
    const ids = Array.from({ length: 10_001 }, (_, place) => 1_000_000 + place)
    await app.User.bulkCreate(ids.map((id) => ({ id, username: `many-${String(id)}` })))
    await app.Guest.bulkCreate(
      ids.map((userId) => ({ userId, createdAt: day, lastSeenAt: day })),
      { hooks: false },
    )
    const staff = await app.as('staff')
    const page = readable(await staff.get('/admin').expect(200))
    assert.match(page, / 10,000 or more 10,000 or more 0 0 0 0 /)
    assert.match(page, /Made 10,0\d\d or more Came back on a later day \d+ or more Converted or merged 1 /)
    await app.Guest.destroy({ where: { userId: ids[0] } })
    assert.match(readable(await staff.get('/admin').expect(200)), / 10,000 10,000 0 0 0 0 /)
  })

  it('shows another period, and takes anything else for the usual one', async () => {
    const staff = await app.as('staff')
    const rows = async (days: string) => {
      const { text } = await staff.get(`/admin?days=${days}`).expect(200)
      return text.match(/<tr/g)?.length ?? 0
    }
    assert.ok((await rows('28')) > (await rows('14')))
    for (const wrong of ['0', '-1', '1e9', 'x', '14&days=28', '%00'])
      assert.equal(await rows(wrong), await rows('14'))
  })
})

function visit(visitorId: number, sessionHash: string) {
  return {
    ...{ visitorId, sessionHash, method: 'GET', path: '/survey', status: 200, userAgent: 'Firefox' },
    ...{ referrer: '', ip: '192.0.2.1', outcome: 'admitted' as const },
  }
}
