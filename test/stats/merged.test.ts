import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { readStats } from '../../src/stats/read-stats.js'
import { logIn, startStage, type Stage } from '../guest/merge/stage.js'

let app: Stage
before(async () => {
  app = await startStage()
})
after(() => app.close())

it('a guest who was merged into an account counts once as merged, and as created on their day', async () => {
  const { browser } = await app.guest()
  await app.account('fred')
  await logIn(browser, 'fred').expect(200)
  await logIn(browser, 'fred').expect(200)
  const [today] = await readStats({ Guest: app.Guest }, { days: 1 })
  assert.deepEqual(today?.guests, { created: 1, converted: 0, merged: 1, expired: 0, conversionRate: 0 })
})
