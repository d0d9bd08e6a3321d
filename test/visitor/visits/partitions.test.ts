import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { codeBlocks } from '../../docs/markdown.js'
import { at } from '../../support/clock.js'
import { dialect } from '../../support/database.js'
import { enter, flushed, invite, withPages } from './stage.js'

if (dialect === 'postgres') {
  describe('a log of visits that is partitioned by day, as docs/scaling.md describes', () => {
    it('gets the visits of each day, and loses those of a day whose partition is dropped', async () => {
      const page = await readFile(new URL('../../../docs/scaling.md', import.meta.url), 'utf8')
      const block = codeBlocks(page).find(({ program }) => program === 'visits-by-day')
      assert.ok(block)
      await withPages({ visitor: { visitLog: { flushInterval: 3600 } } }, async (app) => {
        const pass = await at(new Date('2026-12-01T09:00Z'), () => invite(app))
        await app.sequelize.query(block.code)
        await app.sequelize.query('DROP TABLE "VisitorLogsBefore"')
        const browser = await at(new Date('2026-12-01T10:00Z'), () => enter(app, pass))
        for (const day of ['2026-12-01T23:59:59Z', '2026-12-02T00:00Z'])
          await at(new Date(day), () => browser.get('/page').expect(200))
        const visits = await flushed(app)
        assert.deepEqual(
          visits.map(({ createdAt }) => createdAt.toISOString().slice(0, 10)),
          ['2026-12-01', '2026-12-02'],
        )
        await app.sequelize.query('DROP TABLE "VisitorLogs_2026_12_01"')
        assert.deepEqual(
          (await flushed(app)).map(({ id }) => id),
          [visits[1]?.id],
        )
      })
    })
  })
}
