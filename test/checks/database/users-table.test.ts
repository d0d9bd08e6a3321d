import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DataTypes, type ModelAttributes } from 'sequelize'
import { dialect } from '../../support/database.js'
import { Diagnosis, itOnPostgres, itOnServers } from './diagnosis.js'

describe('Of the table of users, diagnose', () => {
  const diagnosis = new Diagnosis()

  for (const isIndexed of [true, false]) {
    it(`a model whose table has no foreign key to users is reported, ${isIndexed ? 'with' : 'without'} an index`, async () => {
      const Order = diagnosis.defineOrders({})
      await diagnosis.makeTables()
      await Order.drop()
      await diagnosis.database.sequelize.getQueryInterface().createTable('Orders', {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        userId: { type: DataTypes.INTEGER, allowNull: false },
        what: DataTypes.STRING,
        createdAt: DataTypes.DATE,
        updatedAt: DataTypes.DATE,
      })
      if (isIndexed) await diagnosis.database.sequelize.getQueryInterface().addIndex('Orders', ['userId'])
      const { remedy, message } = await diagnosis.only('ROWS_ORPHANED', 'warning')
      assert.match(message, /^Order refers to User by userId/)
      assert.equal(remedy.includes('CREATE INDEX'), !isIndexed && dialect !== 'mysql')
      if (dialect === 'sqlite') return
      await diagnosis.run(remedy)
      assert.deepEqual(await diagnosis.check(), [])
    })
  }

  itOnServers(
    'users who refer to users that are gone stay, when the missing foreign key is added',
    async () => {
      const { Users } = diagnosis.models
      await diagnosis.makeTables()
      await diagnosis.run('ALTER TABLE "Users" ADD COLUMN "referredBy" int')
      Users.hasMany(Users, { foreignKey: 'referredBy' })
      const { id } = await Users.create({ username: 'first', password: 'x' })
      await Users.create({ username: 'second', password: 'x' })
      await diagnosis.run(`UPDATE "Users" SET "referredBy" = id + 1`) // the last one to a user that is gone
      const { remedy } = await diagnosis.only('ROWS_ORPHANED', 'warning')
      await diagnosis.run(remedy)
      assert.deepEqual(await diagnosis.check(), [])
      const users = await Users.findAll({ attributes: ['referredBy'], order: ['id'], raw: true })
      assert.deepEqual(users, [{ referredBy: id + 1 }, { referredBy: null }])
      assert.match(remedy, /ON DELETE SET NULL/)
    },
  )

  it('a model that declares no foreign key is only noted', async () => {
    diagnosis.defineOrders({ constraints: false })
    await diagnosis.makeTables()
    await diagnosis.only('ROWS_ORPHANED', 'note')
  })

  itOnPostgres('notes that addresses are looked up without an index', async () => {
    await diagnosis.database.sequelize.sync()
    const { remedy } = await diagnosis.only('EMAIL_WITHOUT_LOWER_INDEX', 'note')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  it('a users table without a unique index on the username is reported', async () => {
    await diagnosis.makeTables()
    await dropUnique('username')
    const { remedy, message } = await diagnosis.only('USERNAME_NOT_UNIQUE', 'warning')
    assert.match(message, /no unique index on username/)
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  it('a users table without a unique index on the e-mail address is noted', async () => {
    await diagnosis.makeTables()
    await dropUnique('email')
    const { remedy } = await diagnosis.only('EMAIL_NOT_UNIQUE', 'note')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  itOnPostgres('counts a unique index of the lower case, and one per tenant', async () => {
    await diagnosis.makeTables()
    await dropUnique('email')
    await dropUnique('username')
    await diagnosis.run('CREATE UNIQUE INDEX ON "Users" (lower("email"))')
    await diagnosis.run(
      'ALTER TABLE "Users" ADD tenant int; CREATE UNIQUE INDEX ON "Users" (tenant, username)',
    )
    assert.deepEqual(await diagnosis.check(), [])
  })

  /** Removes the index that `unique: true` of an attribute makes. */
  async function dropUnique(column: string): Promise<void> {
    const context = diagnosis.database.sequelize.getQueryInterface()
    if (dialect === 'postgres') await context.removeConstraint('Users', `Users_${column}_key`)
    else if (dialect === 'mysql') await context.removeIndex('Users', column)
    else {
      // SQLite cannot drop the constraint of a table that exists.
      await diagnosis.run('DROP INDEX IF EXISTS users_lower') // describeTable fails at an index of an expression
      const columns = Object.entries(await context.describeTable('Users'))
      const kept = columns.map(([name, { type, allowNull, primaryKey }]) => [
        name,
        { type, allowNull, primaryKey },
      ])
      await context.dropTable('Users')
      await context.createTable('Users', Object.fromEntries(kept) as ModelAttributes)
      for (const other of ['username', 'email'].filter((name) => name !== column))
        await context.addIndex('Users', [other], { unique: true })
      await diagnosis.run('CREATE INDEX users_lower ON "Users" (lower("email"))')
    }
  }
})
