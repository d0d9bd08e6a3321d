import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { DataTypes, Sequelize, type Model, type ModelStatic } from 'sequelize'
import { diagnose } from '../../src/checks/diagnose.js'
import { canSkipLocked } from '../../src/checks/database/upkeep.js'
import type { Finding } from '../../src/index.js'
import { migrationsFor } from '../../src/migrations/index.js'
import { at, DAY, later } from '../support/clock.js'
import { dialect, openDatabase, type TestDatabase } from '../support/database.js'
import { buildApp, codes, defineModels, type Models } from './stage.js'
import { itWhere } from '../support/where.js'

/** What SQLite cannot alter, and InnoDB does by itself. */
const itOnPostgres = itWhere(dialect === 'postgres')
const itOnServers = itWhere(dialect !== 'sqlite')
const itNotOnMysql = itWhere(dialect !== 'mysql')

describe('diagnose', () => {
  let database: TestDatabase
  let models: Models
  beforeEach(async () => {
    database = await openDatabase()
    models = defineModels(database.sequelize)
  })
  afterEach(() => database.close())

  /** Makes the tables, with those of the application. */
  async function makeTables(): Promise<void> {
    await database.sequelize.sync()
    if (dialect === 'postgres') await run('CREATE INDEX ON "Users" (lower("email"))')
  }

  async function run(sql: string): Promise<void> {
    for (const statement of sql.split(';').filter((part) => part.trim() !== '')) {
      await database.sequelize.query(dialect === 'mysql' ? statement.replaceAll('"', '`') : statement)
    }
  }

  async function check(): Promise<readonly Finding[]> {
    const findings = await diagnose({ ...models, isProduction: false })
    return findings.filter(({ code }) => code !== 'no-skip-locked') // the server's own
  }

  async function only(code: string, severity: Finding['severity']): Promise<Finding> {
    const findings = await check()
    assert.deepEqual(codes(findings), [code], JSON.stringify(findings, undefined, 1))
    const [finding] = findings
    assert.equal(finding?.severity, severity)
    return finding
  }

  /** A model of the application's whose rows hang on users. */
  function defineOrders(options: {
    readonly onDelete?: string
    readonly allowNull?: boolean
    readonly isIndexed?: boolean
    readonly constraints?: boolean
  }): ModelStatic<Model> {
    const { onDelete = 'CASCADE', allowNull = false, isIndexed = true, constraints = true } = options
    const Order = database.sequelize.define(
      'Order',
      { userId: { type: DataTypes.INTEGER, allowNull }, what: DataTypes.STRING },
      { indexes: isIndexed ? [{ fields: ['userId'] }] : [] },
    )
    Order.belongsTo(models.Users, {
      foreignKey: { name: 'userId', allowNull },
      ...(constraints ? { onDelete } : { constraints }),
    })
    return Order
  }

  it('has nothing to say of tables that are as they should be', async () => {
    defineOrders({})
    await makeTables()
    assert.deepEqual(await check(), [])
  })

  it('has nothing to say of tables that the migrations have made', async () => {
    await models.Users.sync()
    const context = database.sequelize.getQueryInterface()
    for (const migration of migrationsFor({ Guest: models.Guest, Visitor: models.Visitor }))
      await migration.up({ context })
    await makeTables()
    assert.deepEqual(await check(), [])
  })

  it('includes what is wrong with the application', async () => {
    const app = buildApp(models)
    await makeTables()
    assert.deepEqual(await diagnose({ ...models, app, isProduction: true }).then(withoutServer), [])
    const wrong = buildApp(models, { settings: (each) => each.set('trust proxy', true) })
    const findings = await diagnose({ ...models, app: wrong, isProduction: true }).then(withoutServer)
    assert.deepEqual(codes(findings), ['trust-proxy-anything'])
  })

  it('changes nothing', async () => {
    await makeTables()
    database.takeStatements()
    await check()
    for (const statement of database.takeStatements()) assert.match(statement, /\): (SELECT|PRAGMA)/)
  })

  it('says that the database does not answer', async () => {
    const { Sequelize: Class } = { Sequelize }
    const nowhere =
      dialect === 'mysql'
        ? new Class('mysql://root@127.0.0.1:1/test', { logging: false })
        : new Class('postgres://postgres@127.0.0.1:1/test', { logging: false })
    const findings = await diagnose({ sequelize: nowhere })
    await nowhere.close()
    assert.deepEqual(codes(findings), ['database-unreachable'])
    assert.equal(findings[0]?.severity, 'error')
  })

  it('says that the database answers, and does not tell', async () => {
    await makeTables()
    const asked = { times: 0 }
    database.sequelize.addHook('beforeQuery', () => {
      if (asked.times++ > 0) throw new Error('permission denied')
    })
    const findings = await diagnose({ ...models })
    database.sequelize.removeHook('beforeQuery', '')
    assert.deepEqual(codes(findings), ['database-unreadable'])
    assert.match(findings[0]?.message ?? '', /permission denied/)
  })

  describe('of the tables of this package', () => {
    it('names each that is missing', async () => {
      await models.Users.sync()
      const findings = await check()
      const missing = findings.filter(({ code }) => code === 'table-missing')
      assert.equal(missing.length, 5)
      assert.match(missing[0]?.remedy ?? '', /passport-ephemeral migrate/)
    })

    it('names the table of users, and sends nobody to the migrations before it is there', async () => {
      const findings = await check() // of an empty database
      const [first, ...others] = findings
      assert.equal(first?.code, 'users-table-missing')
      assert.equal(first.severity, 'error')
      assert.match(first.message, /Users/)
      assert.doesNotMatch(first.remedy, /passport-ephemeral/)
      assert.equal(others.length, 5)
      for (const { code, remedy } of others) {
        assert.equal(code, 'table-missing')
        assert.match(remedy, /^Once the table of users is there: /)
      }
    })

    it('names the table of users if it is called something else', async () => {
      await makeTables()
      await run('ALTER TABLE "Users" RENAME TO "People"')
      const { remedy } = await only('users-table-missing', 'error')
      assert.match(remedy, /tableName/)
    })

    it('names a column that is missing, and does not trip over it', async () => {
      await makeTables()
      await run('ALTER TABLE "Visitors" DROP COLUMN "reissuedAt"')
      const finding = await only('column-missing', 'error')
      assert.match(finding.message, /reissuedAt/)
    })

    itOnServers('names a column of another kind, and one that is too short', async () => {
      await makeTables()
      const queryInterface = database.sequelize.getQueryInterface()
      await queryInterface.changeColumn('Visitors', 'lastUsedAt', { type: DataTypes.STRING })
      const kind = await only('column-type', 'error')
      assert.match(kind.message, /lastUsedAt is (character varying|varchar)\(255\)/)
      await queryInterface.changeColumn('Visitors', 'confirmedBy', { type: DataTypes.STRING(10) })
      assert.match((await check()).map(({ message }) => message).join(), /confirmedBy is .*\(10\)/)
    })

    itOnPostgres('names an instant without a zone', async () => {
      await makeTables()
      await run('ALTER TABLE "Guests" ALTER COLUMN "lastSeenAt" TYPE timestamp')
      await only('column-type', 'error')
    })

    it('gives the statement for an index that is missing', async () => {
      await makeTables()
      await database.sequelize.getQueryInterface().removeIndex('Guests', 'guests_created_at')
      const { remedy } = await only('index-missing', 'warning')
      await run(remedy)
      assert.deepEqual(await check(), [])
    })

    it('takes a unique index that is missing for an error', async () => {
      await makeTables()
      await database.sequelize.getQueryInterface().removeIndex('Guests', 'guests_session_hash')
      await database.sequelize.getQueryInterface().addIndex('Guests', ['sessionHash'])
      const { remedy } = await only('index-missing', 'error')
      await run(remedy)
      assert.deepEqual(await check(), [])
    })
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
          await makeTables()
          await dropKeys(table)
          const { remedy, message } = await only('own-foreign-key-missing', 'error')
          assert.match(message, new RegExp(`${table}.* has no foreign key to .*${target}`))
          await run(remedy)
          assert.deepEqual(await check(), [])
        },
      )

      itOnServers(`names that from ${table} to ${target} if it keeps rows, once`, async () => {
        await makeTables()
        await dropKeys(table)
        await run(
          `ALTER TABLE "${table}" ADD FOREIGN KEY ("${column}") REFERENCES "${target}" ("${key}") ON DELETE NO ACTION`,
        )
        const { remedy, message } = await only('own-foreign-key-missing', 'error')
        assert.match(message, /ON DELETE NO ACTION/)
        await run(remedy)
        assert.deepEqual(await check(), [])
      })
    }

    itOnServers('gives statements that clear away what refers to nothing', async () => {
      await makeTables()
      await dropKeys('Guests')
      const { id } = await models.Guest.createGuestUser()
      const stays = await models.Guest.createGuestUser()
      await models.Users.destroy({ where: { id } })
      const { remedy } = await only('own-foreign-key-missing', 'error')
      await run(remedy)
      assert.deepEqual(await check(), [])
      const left = await models.Guest.findAll()
      assert.deepEqual(
        left.map(({ userId }) => userId),
        [stays.id],
      )
    })

    itWhere(dialect === 'sqlite')('names one that a table made by hand has not', async () => {
      await makeTables()
      await run(
        `ALTER TABLE "PendingConversions" RENAME TO "Old"; CREATE TABLE "PendingConversions" AS SELECT * FROM "Old"`,
      )
      const findings = await check()
      assert.ok(codes(findings).includes('own-foreign-key-missing'))
    })

    async function dropKeys(table: string): Promise<void> {
      const queryInterface = database.sequelize.getQueryInterface()
      const keys = (await queryInterface.getForeignKeyReferencesForTable(table)) as {
        constraintName: string
      }[]
      assert.equal(keys.length, 1)
      for (const { constraintName } of keys) await queryInterface.removeConstraint(table, constraintName)
    }
  })

  describe('of foreign keys', () => {
    it('names one that blocks, and says how to change it', async () => {
      defineOrders({ onDelete: 'NO ACTION' })
      await makeTables()
      const { remedy, message } = await only('foreign-key-blocks', 'error')
      assert.match(message, /Orders.* \(userId\) refers to .*Users/)
      if (dialect === 'sqlite') return
      await run(remedy)
      assert.deepEqual(await check(), [])
      const user = await models.Guest.createGuestUser()
      await database.sequelize.model('Order').create({ userId: user.id })
      await models.Users.destroy({ where: { id: user.id } })
      assert.equal(await database.sequelize.model('Order').count(), 0)
    })

    it('follows them through what a cascade deletes', async () => {
      const Order = defineOrders({})
      const Line = database.sequelize.define(
        'Line',
        { orderId: DataTypes.INTEGER },
        { indexes: [{ fields: ['orderId'] }] },
      )
      Line.belongsTo(Order, { foreignKey: 'orderId', onDelete: 'RESTRICT' })
      const Note = database.sequelize.define(
        'Note',
        { lineId: DataTypes.INTEGER },
        { indexes: [{ fields: ['lineId'] }] },
      )
      Note.belongsTo(Line, { foreignKey: 'lineId', onDelete: 'RESTRICT' })
      await makeTables()
      const { message } = await only('foreign-key-blocks', 'error') // the lines are not deleted, so the notes do not matter
      assert.match(message, /Lines.* \(orderId\) refers to .*Orders/)
    })

    itNotOnMysql('names one without an index, and gives the statement for it', async () => {
      defineOrders({ isIndexed: false })
      await makeTables()
      const { remedy } = await only('foreign-key-without-index', 'warning')
      await run(remedy)
      assert.deepEqual(await check(), [])
    })

    itNotOnMysql('counts an index that begins with the key, and none that merely contains it', async () => {
      defineOrders({ isIndexed: false })
      await makeTables()
      await run('CREATE INDEX orders_what_user ON "Orders" ("what", "userId")')
      await only('foreign-key-without-index', 'warning')
      await run('CREATE INDEX orders_user_what ON "Orders" ("userId", "what")')
      assert.deepEqual(await check(), [])
    })

    itOnPostgres('counts an index of all rows that refer, and none of some other rows', async () => {
      defineOrders({ isIndexed: false })
      await makeTables()
      await run(`CREATE INDEX only_tea ON "Orders" ("userId") WHERE "what" = 'tea'`)
      await only('foreign-key-without-index', 'warning')
      await run('CREATE INDEX referring ON "Orders" ("userId") WHERE "userId" IS NOT NULL')
      assert.deepEqual(await check(), [])
    })

    itNotOnMysql('names one that would set to null what must not be', async () => {
      defineOrders({ allowNull: true, onDelete: 'SET NULL' })
      await makeTables()
      assert.deepEqual(await check(), [])
      if (dialect === 'sqlite') return
      await run('ALTER TABLE "Orders" ALTER COLUMN "userId" SET NOT NULL')
      const { remedy } = await only('foreign-key-sets-null', 'error')
      await run(remedy.slice(0, remedy.indexOf(' Or let')))
      assert.deepEqual(await check(), [])
    })

    itNotOnMysql('names one that sets a default that may refer to nothing', async () => {
      await makeTables()
      await run(`CREATE TABLE "Drafts" ("userId" INTEGER REFERENCES "Users" ("id") ON DELETE SET DEFAULT);
        CREATE INDEX drafts_user ON "Drafts" ("userId")`)
      assert.deepEqual(await check(), []) // that is null
      await run(`DROP TABLE "Drafts";
        CREATE TABLE "Drafts" ("userId" INTEGER DEFAULT 1 REFERENCES "Users" ("id") ON DELETE SET DEFAULT);
        CREATE INDEX drafts_user ON "Drafts" ("userId")`)
      const { remedy } = await only('foreign-key-sets-default', 'warning')
      if (dialect === 'sqlite') return
      await run('ALTER TABLE "Drafts" ALTER COLUMN "userId" DROP DEFAULT, ALTER COLUMN "userId" SET NOT NULL')
      await only('foreign-key-sets-default', 'error')
      await run(remedy.slice(remedy.indexOf('ALTER TABLE')))
      assert.deepEqual(await check(), [])
    })

    itOnPostgres('gives a statement that a partitioned table takes', async () => {
      await makeTables()
      await run(`CREATE TABLE "Events" ("userId" int NOT NULL REFERENCES "Users" ON DELETE CASCADE) PARTITION BY HASH ("userId");
        CREATE TABLE "Events0" PARTITION OF "Events" FOR VALUES WITH (MODULUS 1, REMAINDER 0)`)
      const { remedy } = await only('foreign-key-without-index', 'warning')
      await run(remedy)
      assert.deepEqual(await check(), [])
    })

    itWhere(dialect === 'mysql')('sees those of another database of the server', async () => {
      defineOrders({})
      await makeTables()
      const own = database.sequelize.getDatabaseName()
      await run(`CREATE DATABASE "${own}_other";
        CREATE TABLE "${own}_other"."Users" (id int PRIMARY KEY);
        CREATE TABLE "${own}_other"."Orders" (id int PRIMARY KEY, userId int NOT NULL,
          FOREIGN KEY (userId) REFERENCES "${own}"."Users" (id) ON DELETE CASCADE);
        CREATE TABLE "${own}_other"."Lines" (orderId int NOT NULL, FOREIGN KEY (orderId) REFERENCES "${own}_other"."Orders" (id));
        CREATE TABLE "${own}_other"."Bills" (userId int, FOREIGN KEY (userId) REFERENCES "${own}"."Users" (id));
        CREATE TABLE "${own}_other"."Mine" (userId int, FOREIGN KEY (userId) REFERENCES "${own}_other"."Users" (id))`)
      try {
        const findings = await check()
        assert.deepEqual(codes(findings), ['foreign-key-blocks', 'foreign-key-blocks'])
        const messages = findings.map(({ message }) => message).sort()
        assert.match(messages[0] ?? '', /_other`\.`Bills` \(userId\) refers to `Users`/)
        assert.match(messages[1] ?? '', /_other`\.`Lines` \(orderId\) refers to `.*_other`\.`Orders`/)
        const remedies = findings.map(({ remedy }) => remedy).join('')
        assert.match(remedies, new RegExp(`REFERENCES \`${own}\`\\.\`Users\``)) // there is one beside the table, too
        await run(remedies)
        assert.deepEqual(await check(), [])
      } finally {
        await run(`DROP DATABASE "${own}_other"`)
      }
    })

    it('names one that keeps a pass', async () => {
      const Reference = database.sequelize.define(
        'Reference',
        { passId: DataTypes.INTEGER },
        { indexes: [{ fields: ['passId'] }] },
      )
      Reference.belongsTo(models.Visitor, { foreignKey: 'passId', onDelete: 'RESTRICT' })
      await makeTables()
      const { message } = await only('foreign-key-blocks', 'error')
      assert.match(message, /a visitor pass/)
    })

    itOnPostgres('tells tables of one name apart by their schemas', async () => {
      await makeTables()
      await run(`CREATE SCHEMA other; CREATE TABLE other."Users" (id int PRIMARY KEY);
        CREATE TABLE other."Orders" ("userId" int NOT NULL REFERENCES other."Users" ON DELETE RESTRICT);
        CREATE TABLE other."Bills" ("userId" int NOT NULL REFERENCES public."Users" ON DELETE RESTRICT)`)
      const findings = await check()
      assert.deepEqual(codes(findings), ['foreign-key-blocks', 'foreign-key-without-index'])
      assert.match(findings[0]?.message ?? '', /other\."Bills"/)
      await run(findings.map(({ remedy }) => remedy).join(''))
      assert.deepEqual(await check(), [])
      await run('DROP SCHEMA other CASCADE') // an embedded database is used again
    })
  })

  describe('of rows that stay behind', () => {
    it('names a model whose table has no foreign key', async () => {
      const Order = defineOrders({})
      await makeTables()
      await Order.drop()
      await database.sequelize.getQueryInterface().createTable('Orders', {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        userId: { type: DataTypes.INTEGER, allowNull: false },
        what: DataTypes.STRING,
        createdAt: DataTypes.DATE,
        updatedAt: DataTypes.DATE,
      })
      await database.sequelize.getQueryInterface().addIndex('Orders', ['userId'])
      const { remedy, message } = await only('rows-orphaned', 'warning')
      assert.match(message, /^Order refers to User by userId/)
      if (dialect === 'sqlite') return
      await run(remedy)
      assert.deepEqual(await check(), [])
    })

    it('notes a model that means to have none', async () => {
      defineOrders({ constraints: false })
      await makeTables()
      await only('rows-orphaned', 'note')
    })
  })

  describe('of upkeep', () => {
    it('notices that nobody deletes guests who have long expired', async () => {
      await makeTables()
      await models.Guest.createGuestUser()
      assert.deepEqual(await later(15 * DAY, check), [])
      const findings = await later(17 * DAY, check)
      assert.deepEqual(codes(findings), ['expired-guests-left'])
      assert.match(findings[0]?.remedy ?? '', /'keep'.*foreign key/)
    })

    it('counts from when a guest was last seen, where that prolongs', async () => {
      await database.close()
      database = await openDatabase()
      models = defineModels(database.sequelize, { expiry: 'sliding' })
      await makeTables()
      const user = await at(Date.now() - 20 * DAY * 1000, () => models.Guest.createGuestUser())
      assert.deepEqual(codes(await check()), ['expired-guests-left'])
      await models.Guest.update({ lastSeenAt: new Date() }, { where: { userId: user.id } })
      assert.deepEqual(await check(), [])
    })

    itOnPostgres('notes that addresses are looked up without an index', async () => {
      await database.sequelize.sync()
      const { remedy } = await only('email-without-lower-index', 'note')
      await run(remedy)
      assert.deepEqual(await check(), [])
    })

    it('knows which servers can skip what is locked', () => {
      for (const version of ['10.6.0-MariaDB', '11.4.2-MariaDB-log', '8.0.1', '8.4.0', '9.1.0', 'odd'])
        assert.ok(canSkipLocked(version), version)
      for (const version of ['10.5.29-MariaDB', '5.5.5-10.4.1-MariaDB', '8.0.0', '5.7.44-log'])
        assert.ok(!canSkipLocked(version), version)
    })
  })
})

function withoutServer(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ code }) => code !== 'no-skip-locked')
}
