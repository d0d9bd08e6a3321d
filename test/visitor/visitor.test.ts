import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { ValidationError } from 'sequelize'
import { defineVisitorModels, InvalidVisitorPass } from '../../src/index.js'
import { SECRET } from '../support/application.js'
import { DAY, later } from '../support/clock.js'
import { openDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
let Visitor: ReturnType<typeof defineVisitorModels>['Visitor']

before(async () => {
  database = await openDatabase()
  Visitor = defineVisitorModels(database.sequelize, { secret: SECRET }).Visitor
  await database.sequelize.sync()
})
after(() => database.close())

const ginger = { email: 'ginger@example.test', scope: 'REFERENCE_REQUEST' }

describe('tokenise', () => {
  const token = (link: string): string => /vuid=([0-9a-f]{64})/.exec(link)?.[1] ?? 'none'
  const table: [string, string][] = [
    ['google.com', 'google.com?vuid=T'],
    ['google.com?vuid=123', 'google.com?vuid=T'],
    ['/', '/?vuid=T'],
    ['', '?vuid=T'],
    ['?', '?vuid=T'],
    ['#top', '?vuid=T#top'],
    ['/a?b=1', '/a?b=1&vuid=T'],
    ['https://example.test/a?z=1&a=2&z=3#part', 'https://example.test/a?z=1&a=2&z=3&vuid=T#part'],
    ['/a?z=1&vuid=old&a=2', '/a?z=1&vuid=T&a=2'],
    ['/a?vuid=one&b=%20+%2B&vuid=two', '/a?vuid=T&b=%20+%2B'],
    ['/a?v%75id=old', '/a?vuid=T'],
    ['/a?vuid[]=old&vuid[x]=old', '/a?vuid=T'],
    ['/a?empty=&flag&vuidx=1', '/a?empty=&flag&vuidx=1&vuid=T'],
    ['/a#b?c=d', '/a?vuid=T#b?c=d'],
    ['//example.test/a', '//example.test/a?vuid=T'],
    ['http://[::1]:3000/', 'http://[::1]:3000/?vuid=T'],
  ]
  for (const [url, link] of table) {
    it(`makes ${link} of ${url || 'nothing'}`, async () => {
      const pass = await Visitor.create(ginger)
      const made = pass.tokenise(url)
      assert.equal(made.replaceAll(token(made), 'T'), link)
    })
  }

  it('gives the same link each time, in every process with the same secret', async () => {
    const pass = await Visitor.create(ginger)
    assert.equal(pass.tokenise(pass.tokenise('/a?b')), pass.tokenise('/a?b'))
    assert.equal((await Visitor.findByPk(pass.id))?.tokenise('/'), pass.tokenise('/'))
  })
})

describe('a pass', () => {
  it('expires after three days by default', async () => {
    const pass = await Visitor.create(ginger)
    assert.equal(pass.expiresAt.getTime() - pass.createdAt.getTime() < 3 * DAY * 1000 + 1000, true)
    assert.equal(pass.isValid, true)
    assert.equal(pass.hasExpired, false)
    await later(3 * DAY + 1, async () => {
      assert.equal(pass.hasExpired, true)
      assert.equal(pass.isValid, false)
      assert.throws(() => void pass.validate(), {
        name: 'InvalidVisitorPass',
        reason: 'expired',
        status: 403,
      })
      await Promise.resolve()
    })
  })

  it('names the reason why it is not valid', async () => {
    const pass = await Visitor.create({ ...ginger, maxUses: 1 })
    await pass.validate()
    await pass.increment('uses')
    await pass.reload()
    assert.throws(() => void pass.validate(), { reason: 'used-up' })
    await pass.deactivate()
    assert.throws(
      () => void pass.validate(),
      (error) => error instanceof InvalidVisitorPass && error.reason === 'deactivated',
    )
  })

  it('is deactivated, and reactivated for the given time', async () => {
    const pass = await Visitor.create(ginger)
    await pass.deactivate()
    assert.equal((await Visitor.findByPk(pass.id))?.isActive, false)
    await pass.reactivate(60)
    const again = await Visitor.findByPk(pass.id)
    assert.equal(again?.isActive, true)
    assert.ok(Math.abs(again.expiresAt.getTime() - Date.now() - 60_000) < 5_000)
    await assert.rejects(pass.reactivate(0), TypeError)
    await assert.rejects(pass.reactivate(NaN), TypeError)
  })

  it("is changed within the caller's transaction", async () => {
    const pass = await Visitor.create(ginger)
    await assert.rejects(
      database.sequelize.transaction(async (transaction) => {
        await pass.deactivate({ transaction })
        throw new Error('undone')
      }),
      /undone/,
    )
    assert.equal((await Visitor.findByPk(pass.id))?.isActive, true)
  })

  it('is deactivated even by an instance that is stale', async () => {
    const pass = await Visitor.create(ginger)
    const stale = await Visitor.findByPk(pass.id, { rejectOnEmpty: true })
    await pass.deactivate()
    await pass.reactivate()
    await stale.deactivate()
    await stale.deactivate()
    assert.equal((await Visitor.findByPk(pass.id))?.isActive, false)

    const other = await Visitor.create(ginger)
    await assert.rejects(
      database.sequelize.transaction(async (transaction) => {
        await other.deactivate({ transaction })
        throw new Error('undone')
      }),
    )
    await other.deactivate()
    assert.equal((await Visitor.findByPk(other.id))?.isActive, false)
  })

  it('has an error that names what tokenise expects', async () => {
    const pass = await Visitor.create(ginger)
    assert.throws(() => pass.tokenise(undefined as unknown as string), /url must be a string/)
  })

  it('has a full name of first and last name', async () => {
    const named = await Visitor.create({ ...ginger, firstName: 'Ginger', lastName: 'Rogers' })
    assert.equal(named.fullName, 'Ginger Rogers')
    assert.equal((await Visitor.create({ ...ginger, lastName: 'Rogers' })).fullName, 'Rogers')
    assert.equal((await Visitor.create(ginger)).fullName, '')
  })

  it('keeps any JSON as its context', async () => {
    for (const context of [{ a: [1, { b: null }] }, ['x'], 'text', '5', 7, true, null]) {
      const pass = await Visitor.create({ ...ginger, context })
      assert.deepEqual((await Visitor.findByPk(pass.id))?.context, context)
    }
  })

  it('shows nothing in JSON of which a link could be made', async () => {
    const pass = await Visitor.create(ginger)
    const json = JSON.stringify(pass)
    assert.ok(!json.includes(pass.uuid))
    assert.ok(!json.includes(pass.tokenise('').slice(6)))
    assert.equal((JSON.parse(json) as { email: string }).email, ginger.email)
  })

  it('does not hold its token where a log could print it', async () => {
    const pass = await Visitor.create(ginger)
    assert.ok(!inspect(pass, { depth: 8 }).includes(pass.tokenise('').slice(6)))
  })

  it('is refused with a clear message if it could not be stored or would open too much', async () => {
    const bad: object[] = [
      { email: 'not an address' },
      { scope: '' },
      { scope: '*' },
      { scope: 'x'.repeat(101) },
      { firstName: 'x'.repeat(151) },
      { firstName: 'nul \0 in it' },
      { scope: 'nul\0' },
      { maxUses: 0 },
      { maxUses: 1.5 },
      { sessionExpiry: -1 },
      { sessionExpiry: 1.5 },
    ]
    for (const values of bad) {
      await assert.rejects(Visitor.create({ ...ginger, ...values }), ValidationError, JSON.stringify(values))
    }
    await assert.rejects(Visitor.create({ ...ginger, scope: null as unknown as string }), ValidationError)
  })
})
