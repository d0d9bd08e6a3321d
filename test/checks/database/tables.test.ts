import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dialect } from '../../support/database.js'
import { itWhere } from '../../support/where.js'
import { codes } from '../stage.js'
import { Diagnosis, itOnServers } from './diagnosis.js'

describe('Of the tables of this package, diagnose', () => {
  const diagnosis = new Diagnosis()

  it('each missing table is reported', async () => {
    await diagnosis.models.Users.sync()
    const findings = await diagnosis.check()
    const missing = findings.filter(({ code }) => code === 'TABLE_MISSING')
    assert.equal(missing.length, 5)
    assert.match(missing[0]?.remedy ?? '', /passport-ephemeral migrate/)
  })

  it('a missing users table is reported, and the migrations are recommended only for later', async () => {
    const findings = await diagnosis.check() // of an empty database
    const [first, ...others] = findings
    assert.equal(first?.code, 'USERS_TABLE_MISSING')
    assert.equal(first.severity, 'error')
    assert.match(first.message, /Users/)
    assert.doesNotMatch(first.remedy, /passport-ephemeral/)
    assert.equal(others.length, 5)
    for (const { code, remedy } of others) {
      assert.equal(code, 'TABLE_MISSING')
      assert.match(remedy, /^Once the table of users is there: /)
    }
  })

  it('a users table with another name is reported as missing', async () => {
    await diagnosis.makeTables()
    await diagnosis.run('ALTER TABLE "Users" RENAME TO "People"')
    const { remedy } = await diagnosis.only('USERS_TABLE_MISSING', 'error')
    assert.match(remedy, /tableName/)
  })

  it('a missing column is reported, and the other checks still run', async () => {
    await diagnosis.makeTables()
    await diagnosis.run('ALTER TABLE "Visitors" DROP COLUMN "reissuedAt"')
    const finding = await diagnosis.only('COLUMN_MISSING', 'error')
    assert.match(finding.message, /reissuedAt/)
  })

  it('a missing index is reported with the statement that creates it', async () => {
    await diagnosis.makeTables()
    await diagnosis.database.sequelize.getQueryInterface().removeIndex('Guests', 'guests_created_at')
    const { remedy } = await diagnosis.only('INDEX_MISSING', 'warning')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  it('a missing index over the lower case of addresses, by which passes are found, is reported', async () => {
    await diagnosis.makeTables()
    const indexes = diagnosis.database.sequelize.getQueryInterface()
    await indexes.removeIndex('Visitors', dialect === 'mysql' ? 'visitors_email' : 'visitors_lower_email')
    const { remedy, message } = await diagnosis.only('INDEX_MISSING', 'warning')
    assert.match(message, dialect === 'mysql' ? /index on email/ : /index on lower\(email\)/)
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  it('a missing unique index is an error', async () => {
    await diagnosis.makeTables()
    await diagnosis.database.sequelize.getQueryInterface().removeIndex('Guests', 'guests_session_hash')
    await diagnosis.database.sequelize.getQueryInterface().addIndex('Guests', ['sessionHash'])
    const { remedy } = await diagnosis.only('INDEX_MISSING', 'error')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  describe("of this package's foreign keys", () => {
    const cases = [
      { table: 'Guests', column: 'userId', target: 'Users', key: 'id' },
      { table: 'PendingConversions', column: 'userId', target: 'Guests', key: 'userId' },
      { table: 'VisitorLogs', column: 'visitorId', target: 'Visitors', key: 'id' },
    ]
    for (const { table, column, target, key } of cases) {
      itOnServers(
        `names that from ${table} to ${target} if it is gone, and gives the statements for it`,
        async () => {
          await diagnosis.makeTables()
          await dropKeys(table)
          const { remedy, message } = await diagnosis.only('OWN_FOREIGN_KEY_MISSING', 'error')
          assert.match(message, new RegExp(`${table}.* has no foreign key to .*${target}`))
          await diagnosis.run(remedy)
          assert.deepEqual(await diagnosis.check(), [])
        },
      )

      itOnServers(`names that from ${table} to ${target} if it keeps rows, once`, async () => {
        await diagnosis.makeTables()
        await dropKeys(table)
        await diagnosis.run(
          `ALTER TABLE "${table}" ADD FOREIGN KEY ("${column}") REFERENCES "${target}" ("${key}") ON DELETE NO ACTION`,
        )
        const { remedy, message } = await diagnosis.only('OWN_FOREIGN_KEY_MISSING', 'error')
        assert.match(message, /ON DELETE NO ACTION/)
        await diagnosis.run(remedy)
        assert.deepEqual(await diagnosis.check(), [])
      })
    }

    itOnServers('gives statements that clear away what refers to nothing', async () => {
      await diagnosis.makeTables()
      await dropKeys('Guests')
      const { id } = await diagnosis.models.Guest.createGuestUser()
      const stays = await diagnosis.models.Guest.createGuestUser()
      await diagnosis.models.Users.destroy({ where: { id } })
      const { remedy } = await diagnosis.only('OWN_FOREIGN_KEY_MISSING', 'error')
      await diagnosis.run(remedy)
      assert.deepEqual(await diagnosis.check(), [])
      const left = await diagnosis.models.Guest.findAll()
      assert.deepEqual(
        left.map(({ userId }) => userId),
        [stays.id],
      )
    })

    itWhere(dialect === 'sqlite')('names one that a table made by hand has not', async () => {
      await diagnosis.makeTables()
      await diagnosis.run(
        `ALTER TABLE "PendingConversions" RENAME TO "Old"; CREATE TABLE "PendingConversions" AS SELECT * FROM "Old"`,
      )
      const findings = await diagnosis.check()
      assert.ok(codes(findings).includes('OWN_FOREIGN_KEY_MISSING'))
    })

    async function dropKeys(table: string): Promise<void> {
      const queryInterface = diagnosis.database.sequelize.getQueryInterface()
      const keys = (await queryInterface.getForeignKeyReferencesForTable(table)) as {
        constraintName: string
      }[]
      assert.equal(keys.length, 1)
      for (const { constraintName } of keys) await queryInterface.removeConstraint(table, constraintName)
    }
  })
})
