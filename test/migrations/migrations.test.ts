import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataTypes, Sequelize, type ModelStatic, type Model, type QueryInterface } from 'sequelize'
import { quotedField, quotedTable } from '../../src/database/columns.js'
import { migrationsFor, type Migration } from '../../src/migrations/index.js'
import { readCatalog, type Catalog } from '../support/catalog.js'
import { dialect } from '../support/database.js'
import { plainUser } from '../support/host-application.js'
import { umzugFor, withModels, type Models, type Variant } from './stage.js'

const uuidKey = { id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 } }

const variants: readonly Variant[] = [
  { under: 'the default conventions', defineUser: plainUser() },
  { under: 'underscored', database: { define: { underscored: true } }, defineUser: plainUser() },
  { under: 'frozen table names', database: { define: { freezeTableName: true } }, defineUser: plainUser() },
  {
    under: 'table names of their own',
    defineUser: plainUser({}, { tableName: 'people' }),
    guest: { tableName: 'people_for_now' },
    visitor: { tableName: 'passes', logTableName: 'pass_visits' },
  },
  {
    under: 'table names of their own in a schema',
    only: 'postgres',
    schema: 'app',
    defineUser: plainUser({}, { schema: 'app', tableName: 'people' }),
    guest: { schema: 'app', tableName: 'people_for_now' },
    visitor: { schema: 'app', tableName: 'passes', logTableName: 'pass_visits' },
  },
  {
    under: 'a schema for every model',
    only: 'postgres',
    schema: 'app',
    database: { define: { schema: 'app' } },
    defineUser: plainUser(),
  },
  {
    under: 'a prefix for every table, from a hook',
    database: {
      hooks: {
        beforeDefine(_attributes, options) {
          options.tableName = `app_${options.tableName ?? options.modelName ?? ''}`
        },
      },
    },
    defineUser: plainUser(),
  },
  {
    under: 'columns renamed by a hook',
    database: {
      hooks: {
        beforeDefine(attributes) {
          for (const [name, definition] of Object.entries(attributes)) {
            if (typeof definition === 'object' && 'type' in definition) definition.field = `c_${name}`
          }
        },
      },
    },
    defineUser: plainUser(),
  },
  { under: 'a UUID for the key of the users', defineUser: plainUser(uuidKey) },
  {
    under: 'a key of the users that is called otherwise, in the model and in the table',
    defineUser: (sequelize) =>
      sequelize.define('User', {
        memberNumber: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true, field: 'member_no' },
        username: { type: DataTypes.STRING, unique: true },
      }),
  },
  {
    under: 'a text of some length for the key of the users',
    defineUser: plainUser({ id: { type: DataTypes.STRING(40), primaryKey: true } }),
  },
  {
    under: 'quoteIdentifiers: false',
    only: 'postgres',
    database: { quoteIdentifiers: false },
    defineUser: plainUser(),
  },
  {
    under: 'a character set and collation for every table',
    only: 'mysql',
    database: { define: { charset: 'utf8mb3', collate: 'utf8mb3_unicode_ci' } },
    defineUser: plainUser(uuidKey),
  },
]

for (const { under, only = dialect, ...variant } of variants) {
  if (only !== dialect) continue
  test(`sync() and the migrations make the same tables, and these go up, down and up again: ${under}`, async () => {
    await withModels(variant, async ({ models, users }) => {
      const { sequelize } = models
      const before = await readCatalog(sequelize, users)
      assert.deepEqual(before, {})

      const umzug = umzugFor(models)
      assert.deepEqual(
        (await umzug.up()).map(({ name }) => name),
        [
          'passport-ephemeral-0001-visitor-passes',
          'passport-ephemeral-0002-guests',
          'passport-ephemeral-0003-pending-conversions',
          'passport-ephemeral-0004-guest-outcomes',
        ],
      )
      const migrated = await readCatalog(sequelize, users)
      assert.ok(Object.keys(migrated).length >= 3)
      await umzug.down({ to: 0 })
      assert.deepEqual(await readCatalog(sequelize, users), {})
      await umzug.up()
      assertSame(await readCatalog(sequelize, users), migrated)
      await assertCascades(models)
      await umzug.down({ to: 0 })

      await sequelize.sync()
      assertSame(await readCatalog(sequelize, users), migrated)
    })
  })
}

test('sequelize-cli, which passes queryInterface and Sequelize, goes up, down and up again', async () => {
  await withModels({ defineUser: plainUser() }, async ({ models, users }) => {
    const { sequelize } = models
    const queryInterface = sequelize.getQueryInterface()
    const steps: readonly CliMigration[] = migrationsFor(models.forMigrations)
    const up = async (): Promise<void> => {
      for (const step of steps) await step.up(queryInterface, Sequelize)
    }
    await up()
    const migrated = await readCatalog(sequelize, users)
    for (const step of steps.toReversed()) await step.down(queryInterface, Sequelize)
    assert.deepEqual(await readCatalog(sequelize, users), {})
    await up()
    assertSame(await readCatalog(sequelize, users), migrated)
    await assertCascades(models)
  })
})

test('nothing is created before the users table is there, so the migrations can run again after those of the application', async () => {
  await withModels({ defineUser: plainUser() }, async ({ models, users }) => {
    const { sequelize, User } = models
    await User.drop()
    const queryInterface = sequelize.getQueryInterface()
    for (const { up } of migrationsFor(models.forMigrations)) {
      await assert.rejects(up(queryInterface), {
        code: 'ERR_USERS_TABLE_MISSING',
        message: /The users table 'Users' is missing.*run the migrations of your application first/,
      })
    }
    assert.deepEqual(await readCatalog(sequelize, users), {})
    await User.sync()
    await umzugFor(models).up()
    await assertCascades(models)
  })
})

test('only the migrations of the models in use are given', async () => {
  await withModels({ defineUser: plainUser() }, ({ models: { Guest, Visitor } }) => {
    const names = (migrations: readonly Migration[]): string[] => migrations.map(({ name }) => name)
    assert.deepEqual(names(migrationsFor({ Visitor })), ['passport-ephemeral-0001-visitor-passes'])
    assert.deepEqual(names(migrationsFor({ Guest })), [
      'passport-ephemeral-0002-guests',
      'passport-ephemeral-0003-pending-conversions',
      'passport-ephemeral-0004-guest-outcomes',
    ])
    assert.throws(() => migrationsFor({}), /give it Visitor, Guest or both/)
    return Promise.resolve()
  })
})

test('a model that is not one of these is refused by name, before anything is done', async () => {
  await withModels({ defineUser: plainUser() }, ({ models: { User, Guest, Visitor, VisitorLog } }) => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ Guest: User }, /option 'Guest'.*defineGuestModel/],
      [{ Guest: Visitor }, /option 'Guest'/],
      [{ Visitor: Guest }, /option 'Visitor'.*defineVisitorModels/],
      [{ Visitor: VisitorLog }, /option 'Visitor'/],
      [{ Visitor: null }, /option 'Visitor'/],
      [{ Guest: 'Guest' }, /option 'Guest'/],
      [{ VisitorLog }, /unknown option 'VisitorLog'/],
      [Guest, /migrationsFor/],
      [undefined, /options must be an object/],
    ]
    for (const [models, message] of wrong) {
      assert.throws(() => migrationsFor(models as object), { name: 'TypeError', message })
    }
    return Promise.resolve()
  })
})

interface CliMigration {
  readonly up: (queryInterface: QueryInterface, sequelize: typeof Sequelize) => Promise<void>
  readonly down: (queryInterface: QueryInterface, sequelize: typeof Sequelize) => Promise<void>
}

function assertSame(actual: Catalog, expected: Catalog): void {
  assert.deepEqual(actual, expected)
}

/** Deletes past the ORM, so that nothing but the database can have taken the dependants along. */
async function assertCascades({ sequelize, User, Guest, Visitor, VisitorLog }: Models): Promise<void> {
  const key = User.primaryKeyAttribute
  const isText = User.getAttributes()[key]?.type instanceof DataTypes.STRING
  const [kept, deleted] = await Promise.all(
    ['kept', 'deleted'].map((username) => User.create({ username, ...(isText && { [key]: username }) })),
  )
  for (const user of [kept, deleted]) {
    await Guest.create({ userId: user?.get(key) as number })
  }
  await deleteRow(sequelize, User, String(deleted?.get(key)))
  assert.deepEqual(
    (await Guest.findAll()).map(({ userId }) => String(userId)),
    [String(kept?.get(key))],
  )

  const [open, gone] = await Promise.all(
    ['open', 'gone'].map((scope) => Visitor.create({ email: 'kim@example.org', scope, context: null })),
  )
  for (const pass of [open, gone]) {
    await VisitorLog.create({
      visitorId: pass?.id ?? 0,
      method: 'GET',
      path: '/',
      status: 200,
      userAgent: '',
      referrer: '',
      ip: '',
      sessionHash: '',
      outcome: 'admitted',
    })
  }
  await deleteRow(sequelize, Visitor, String(gone?.id))
  assert.deepEqual(
    (await VisitorLog.findAll()).map(({ visitorId }) => visitorId),
    [open?.id],
  )
  await Visitor.destroy({ where: {} })
  await User.destroy({ where: {} })
}

async function deleteRow(sequelize: Sequelize, Model: ModelStatic<Model>, key: string): Promise<void> {
  const field = quotedField(Model, Model.primaryKeyAttribute)
  await sequelize.query(`DELETE FROM ${quotedTable(Model)} WHERE ${field} = ?`, { replacements: [key] })
}

test('a guest of a user who does not exist is refused by the database', async () => {
  await withModels({ defineUser: plainUser() }, async ({ models }) => {
    await umzugFor(models).up()
    await assert.rejects(models.Guest.create({ userId: 4711 }), {
      name: 'SequelizeForeignKeyConstraintError',
    })
  })
})

test('the second of two guests for one session is refused by the migrated tables, too', async () => {
  await withModels({ defineUser: plainUser() }, async ({ models }) => {
    const { User, Guest } = models
    await umzugFor(models).up()
    const [ada, bob] = [await User.create({ username: 'ada' }), await User.create({ username: 'bob' })]
    const sessionHash = 'a'.repeat(64)
    await Guest.create({ userId: ada.get('id') as number, sessionHash })
    await assert.rejects(Guest.create({ userId: bob.get('id') as number, sessionHash }), {
      name: 'SequelizeUniqueConstraintError',
    })
  })
})
