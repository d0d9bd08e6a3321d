import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ensureVisitor, SCOPE_ANY } from '../../src/index.js'
import { startApplication, whoIs, type TestApp } from '../support/application.js'
import { HOUR, later } from '../support/clock.js'

let app: TestApp
before(async () => {
  app = await startApplication({
    routes(host) {
      host.get('/any', ensureVisitor(SCOPE_ANY), (req, res) => {
        res.json(whoIs(req))
      })
    },
  })
})
after(() => app.close())

const invite = (values: object = {}) =>
  app.Visitor.create({ email: 'ginger@example.test', scope: 'foo', ...values })
const reasonOf = (response: { body: unknown }) => (response.body as { reason?: string }).reason

describe('reissue', () => {
  it('gives the same pass a fresh link, and the old one is dead', async () => {
    const pass = await invite()
    const old = pass.tokenise('/any')
    await pass.reissue()
    const fresh = pass.tokenise('/any')
    assert.notEqual(fresh, old)

    const refused = await app.browser().get(old).expect(403)
    assert.equal(reasonOf(refused), 'unknown')
    const browser = app.browser()
    await browser.get(fresh).expect(303)
    const { visitor } = (await browser.get('/any').expect(200)).body as { visitor: { id: number } }
    assert.equal(visitor.id, pass.id)
    assert.equal(await app.Visitor.count({ where: { id: pass.id } }), 1)
  })

  it('ends the visits that began by the old link, and their sessions do not come back with the new one', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.get(pass.tokenise('/any')).expect(303)
    await browser.get('/any').expect(200)
    await pass.reissue()
    assert.equal(reasonOf(await browser.get('/any').expect(403)), 'reissued')
    await app.browser().get(pass.tokenise('/any')).expect(303)
    await browser.get('/any').expect(403)
  })

  it('opens what was expired, deactivated or used up', async () => {
    const pass = await invite({
      maxUses: 1,
      uses: 1,
      isActive: false,
      expiresAt: new Date(Date.now() - 1000),
    })
    await pass.reissue()
    assert.equal(pass.isValid, true)
    await app.browser().post(pass.tokenise('/any')).set('Accept', 'text/html').expect(303)
    assert.equal((await pass.reload()).uses, 1)
  })

  it('is not opened by the click on the old one', async () => {
    const pass = await invite({ maxUses: 1 })
    const browser = app.browser()
    await browser.get(pass.tokenise('/any')).expect(200)
    await browser.post(pass.tokenise('/any')).expect(303)
    await pass.reissue()
    await browser.post(pass.tokenise('/any')).expect(303)
    assert.equal((await pass.reload()).uses, 1)
  })

  it("lasts for the given time, or for the model's tokenExpiry", async () => {
    const pass = await invite()
    await pass.reissue(HOUR)
    await later(HOUR - 5, async () => {
      assert.equal((await app.browser().get(pass.tokenise('/any'))).status, 303)
    })
    await later(HOUR + 5, async () => {
      assert.equal(reasonOf(await app.browser().get(pass.tokenise('/any'))), 'expired')
    })
    await pass.reissue()
    assert.ok(Math.abs(pass.expiresAt.getTime() - Date.now() - 3 * 24 * HOUR * 1000) < 5000)
  })

  it('works on a stale instance', async () => {
    const pass = await invite({ maxUses: 1 })
    const stale = await app.Visitor.findByPk(pass.id, { rejectOnEmpty: true })
    await app.browser().post(pass.tokenise('/any')).expect(303)
    await pass.deactivate()
    await stale.reissue()
    const { uses, isActive } = await pass.reload()
    assert.deepEqual({ uses, isActive }, { uses: 0, isActive: true })
  })

  it('of several at once leaves exactly one link alive', async () => {
    const pass = await invite()
    const instances = await Promise.all(
      Array.from({ length: 8 }, () => app.Visitor.findByPk(pass.id, { rejectOnEmpty: true })),
    )
    await Promise.all(instances.map((instance) => instance.reissue()))
    const answers = await Promise.all(
      instances.map((instance) => app.browser().get(instance.tokenise('/any'))),
    )
    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
  })

  it('is undone with the transaction that it is part of', async () => {
    const pass = await invite()
    const old = pass.tokenise('/any')
    const other = await app.Visitor.findByPk(pass.id, { rejectOnEmpty: true })
    await assert.rejects(
      app.sequelize.transaction(async (transaction) => {
        await other.reissue(undefined, { transaction })
        throw new Error('undo')
      }),
      /undo/,
    )
    await app.browser().get(old).expect(303)
  })

  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60' as unknown as number]) {
    it(`refuses to last for ${String(wrong)} seconds, and leaves the link as it was`, async () => {
      const pass = await invite()
      const link = pass.tokenise('/any')
      await assert.rejects(pass.reissue(wrong), TypeError)
      assert.equal(pass.tokenise('/any'), link)
      await app.browser().get(link).expect(303)
    })
  }
})

describe('rotation of the secret', () => {
  const [old, next] = [
    'an old secret of more than thirty-two characters',
    'the next of more than thirty-two chars',
  ]

  it('admits links of both secrets, and treats those of a dropped secret as unknown', async () => {
    const rotating = await startApplication({
      visitor: { secret: [next, old] },
      routes(host) {
        host.get('/any', ensureVisitor(SCOPE_ANY), (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
    const before = await startApplication({ visitor: { secret: old } })
    const afterwards = await startApplication({
      visitor: { secret: next },
      routes(host) {
        host.get('/any', ensureVisitor(SCOPE_ANY), (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
    try {
      const uuid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'
      const values = { email: 'ginger@example.test', scope: 'foo', uuid }
      const [oldPass, rotatingPass] = await Promise.all(
        [before, rotating, afterwards].map((each) => each.Visitor.create(values)),
      )
      assert.ok(oldPass && rotatingPass)
      const [oldLink, newLink] = [oldPass.tokenise('/any'), rotatingPass.tokenise('/any')]
      assert.notEqual(oldLink, newLink)

      await rotating.browser().get(oldLink).expect(303)
      await rotating.browser().get(newLink).expect(303)
      await afterwards.browser().get(newLink).expect(303)
      const refused = await afterwards.browser().get(oldLink).expect(403)
      assert.equal(reasonOf(refused), 'unknown')
    } finally {
      await Promise.all([before, rotating, afterwards].map((each) => each.close()))
    }
  })
})
