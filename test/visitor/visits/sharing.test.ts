import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Visitor, VisitorEvents } from '../../../src/index.js'
import { BROWSER, type TestApp } from '../../support/application.js'
import { at } from '../../support/clock.js'
import { eventually } from '../../support/eventually.js'
import { enter, invite, withPages } from './stage.js'

type SuspectedSharing = VisitorEvents<Visitor>['sharingSuspected']

const visitLog = { flushInterval: 3600 }

/** Visits a page in so many sessions of their own. */
async function share(app: TestApp, pass: Visitor, sessions: number): Promise<void> {
  for (let i = 0; i < sessions; i++) await (await enter(app, pass)).get('/page').expect(200)
}

describe('visitor.sharing', () => {
  it('counts visits, and different sessions, addresses and agents, in one statement', async () => {
    const before = (host: { set: (name: string, value: boolean) => unknown }): void => {
      host.set('trust proxy', true)
    }
    await withPages({ before, visitor: { visitLog } }, async (app) => {
      const [pass, another] = [await invite(app), await invite(app)]
      const [first, last] = [new Date(Date.now() + 60_000), new Date(Date.now() + 120_000)]
      const [one, other] = [await enter(app, pass), await enter(app, pass)]
      await share(app, another, 2)
      await at(first, () => one.get('/page').set('X-Forwarded-For', '203.0.113.1').expect(200))
      await one.get('/page').set('X-Forwarded-For', '203.0.113.2').set('User-Agent', '').expect(200)
      await other.get('/page').set('X-Forwarded-For', '203.0.113.2').expect(200)
      await other.get('/scoped').set('X-Forwarded-For', 'nonsense').expect(403)
      await pass.deactivate()
      await at(last, () =>
        app.browser().get(pass.tokenise('/page')).set('User-Agent', `${BROWSER} Other/1`).expect(403),
      )
      assert.equal((await pass.sharing()).visits, 0)

      await app.VisitorLog.flush()
      app.database.takeStatements()
      const sharing = await pass.sharing()
      assert.equal(app.database.takeStatements().length, 1)
      assert.deepEqual(sharing, {
        visits: 5,
        sessions: 2,
        addresses: 4,
        agents: 2,
        firstSeenAt: sharing.firstSeenAt,
        lastSeenAt: last,
      })
      assert.ok(sharing.firstSeenAt instanceof Date && sharing.firstSeenAt < first)
    })
  })

  it('begins anew with the link that replaces a shared one, and so does the suspicion', async () => {
    const suspected: SuspectedSharing[] = []
    await withPages({ visitor: { visitLog, sharingThreshold: 2 } }, async (app) => {
      app.Visitor.events.on('sharingSuspected', (each) => suspected.push(each))
      const pass = await invite(app)
      await share(app, pass, 2)
      await app.VisitorLog.flush()
      await eventually(
        () => Promise.resolve(suspected.length),
        (length) => length === 1,
      )
      const old = [await enter(app, pass), await enter(app, pass), await enter(app, pass)]
      await pass.reissue()
      await at(Date.now() + 5000, async () => {
        for (const browser of old) await browser.get('/page').expect(403) // the visits of the old link knock once more
        await share(app, pass, 1)
      })
      await app.VisitorLog.flush()
      const { sessions, visits } = await pass.sharing()
      assert.deepEqual({ sessions, visits }, { sessions: 1, visits: 1 })
      assert.equal(suspected.length, 1)

      await at(Date.now() + 6000, async () => {
        await share(app, pass, 1)
      })
      await app.VisitorLog.flush()
      await eventually(
        () => Promise.resolve(suspected.length),
        (length) => length === 2,
      )
      assert.equal(suspected[1]?.sharing.sessions, 2)
    })
  })

  it('counts zero for a pass that was never redeemed', async () => {
    await withPages({}, async (app) => {
      assert.deepEqual(await (await invite(app)).sharing(), {
        visits: 0,
        sessions: 0,
        addresses: 0,
        agents: 0,
        firstSeenAt: null,
        lastSeenAt: null,
      })
    })
  })

  it('sees what the caller’s transaction has done', async () => {
    await withPages({ visitor: { visitLog } }, async (app) => {
      const pass = await invite(app)
      await share(app, pass, 2)
      await app.VisitorLog.flush()
      await app.sequelize.transaction(async (transaction) => {
        await app.VisitorLog.destroy({ where: {}, transaction })
        assert.equal((await pass.sharing({ transaction })).visits, 0)
      })
    })
  })
})

describe('the event sharingSuspected', () => {
  it('is told of a pass that is used in as many sessions as the threshold, and again when in more', async () => {
    const heard: SuspectedSharing[] = []
    await withPages({ visitor: { visitLog, sharingThreshold: 3 } }, async (app) => {
      app.Visitor.events.on('sharingSuspected', (suspected) => heard.push(suspected))
      const [shared, own] = [await invite(app), await invite(app)]
      await share(app, own, 1)
      await share(app, shared, 2)
      await app.VisitorLog.flush()
      assert.equal(heard.length, 0)

      const regular = await enter(app, shared)
      await regular.get('/page').expect(200)
      await app.VisitorLog.flush()
      assert.deepEqual(
        heard.map(({ visitor, sharing: { sessions, visits } }) => [
          visitor.id,
          visitor.email,
          sessions,
          visits,
        ]),
        [[shared.id, shared.email, 3, 3]],
      )

      await regular.get('/page').expect(200)
      app.database.takeStatements()
      await app.VisitorLog.flush()
      assert.equal(app.database.takeStatements().length, 1, 'no session is new: only the INSERT')
      assert.equal(heard.length, 1)

      await share(app, shared, 1)
      await share(app, own, 1)
      app.database.takeStatements()
      await app.VisitorLog.flush()
      assert.equal(app.database.takeStatements().length, 3, 'the INSERT, one count for all, one look-up')
      assert.deepEqual(
        heard.map((suspected) => suspected.sharing.sessions),
        [3, 4],
      )
    })
  })

  it('is not told twice of the same, when old visits are forgotten and new ones come', async () => {
    const heard: number[] = []
    await withPages({ visitor: { visitLog, sharingThreshold: 2 } }, async (app) => {
      app.Visitor.events.on('sharingSuspected', ({ sharing }) => heard.push(sharing.sessions))
      const pass = await invite(app)
      await share(app, pass, 2)
      await app.VisitorLog.flush()
      await (await app.VisitorLog.findOne())?.destroy()
      await share(app, pass, 1)
      await app.VisitorLog.flush()
      assert.equal((await pass.sharing()).sessions, 2)
      assert.deepEqual(heard, [2])
    })
  })

  it('lets a listener close the pass', async () => {
    await withPages({ visitor: { visitLog, sharingThreshold: 2 } }, async (app) => {
      app.Visitor.events.on('sharingSuspected', ({ visitor }) => visitor.deactivate())
      const pass = await invite(app)
      await share(app, pass, 2)
      const browser = await enter(app, pass)
      await app.VisitorLog.flush()
      const { isActive } = await eventually(
        () => pass.reload(),
        (reloaded) => !reloaded.isActive,
      )
      assert.equal(isActive, false)
      await browser.get('/page').expect(403)
    })
  })

  it('has a threshold of five by default, and costs nothing without a listener', async () => {
    const heard: number[] = []
    await withPages({ visitor: { visitLog } }, async (app) => {
      app.Visitor.events.on('sharingSuspected', ({ sharing }) => heard.push(sharing.sessions))
      const pass = await invite(app)
      for (let sessions = 0; sessions < 6; sessions++) {
        await share(app, pass, 1)
        await app.VisitorLog.flush()
      }
      assert.deepEqual(heard, [5, 6])
    })
    await withPages({ visitor: { visitLog } }, async (app) => {
      await share(app, await invite(app), 6)
      app.database.takeStatements()
      await app.VisitorLog.flush()
      assert.equal(app.database.takeStatements().length, 1)
    })
  })

  for (const [how, fail] of [
    ['throws', () => assert.fail('the mail is down')],
    ['rejects', () => Promise.reject(new Error('the mail is down'))],
  ] as const) {
    it(`is reported by a warning if its listener ${how}, and disturbs nothing`, async (context: TestContext) => {
      const warned = context.mock.method(process, 'emitWarning', () => undefined)
      await withPages({ visitor: { visitLog, sharingThreshold: 1 } }, async (app) => {
        app.Visitor.events.on('sharingSuspected', fail)
        await share(app, await invite(app), 1)
        await share(app, await invite(app), 1)
        await app.VisitorLog.flush()
        assert.equal(await app.VisitorLog.count(), 2)
        const warnings = await eventually(
          () => Promise.resolve(warned.mock.calls.map(({ arguments: [warning] }) => String(warning))),
          ({ length }) => length === 2,
        )
        assert.equal(warnings.length, 2)
        assert.match(warnings[0] ?? '', /'sharingSuspected' failed: .*the mail is down/)
      })
    })
  }
})
