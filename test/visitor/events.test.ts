import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { endVisit, ensureVisitor, type Visitor, type VisitorEvents } from '../../src/index.js'
import { startApplication, type TestApp } from '../support/application.js'

type Name = keyof VisitorEvents
type Told = { [N in Name]: { readonly name: N; readonly event: VisitorEvents<Visitor>[N] } }[Name]

const NAMES: readonly Name[] = [
  'issued',
  'reissued',
  'deactivated',
  'reactivated',
  'redeemed',
  'refused',
  'ended',
  'selfServiceRequested',
  'sharingSuspected',
]

let app: TestApp
const told: Told[] = []

before(async () => {
  app = await startApplication({
    routes(host) {
      host.get('/page', ensureVisitor('page'), (_req, res) => {
        res.json({ ok: true })
      })
      host.get('/end', (req, res, next) => {
        endVisit(req, { deactivate: true }).then(() => res.json({ ok: true }), next)
      })
    },
  })
  for (const name of NAMES) app.Visitor.events.on(name, (event) => told.push({ name, event } as Told))
})

after(async () => {
  await app.close()
})

beforeEach(() => {
  told.length = 0
})

function namesOf(): Name[] {
  return told.map(({ name }) => name)
}

async function invite(values: object = {}): Promise<Visitor> {
  return await app.Visitor.create({ email: 'ginger@example.test', scope: 'page', ...values })
}

describe('Visitor.events', () => {
  it('tells of each pass that is stored, one by one or several at once, and of none that is rolled back', async () => {
    const pass = await invite()
    await app.Visitor.bulkCreate([
      { email: 'a@example.test', scope: 'page' },
      { email: 'b@example.test', scope: 'page' },
    ])
    await app.Visitor.bulkCreate([{ email: 'c@example.test', scope: 'page' }], { individualHooks: true })
    await assert.rejects(
      app.sequelize.transaction(async (transaction) => {
        await app.Visitor.create({ email: 'd@example.test', scope: 'page' }, { transaction })
        throw new Error('the caller gives up')
      }),
    )
    assert.deepEqual(namesOf(), ['issued', 'issued', 'issued', 'issued'])
    const [first] = told
    assert.ok(first?.name === 'issued' && first.event.visitor.id === pass.id)
  })

  it('tells of each change of a pass, with the request and who made it, after the commit', async () => {
    const pass = await invite()
    await app.sequelize.transaction(async (transaction) => {
      await pass.deactivate({ transaction, actor: 'help desk' })
      assert.deepEqual(namesOf(), ['issued'])
    })
    await pass.reactivate()
    await pass.reissue(60, { actor: 'help desk' })
    assert.deepEqual(namesOf(), ['issued', 'deactivated', 'reactivated', 'reissued'])
    assert.deepEqual(
      told.map(({ event }) => 'actor' in event && event.actor),
      [undefined, 'help desk', undefined, 'help desk'],
    )
  })

  it('tells of a visit that begins, but not of the same link followed again, and of one that ends', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.get(pass.tokenise('/page')).expect(303)
    await browser.get(pass.tokenise('/page')).expect(303)
    await browser.get('/page').expect(200)
    await browser.get('/end').expect(200)
    assert.deepEqual(namesOf(), ['issued', 'redeemed', 'deactivated', 'ended'])
    const redeemed = told[1]
    assert.ok(redeemed?.name === 'redeemed' && redeemed.event.visitor.id === pass.id)
    assert.equal(redeemed.event.req?.path, '/page')
  })

  it('tells of a refused link and of a guard that refuses, with the reason and the pass', async () => {
    const pass = await invite({ expiresAt: new Date(Date.now() - 1000) })
    await app.browser().get(pass.tokenise('/page')).expect(403)
    await app.browser().get('/page').expect(403)
    const refusals = told.flatMap(({ name, event }) =>
      name === 'refused' ? [[event.by, event.reason, event.scope, event.visitorId]] : [],
    )
    assert.deepEqual(refusals, [
      ['token', 'expired', [], pass.id],
      ['guard', 'expired', ['page'], pass.id],
      ['guard', 'no-visitor', ['page'], undefined],
    ])
  })
})
