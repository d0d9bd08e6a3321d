import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at } from '../../support/clock.js'
import { eventually } from '../../support/eventually.js'
import { enter, flushed, insertsOf, invite, paths, takeTableAway, withPages, written } from './stage.js'

const ONLY_BY_FLUSH = { flushInterval: 3600 }

describe('visits', () => {
  it('are written together, in the order in which they were, with the time at which they were', async () => {
    await withPages({ visitor: { visitLog: ONLY_BY_FLUSH } }, async (app) => {
      const browser = await enter(app, await invite(app))
      const instants = [1, 2, 3].map((minutes) => new Date(Date.now() + minutes * 60_000))
      for (const [i, instant] of instants.entries()) {
        await at(instant, () => browser.get(`/page/${i}`).expect(200))
      }
      assert.deepEqual(await written(app), [])
      app.database.takeStatements()
      await app.VisitorLog.flush()
      assert.equal(app.database.takeStatements().length, 1)
      const rows = await written(app)
      assert.deepEqual(
        rows.map(({ path }) => path),
        ['/page/0', '/page/1', '/page/2'],
      )
      assert.deepEqual(
        rows.map(({ createdAt }) => createdAt),
        instants,
      )
      assert.equal(app.VisitorLog.dropped, 0)
    })
  })

  it('are written when their time is up, and no statement runs otherwise', async () => {
    await withPages({ visitor: { visitLog: { flushInterval: 0.02 } } }, async (app) => {
      const browser = await enter(app, await invite(app))
      await browser.get('/page').expect(200)
      const rows = await eventually(
        () => written(app),
        ({ length }) => length === 1,
      )
      assert.equal(rows.length, 1)
      app.database.takeStatements()
      await new Promise((resolve) => setTimeout(resolve, 100))
      await app.VisitorLog.flush()
      assert.deepEqual(app.database.takeStatements(), [])
    })
  })

  it('are written before their time when there are enough for a batch', async () => {
    await withPages({ visitor: { visitLog: { ...ONLY_BY_FLUSH, batchSize: 3 } } }, async (app) => {
      const browser = await enter(app, await invite(app))
      for (let i = 0; i < 4; i++) await browser.get(`/page/${i}`).expect(200)
      const rows = await eventually(
        () => written(app),
        ({ length }) => length > 0,
      )
      assert.equal(rows.length, 3)
      assert.equal((await flushed(app)).length, 4)
    })
  })

  it('are written once by several calls of flush(), those included that come meanwhile', async () => {
    await withPages({ visitor: { visitLog: { ...ONLY_BY_FLUSH, batchSize: 4 } } }, async (app) => {
      const browser = await enter(app, await invite(app))
      for (let i = 0; i < 3; i++) await browser.get('/page').expect(200)
      insertsOf(app)
      const first = app.VisitorLog.flush()
      await Promise.all([app.VisitorLog.flush(), app.VisitorLog.flush()])
      assert.equal((await written(app)).length, 3)
      await first
      assert.equal(insertsOf(app).length, 1)

      let visiting = 30
      const flush = async (): Promise<void> => {
        while (visiting > 0) {
          await app.VisitorLog.flush()
          await new Promise(setImmediate)
        }
      }
      const visit = async (): Promise<void> => {
        await browser.get('/page').expect(200)
        visiting -= 1
      }
      await Promise.all([flush(), flush(), ...Array.from({ length: visiting }, visit)])
      assert.equal((await flushed(app)).length, 33)
    })
  })

  it('are written with preparedStatements: false', async () => {
    const visitor = { preparedStatements: false, visitLog: ONLY_BY_FLUSH }
    await withPages({ visitor }, async (app) => {
      const browser = await enter(app, await invite(app))
      for (let i = 0; i < 3; i++) await browser.get(`/page/${i}`).expect(200)
      insertsOf(app)
      assert.deepEqual(await paths(flushed(app)), ['/page/0', '/page/1', '/page/2'])
      assert.equal(insertsOf(app).length, 1)
    })
  })

  it('are written into the tables of the host’s choice', async () => {
    const visitor = { underscored: true, logTableName: 'who_came', tableName: 'who_may' }
    await withPages({ visitor }, async (app) => {
      const pass = await invite(app)
      await (await enter(app, pass)).get('/page').expect(200)
      const [row] = await flushed(app)
      assert.deepEqual([row?.visitorId, row?.path], [pass.id, '/page'])
      assert.equal((await pass.sharing()).visits, 1)
    })
  })

  it('of a pass that was deleted are lost, and those of other passes are not', async () => {
    await withPages({ visitor: { visitLog: ONLY_BY_FLUSH } }, async (app) => {
      const [kept, gone] = [await invite(app), await invite(app)]
      const [one, other] = [await enter(app, kept), await enter(app, gone)]
      for (let i = 0; i < 5; i++) {
        await one.get(`/page/kept/${i}`).expect(200)
        if (i % 2 === 0) await other.get(`/page/gone/${i}`).expect(200)
      }
      await gone.destroy()
      assert.deepEqual(
        await paths(flushed(app)),
        [0, 1, 2, 3, 4].map((i) => `/page/kept/${i}`),
      )
      assert.equal(app.VisitorLog.dropped, 3)
    })
  })

  it('are dropped, the oldest first, and counted, when there are too many of them', async () => {
    await withPages({ visitor: { visitLog: { ...ONLY_BY_FLUSH, maxBuffered: 3 } } }, async (app) => {
      const browser = await enter(app, await invite(app))
      const bringTableBack = await takeTableAway(app)
      for (let i = 0; i < 7; i++) await browser.get(`/page/${i}`).expect(200)
      await assert.rejects(app.VisitorLog.flush())
      assert.equal(app.VisitorLog.dropped, 4)
      await bringTableBack()
      assert.deepEqual(await paths(flushed(app)), ['/page/4', '/page/5', '/page/6'])
      assert.equal(app.VisitorLog.dropped, 4)
    })
  })

  it('are counted for each pair of models by itself', async () => {
    await withPages({ visitor: { visitLog: ONLY_BY_FLUSH } }, async (one) => {
      await withPages({ visitor: { visitLog: ONLY_BY_FLUSH } }, async (other) => {
        const pass = await invite(one)
        await (await enter(one, pass)).get('/page').expect(200)
        await pass.destroy()
        await Promise.all([one.VisitorLog.flush(), other.VisitorLog.flush()])
        assert.deepEqual([one.VisitorLog.dropped, other.VisitorLog.dropped], [1, 0])
      })
    })
  })
})
