import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { cleanup } from '../../src/index.js'
import { DAY } from '../support/clock.js'
import { dialect } from '../support/database.js'
import { plainUser, startHost, type Host } from '../support/host-application.js'
import { guestsOf, stageOf, type Stage } from './stage.js'

/** Guests of a host's own users model, who were made three weeks ago. */
async function expiredGuests({ User, Guest }: Host, howMany: number, values: object = {}): Promise<Model[]> {
  const made = new Date(Date.now() - 21 * DAY * 1000)
  const users = []
  for (let count = 0; count < howMany; count++) {
    const user = await User.create({ username: `guest-${String(count)}-${crypto.randomUUID()}`, ...values })
    await Guest.create({
      userId: user.get(User.primaryKeyAttribute) as number,
      createdAt: made,
      lastSeenAt: made,
    })
    users.push(user)
  }
  return users
}

describe('an application whose users are only marked as deleted', () => {
  let host: Host
  before(async () => {
    host = await startHost({ defineUser: plainUser({}, { paranoid: true }) })
  })
  after(() => host.close())

  it('has its guests deleted for good, and is told so; those who were marked before, too', async () => {
    const [first] = await expiredGuests(host, 3)
    await first?.destroy()
    const { guests, isForced } = await cleanup({ Guest: host.Guest })
    assert.deepEqual([guests, isForced], [3, true])
    assert.equal(await host.User.count({ paranoid: false }), 0)
    assert.equal(await host.Guest.count(), 0)
  })
})

describe('an application with hooks', () => {
  let host: Host
  const heard: string[] = []
  before(async () => {
    host = await startHost({
      defineUser: (sequelize) => {
        const User = plainUser()(sequelize)
        User.beforeDestroy((user) => {
          if (user.get('username') === 'immortal') throw new Error('has an invoice')
          heard.push('one')
        })
        User.beforeBulkDestroy(() => {
          heard.push('bulk')
        })
        return User
      },
    })
  })
  after(() => host.close())

  it('hears of batches, and with individualHooks of every user', async () => {
    await expiredGuests(host, 3)
    assert.equal((await cleanup({ Guest: host.Guest }, { batchSize: 2 })).guests, 3)
    assert.deepEqual(heard.splice(0), ['bulk', 'bulk'])
    await expiredGuests(host, 3)
    assert.equal((await cleanup({ Guest: host.Guest }, { individualHooks: true })).guests, 3)
    assert.deepEqual(heard.splice(0), ['bulk', 'one', 'one', 'one'])
  })

  it('whose hook refuses one keeps that one, and is told why', async () => {
    await expiredGuests(host, 6)
    await expiredGuests(host, 1, { username: 'immortal' })
    await expiredGuests(host, 6)
    const { guests, blocked, blockedBy } = await cleanup({ Guest: host.Guest }, { individualHooks: true })
    assert.deepEqual([guests, blocked, blockedBy], [12, 1, ['has an invoice']])
    assert.equal(await host.User.count(), 1)
  })
})

describe('an application with keys of other kinds', () => {
  for (const [kind, type] of [
    ['UUIDs', DataTypes.UUID],
    ['texts', DataTypes.STRING(40)],
    ['wide numbers', dialect === 'sqlite' ? DataTypes.INTEGER : DataTypes.BIGINT],
  ] as const) {
    it(`has its guests cleaned up, in batches: ${kind}`, async () => {
      let next = 1
      const host = await startHost({
        database: { define: { underscored: true } },
        defineUser: (sequelize) =>
          sequelize.define('User', {
            key: {
              type,
              primaryKey: true,
              field: 'user_key',
              defaultValue: () => (kind === 'wide numbers' ? next++ : crypto.randomUUID()),
            },
            username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
          }),
      })
      try {
        const users = await expiredGuests(host, 7)
        const spared = users[2]?.get('key')
        const keep = { guests: ({ user }: { user: Model }) => String(user.get('key')) === String(spared) }
        const { guests, kept } = await cleanup({ Guest: host.Guest }, { batchSize: 2, keep })
        assert.deepEqual([guests, kept], [6, 1])
        assert.equal((await cleanup({ Guest: host.Guest }, { batchSize: 2 })).guests, 1)
        assert.equal(await host.User.count(), 0)
      } finally {
        await host.close()
      }
    })
  }
})

describe('a foreign key that lets nobody go', () => {
  let app: Stage
  let Invoice: ModelStatic<Model>
  before(async () => {
    app = await stageOf()
    Invoice = app.sequelize.define('Invoice', { userId: { type: DataTypes.INTEGER, allowNull: false } })
    Invoice.belongsTo(app.User, { foreignKey: 'userId', onDelete: 'RESTRICT' })
    await Invoice.sync()
  })
  after(() => app.close())

  it('keeps its guests, and no others: they are counted, and the database’s word for it is told', async () => {
    const users = await guestsOf(app, 40)
    for (const place of [0, 17, 39]) await Invoice.create({ userId: users[place]?.id })
    const result = await cleanup({ Guest: app.Guest }, { batchSize: 16 })
    assert.deepEqual([result.guests, result.blocked, result.isComplete], [37, 3, true])
    assert.match(result.blockedBy[0] ?? '', /foreign key|FOREIGN KEY|fkey/i)
    assert.equal(await app.Guest.count(), 3)
    assert.equal(await app.Todo.count(), 6)
  })

  it('for everybody ends the clean-up, rather than to try each of a million', async () => {
    await Invoice.destroy({ where: {} })
    await app.User.destroy({ where: {} })
    const users = await guestsOf(app, 150)
    await Invoice.bulkCreate(users.map(({ id }) => ({ userId: id })))
    const result = await cleanup({ Guest: app.Guest })
    assert.deepEqual(
      [result.guests, result.blocked, result.isComplete, result.stoppedBy],
      [0, 100, false, 'blocked'],
    )
    assert.equal(await app.Todo.count(), 300)
  })
})

describe('tables that are not there', () => {
  it('are named, with what to do about it', async () => {
    const app = await stageOf()
    try {
      await app.sequelize.model('GuestWish').drop()
      await assert.rejects(cleanup({ Guest: app.Guest }), { code: 'ERR_TABLES_MISSING' })
    } finally {
      await app.close()
    }
  })
})
