import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { TestApp } from '../../support/application.js'
import { DAY, later } from '../../support/clock.js'
import { forged } from '../../support/forged.js'
import { enter, flushed, invite, servePages } from './stage.js'

let app: TestApp
before(async () => {
  app = await servePages({ visitor: { visitLog: { flushInterval: 3600 } } })
})
after(() => app.close())
beforeEach(async () => {
  await app.VisitorLog.flush()
  await app.VisitorLog.destroy({ where: {} })
})

const outcomes = async () =>
  (await flushed(app)).map(({ visitorId, outcome, status }) => ({ visitorId, outcome, status }))

describe('a refusal is logged', () => {
  it('of a link that has expired, was used up or deactivated', async () => {
    const expired = await invite(app, { expiresAt: new Date(Date.now() - 1000) })
    const usedUp = await invite(app, { maxUses: 1, uses: 1 })
    const deactivated = await invite(app, { isActive: false })
    await app.browser().get(expired.tokenise('/page')).expect(403)
    await app.browser().get(usedUp.tokenise('/page')).expect(403)
    await app.browser().get(deactivated.tokenise('/page')).expect(403)
    assert.deepEqual(await outcomes(), [
      { visitorId: expired.id, outcome: 'expired', status: 403 },
      { visitorId: usedUp.id, outcome: 'used-up', status: 403 },
      { visitorId: deactivated.id, outcome: 'deactivated', status: 403 },
    ])
  })

  it('of a visitor whose pass was deactivated meanwhile, once', async () => {
    const pass = await invite(app)
    const browser = await enter(app, pass)
    await pass.deactivate()
    for (let i = 0; i < 2; i++) await browser.get('/page').expect(403)
    assert.deepEqual(await outcomes(), [{ visitorId: pass.id, outcome: 'deactivated', status: 403 }])
  })

  it('of a visitor whose visit is over, once, without a statement for it', async () => {
    const pass = await invite(app)
    const browser = await enter(app, pass)
    app.database.takeStatements()
    await later(DAY + 10, async () => {
      for (let i = 0; i < 2; i++) await browser.get('/page').expect(403)
    })
    assert.deepEqual(app.database.takeStatements(), [])
    assert.deepEqual(await outcomes(), [{ visitorId: pass.id, outcome: 'session-ended', status: 403 }])
  })

  it('of a dead link to its own pass, though the session is another’s', async () => {
    const [current, expired] = [await invite(app), await invite(app, { expiresAt: new Date(0) })]
    const browser = await enter(app, current)
    await browser.get(expired.tokenise('/scoped')).expect(403)
    await browser.get('/scoped').expect(403)
    await browser.get(expired.tokenise('/page')).expect(403)
    await browser.get('/page').expect(200)
    assert.deepEqual(await outcomes(), [
      { visitorId: expired.id, outcome: 'expired', status: 403 },
      { visitorId: current.id, outcome: 'wrong-scope', status: 403 },
      { visitorId: expired.id, outcome: 'expired', status: 403 },
      { visitorId: current.id, outcome: 'admitted', status: 200 },
    ])
  })

  it('in no row, if there is no pass', async () => {
    const pass = await invite(app)
    const gone = await enter(app, pass)
    await pass.destroy()
    await gone.get('/page').expect(403)
    await app
      .browser()
      .get(forged(pass.tokenise('/page')))
      .expect(403)
    await app.browser().get('/page').expect(403)
    assert.deepEqual(await outcomes(), [])
    assert.equal(app.VisitorLog.dropped, 0)
  })
})

describe('a row', () => {
  it('holds no token, wherever a link was mangled', async () => {
    const pass = await invite(app, { isActive: false })
    const token = pass.tokenise('').slice('?vuid='.length)
    const page = pass.tokenise('/page')
    for (const address of [
      `${page}&q=1`,
      `${page}&next=/page%3Fvuid=${token}`,
      page.replace('/page', `/page/x%3Fvuid=${token}/more`),
      page.replace('/page', `/page/x%3FVUID%3d${token}`),
      page.replace('/page', `/page/x%253Fvuid%253D${token}`),
      page.replace('/page', `/page/x%3F%76uid=${token}`),
    ]) {
      await app.browser().get(address).set('Referer', `https://kim:pw@own.test${address}#vuid=${token}`)
    }
    const rows = await flushed(app)
    assert.deepEqual(
      rows.map(({ path, referrer }) => [path, referrer]),
      [
        ['/page', 'https://own.test/page'],
        ['/page', 'https://own.test/page'],
        ['/page/x%3Fvuid=REDACTED', 'https://own.test/page/x%3Fvuid=REDACTED'],
        ['/page/x%3FVUID%3dREDACTED', 'https://own.test/page/x%3FVUID%3dREDACTED'],
        ['/page/x%253Fvuid%253DREDACTED', 'https://own.test/page/x%253Fvuid%253DREDACTED'],
        ['/page/x%3F%76uid=REDACTED', 'https://own.test/page/x%3F%76uid=REDACTED'],
      ],
    )
    assert.ok(!JSON.stringify(rows).includes(token))
  })

  it('is one for a request with several guards, with the outcome of the last', async () => {
    const browser = await enter(app, await invite(app))
    await browser.get('/page/twice').expect(403)
    await browser.get('/page').expect(200)
    assert.deepEqual(
      (await flushed(app)).map(({ path, outcome }) => [path, outcome]),
      [
        ['/page/twice', 'wrong-scope'],
        ['/page', 'admitted'],
      ],
    )
  })

  it('keeps nothing but itself in memory of a huge header', async () => {
    const browser = await enter(app, await invite(app))
    await browser
      .get('/page')
      .set('User-Agent', `${'x'.repeat(600)}é`)
      .expect(200)
    const [row] = await flushed(app)
    assert.equal(row?.userAgent, 'x'.repeat(512))
  })

  it('distinguishes stored sessions, and has no session hash for others', async () => {
    const [pass, dead] = [await invite(app), await invite(app, { isActive: false })]
    const [one, other, stranger] = [await enter(app, pass), await enter(app, pass), app.browser()]
    await one.get('/page').expect(200)
    await one.get('/page').expect(200)
    await other.get('/page').expect(200)
    await other.get(dead.tokenise('/scoped')).expect(403)
    for (let i = 0; i < 2; i++) await stranger.get(dead.tokenise('/page')).expect(403)
    const [first, again, second, tried, ...strangers] = (await flushed(app)).map(
      ({ sessionHash }) => sessionHash,
    )
    assert.match(first ?? '', /^[0-9a-f]{64}$/)
    assert.equal(again, first)
    assert.notEqual(second, first)
    assert.equal(tried, second)
    assert.deepEqual(strangers, ['', ''])
  })
})
