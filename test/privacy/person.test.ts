import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { ensureVisitor, forget, personalData, SCOPE_ANY, type PersonModels } from '../../src/index.js'
import { guestSettings } from '../../src/guest/guest.js'
import { ofAddress } from '../../src/visitor/pass-conditions.js'
import { startApplication, type TestApp } from '../support/application.js'
import { dialect } from '../support/database.js'

let app: TestApp

before(async () => {
  app = await startApplication({
    routes(host) {
      host.get('/page', ensureVisitor(SCOPE_ANY), (_req, res) => {
        res.json({ ok: true })
      })
    },
  })
})

after(async () => {
  await app.close()
})

beforeEach(async () => {
  await app.VisitorLog.flush()
  await app.Visitor.destroy({ where: {} })
  await app.Guest.destroy({ where: {} })
})

function models(): PersonModels {
  const { Guest, Visitor, VisitorLog } = app
  return { Guest, Visitor, VisitorLog }
}

/** A visitor with one visit, a pass that was not used, and a pass of another person. */
async function visits(): Promise<ReturnType<TestApp['browser']>> {
  const { Visitor, browser } = app
  const pass = await Visitor.create({ email: 'Ginger@Example.test', firstName: 'Ginger', scope: 'page' })
  await Visitor.create({ email: 'ginger@example.test', scope: 'other' })
  await Visitor.create({ email: 'fred@example.test', scope: 'page' })
  const agent = browser()
  await agent.get(pass.tokenise('/page')).expect(303)
  await agent.get('/page').expect(200)
  return agent
}

async function pendingConversion(email: string): Promise<void> {
  const { Guest } = app
  const guest = await Guest.createGuestUser()
  await Guest[guestSettings].PendingConversion.create({
    userId: guest.id,
    email,
    details: { email, password: 'a hash of a password' },
    tokenHash: `${guest.id}`.padEnd(64, 'f'),
    createdAt: new Date(),
    expiresAt: new Date(Date.now() + 60_000),
  })
}

describe('personalData', () => {
  it('collects the passes, visits and pending conversions of an address in any letter case, and no others', async () => {
    await visits()
    await pendingConversion('ginger@example.test')
    await pendingConversion('fred@example.test')
    const data = await personalData(models(), { email: 'GINGER@example.TEST' })
    assert.deepEqual(
      data.passes.map(({ email, scope, uses, visits: all }) => [email, scope, uses, all.length]),
      [
        ['Ginger@Example.test', 'page', 1, 1],
        ['ginger@example.test', 'other', 0, 0],
      ],
    )
    assert.equal(data.passes[0]?.visits[0]?.path, '/page')
    assert.deepEqual(
      data.pendingConversions.map(({ email }) => email),
      ['ginger@example.test'],
    )
  })

  it('contains no token, password or session id', async () => {
    await visits()
    await pendingConversion('ginger@example.test')
    const text = JSON.stringify(await personalData(models(), { email: 'ginger@example.test' }))
    const [pass] = await app.Visitor.findAll({ where: { scope: 'page' }, order: ['id'] })
    const [visit] = await app.VisitorLog.findAll()
    for (const secret of [pass?.uuid ?? '', visit?.sessionHash ?? '', 'a hash of', 'ffff'])
      assert.ok(secret !== '' && !text.includes(secret))
  })

  it('is empty for an unknown address, and refuses what is none', async () => {
    assert.deepEqual(await personalData(models(), { email: 'unknown@example.test' }), {
      passes: [],
      pendingConversions: [],
    })
    await assert.rejects(personalData(models(), { email: 'no address' }), /option 'email' is not an address/)
    await assert.rejects(personalData({}, { email: 'a@b.test' }), /give it Guest, Visitor or VisitorLog/)
  })
})

/** Pairs that some database takes for one address: MariaDB without accents, PostgreSQL by its small letters. */
const LOOKALIKES = [
  'jose@a.test',
  'josé@a.test',
  'ix@a.test',
  'İx@a.test',
  'ıx@a.test',
  'strasse@a.test',
  'straße@a.test',
]

describe('An address that the database takes for another one', () => {
  it('has rows of its own: only they are collected and deleted', async () => {
    for (const email of LOOKALIKES) {
      await app.Visitor.create({ email, scope: 'page' })
      await pendingConversion(email.toLowerCase())
    }
    const Pending = app.Guest[guestSettings].PendingConversion
    for (const [place, email] of LOOKALIKES.entries()) {
      const { passes, pendingConversions } = await personalData(models(), { email })
      assert.deepEqual(
        [...passes, ...pendingConversions].map((row) => row.email),
        [email, email.toLowerCase()],
      )
      const done = await forget(models(), { email })
      assert.deepEqual([done.passes, done.pendingConversions], [1, 1], email)
      const left = LOOKALIKES.slice(place + 1)
      const [stored, waiting] = [await app.Visitor.findAll(), await Pending.findAll()]
      assert.deepEqual(stored.map((pass) => pass.email).sort(), [...left].sort())
      assert.deepEqual(
        waiting.map((each) => each.email).sort(),
        left.map((each) => each.toLowerCase()).sort(),
      )
    }
  })
})

describe('An address that the application has stored in another spelling than the person uses', () => {
  const [ascii, unicode] = ['rita@xn--mnchen-3ya.test', 'rita@münchen.test']
  const [composed, decomposed] = ['jos\u00e9@a.test', 'jose\u0301@a.test']
  for (const [stored, asked] of [
    [ascii, unicode],
    [unicode, ascii],
    [unicode, 'RITA@MÜNCHEN.test'],
    [composed, decomposed],
    [decomposed, composed],
    ['"fred flint"@a.test', '"Fred Flint"@a.test'],
    ['fre\u00add@a.test', 'fre\u00add@a.test'],
  ] as const)
    it(`is collected and deleted: ${JSON.stringify(stored)} for ${JSON.stringify(asked)}`, async () => {
      await app.Visitor.create({ email: stored, scope: 'page' })
      assert.equal((await personalData(models(), { email: asked })).passes.length, 1)
      assert.equal((await forget(models(), { email: asked })).passes, 1)
      assert.equal(await app.Visitor.count(), 0)
    })
})

describe('An address in capitals', { skip: dialect !== 'mysql' }, () => {
  it('is found in a column that compares byte by byte', async () => {
    const define = { charset: 'utf8mb4', collate: 'utf8mb4_bin' }
    const bytewise = await startApplication({ database: { define } })
    try {
      const { Guest, Visitor, VisitorLog } = bytewise
      for (const email of ['Ginger@Example.test', 'GINGER@example.test', 'ginger@example.test']) {
        await Visitor.bulkCreate([
          { email: 'Ginger@Example.test', scope: 'page', context: null },
          { email: 'fred@example.test', scope: 'page', context: null },
        ])
        const where = ofAddress(Visitor, email)
        if (email === 'Ginger@Example.test')
          assert.equal(await Visitor.count({ where }), 1, 'by an index, as typed')
        const { passes } = await personalData({ Guest, Visitor, VisitorLog }, { email })
        assert.equal(passes.length, 1, email)
        assert.equal((await forget({ Guest, Visitor, VisitorLog }, { email })).passes, 1, email)
      }
    } finally {
      await bytewise.close()
    }
  })
})

describe('forget', () => {
  it('deletes what personalData collects, and nothing of other people', async () => {
    await visits()
    await pendingConversion('ginger@example.test')
    await pendingConversion('fred@example.test')
    assert.deepEqual(await forget(models(), { email: 'ginger@example.test' }), {
      passes: 2,
      visits: 1,
      pendingConversions: 1,
      notDeleted: [],
    })
    const { passes, pendingConversions } = await personalData(models(), { email: 'ginger@example.test' })
    assert.deepEqual([...passes, ...pendingConversions], [])
    assert.equal(await app.Visitor.count(), 1)
    assert.equal(await app.Guest[guestSettings].PendingConversion.count(), 1)
  })

  it('ends an open visit', async () => {
    const agent = await visits()
    await forget(models(), { email: 'ginger@example.test' })
    await agent.get('/page').expect(403)
  })

  it('deactivates a pass to which another table refers, deletes its visits, and names the reason', async () => {
    await visits()
    const { Visitor, sequelize } = app
    const Answer = sequelize.define('Answer', { visitorId: { type: DataTypes.INTEGER, allowNull: false } })
    Answer.belongsTo(Visitor, { foreignKey: 'visitorId', onDelete: 'RESTRICT' })
    await Answer.sync()
    const [pass] = await Visitor.findAll({ order: ['id'] })
    await Answer.create({ visitorId: pass?.id })
    try {
      const {
        passes,
        visits: deletedVisits,
        notDeleted,
      } = await forget(models(), { email: 'ginger@example.test' })
      assert.deepEqual([passes, deletedVisits], [1, 1])
      assert.deepEqual(
        notDeleted.map((each) => each.pass),
        [pass?.id],
      )
      assert.match(notDeleted[0]?.reason ?? '', /foreign key/i)
      await pass?.reload()
      assert.equal(pass?.isActive, false)
    } finally {
      await Answer.drop()
    }
  })
})
