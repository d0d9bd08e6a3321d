import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataTypes, type ModelAttributes, type ModelStatic, type Model } from 'sequelize'
import { dialect } from '../support/database.js'
import {
  plainUser,
  startHost,
  type Host,
  type HostOptions,
  type HostWho,
} from '../support/host-application.js'
import { walkStory, who, type Expectations } from './story.js'

interface Convention extends HostOptions {
  readonly host: string
  readonly only?: typeof dialect
  readonly expect?: Expectations
  /** Looks at what came of it: the guest's page as it was made. */
  readonly check?: (host: Host, guest: HostWho) => unknown
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const guestColumns = ['userId', 'createdAt', 'lastSeenAt', 'sessionHash']

const conventions: readonly Convention[] = [
  {
    host: 'whose columns are underscored',
    database: { define: { underscored: true } },
    defineUser: plainUser({ displayName: { type: DataTypes.STRING, defaultValue: 'nobody yet' } }),
    async check(host, guest) {
      assert.equal(tableOf(host.Guest), 'guests')
      assert.deepEqual(await columnsOf(host, host.Guest), [
        'user_id',
        'created_at',
        'last_seen_at',
        'session_hash',
      ])
      assert.ok((await columnsOf(host, host.Visitor)).includes('last_used_at'))
      assert.ok((await columnsOf(host, host.VisitorLog)).includes('user_agent'))
      assert.deepEqual(Object.keys(guest.user ?? {}).sort(), [
        'createdAt',
        'displayName',
        'id',
        'updatedAt',
        'username',
      ])
    },
  },
  {
    host: 'whose tables have a prefix, from a hook',
    database: {
      hooks: {
        beforeDefine(_attributes, options) {
          options.tableName = `app_${String(options.modelName)}`
        },
      },
    },
    defineUser: plainUser(),
    async check(host) {
      assert.deepEqual([host.Guest, host.Visitor, host.VisitorLog].map(tableOf), [
        'app_Guest',
        'app_Visitor',
        'app_VisitorLog',
      ])
      assert.deepEqual(await columnsOf(host, host.Guest), guestColumns)
    },
  },
  {
    host: 'whose columns have a prefix, from a hook',
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
    async check(host, guest) {
      assert.deepEqual(
        await columnsOf(host, host.Guest),
        guestColumns.map((name) => `c_${name}`),
      )
      assert.deepEqual(Object.keys(guest.user ?? {}).sort(), ['createdAt', 'id', 'updatedAt', 'username'])
    },
  },
  {
    host: 'whose table names are frozen',
    database: { define: { freezeTableName: true } },
    defineUser: plainUser(),
    check: (host) => {
      assert.equal(tableOf(host.Guest), 'Guest')
    },
  },
  {
    host: 'that gives every table of ours another name',
    defineUser: plainUser({}, { tableName: 'people' }),
    guest: { tableName: 'people for now' },
    visitor: { tableName: 'passes', logTableName: 'pass visits' },
    check: (host) => {
      assert.equal(tableOf(host.Guest), 'people for now')
    },
  },
  {
    host: 'whose tables lie in schemas, each side in one of its own',
    only: 'postgres',
    defineUser: plainUser({}, { schema: 'people' }),
    guest: { schema: 'people', tableName: 'for_now' },
    visitor: { schema: 'passes' },
    async makeTables(sequelize) {
      for (const schema of ['people', 'passes']) {
        await sequelize.dropSchema(schema, {}).catch(() => undefined)
        await sequelize.createSchema(schema, {})
      }
      await sequelize.sync()
    },
    async check(host) {
      const { schema, tableName } = tableOf(host.Guest) as { schema: string; tableName: string }
      assert.deepEqual([schema, tableName], ['people', 'for_now'])
      for (const schema of ['people', 'passes']) await host.sequelize.dropSchema(schema, {})
    },
  },
  {
    host: 'that does not quote its identifiers',
    only: 'postgres',
    database: { quoteIdentifiers: false },
    defineUser: plainUser({ displayName: { type: DataTypes.STRING, defaultValue: 'nobody yet' } }),
    async check(host, guest) {
      await host.sequelize.query('SELECT userid, createdat, lastseenat, sessionhash FROM guests')
      assert.equal(guest.user?.['displayName'], 'nobody yet')
    },
  },
  {
    host: 'whose users have a UUID, made by the application',
    defineUser: keyed({ id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 } }),
    check(_host, guest) {
      assert.match(String(guest.key), uuid)
    },
  },
  {
    host: 'whose users have a UUID, made by the database',
    only: 'postgres',
    defineUser: (sequelize) =>
      keyed({
        id: {
          type: DataTypes.UUID,
          primaryKey: true,
          defaultValue: sequelize.literal('gen_random_uuid()'),
        },
      })(sequelize),
    check(_host, guest) {
      assert.match(String(guest.key), uuid)
    },
  },
  {
    host: 'whose users have a key by another name, in the model and in the table',
    defineUser: keyed({
      memberNumber: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true, field: 'member_no' },
    }),
    async check(host, guest) {
      assert.equal(String(guest.user?.['memberNumber']), guest.key)
      assert.ok((await columnsOf(host, host.User)).includes('member_no'))
      assert.deepEqual(await columnsOf(host, host.Guest), guestColumns)
    },
  },
  {
    host: 'whose users have a key called userId, as our column is',
    defineUser: keyed({ userId: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true } }),
  },
  {
    host: 'whose users are counted with BIGINT',
    defineUser: keyed({
      id: {
        type: dialect === 'sqlite' ? DataTypes.INTEGER : DataTypes.BIGINT,
        primaryKey: true,
        autoIncrement: true,
      },
    }),
    async check(host) {
      // Past what a JavaScript number holds exactly; as text where the driver gives text.
      const big = dialect === 'postgres' ? '9007199254740993' : 9007199254740991
      const user = await host.User.create({ id: big, username: 'big' })
      await host.Guest.create({ userId: big })
      const converted = await host.Guest.convert(user, { username: 'bigger' })
      assert.equal(String(converted.get('id')), String(big))
    },
  },
  {
    host: 'whose username has a column by another name',
    defineUser: plainUser({
      username: { type: DataTypes.STRING(20), allowNull: false, unique: true, field: 'user_login_name' },
    }),
    async check(host, guest) {
      assert.ok((await columnsOf(host, host.User)).includes('user_login_name'))
      assert.match(String(guest.user?.['username']), /^[0-9a-f]{20}$/)
    },
  },
  {
    host: 'whose users have a login instead of a username',
    defineUser: (sequelize) =>
      sequelize.define('User', {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        login: { type: DataTypes.STRING(150), allowNull: false, unique: true },
      }),
    guest: { usernameField: 'login' },
    expect: { usernameAttribute: 'login' },
    check(_host, guest) {
      assert.match(String(guest.user?.['login']), /^[0-9a-f]{32}$/)
    },
  },
  {
    host: 'whose users have no timestamps',
    defineUser: plainUser({}, { timestamps: false }),
    async check(host, guest) {
      assert.deepEqual(await columnsOf(host, host.User), ['id', 'username'])
      assert.deepEqual(Object.keys(guest.user ?? {}), ['id', 'username'])
    },
  },
  {
    host: 'that has no timestamps anywhere else',
    database: { define: { timestamps: false } },
    defineUser: plainUser(),
    async check(host) {
      assert.deepEqual(await columnsOf(host, host.Guest), guestColumns)
    },
  },
  {
    host: 'whose timestamps have names of their own',
    defineUser: plainUser({}, { createdAt: 'joined', updatedAt: 'touched' }),
    check: (_host, guest) => {
      assertRecent(guest.user?.['joined'])
      assertRecent(guest.user?.['touched'])
    },
  },
  {
    host: 'whose timestamps have names of their own in every model, and no updatedAt',
    database: { define: { createdAt: 'born', updatedAt: false } },
    defineUser: plainUser(),
    async check(host, guest) {
      assertRecent(guest.user?.['born'])
      assert.deepEqual(await columnsOf(host, host.Guest), guestColumns)
    },
  },
  {
    host: 'that versions its rows',
    database: { define: { version: true } },
    defineUser: plainUser(),
    expect: { createdInOne: false },
    async check(host, guest) {
      assert.equal(guest.user?.['version'], 0)
      assert.deepEqual(await columnsOf(host, host.Guest), guestColumns)
      assert.equal((await host.User.findOne({ where: { username: 'ada' } }))?.get('version'), 1)
    },
  },
  {
    host: 'whose users have virtual attributes, getters and setters',
    defineUser: plainUser({
      username: {
        type: DataTypes.STRING(150),
        unique: true,
        set(value: unknown) {
          this.setDataValue('username', String(value).toLowerCase())
        },
      },
      greeting: {
        type: DataTypes.VIRTUAL,
        get(this: Model) {
          return `Hello ${String(this.get('username'))}`
        },
      },
      settings: { type: DataTypes.JSON, defaultValue: { dark: true } },
    }),
    guestStrategy: { generateUsername: () => 'UPPER' },
    async check(host, guest) {
      assert.deepEqual([guest.user?.['username'], guest.user?.['greeting']], ['upper', 'Hello upper'])
      assert.ok(!(await columnsOf(host, host.User)).includes('greeting'))
      if (dialect !== 'mysql') assert.deepEqual(guest.user?.['settings'], { dark: true })
    },
  },
  {
    host: 'that sets a character set and collation for every table',
    only: 'mysql',
    database: { define: { charset: 'utf8mb3', collate: 'utf8mb3_unicode_ci' } },
    defineUser: keyed({ id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 } }),
  },
]

for (const { host: description, only = dialect, expect, check, ...options } of conventions) {
  if (only !== dialect) continue
  test(`guests and visitors can do everything in an application ${description}`, async () => {
    const host = await startHost(options)
    try {
      const guest = await walkStory(host, expect)
      await check?.(host, guest)
    } finally {
      await host.close()
    }
  })
}

test('a key that the database generates is the key that the session stores, for each guest', async () => {
  const host = await startHost({ defineUser: plainUser() })
  try {
    const [one, other] = [host.browser(), host.browser()]
    const [first, second] = [await who(one.get('/play')), await who(other.get('/play'))]
    assert.notEqual(first.key, second.key)
    assert.deepEqual(
      [(await who(one.get('/who'))).key, (await who(other.get('/who'))).key],
      [first.key, second.key],
    )
  } finally {
    await host.close()
  }
})

/** A users model whose key is as given. */
function keyed(key: ModelAttributes): HostOptions['defineUser'] {
  return (sequelize) =>
    sequelize.define('User', {
      ...key,
      username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
    })
}

function tableOf(Model: ModelStatic<Model>): unknown {
  return Model.getTableName()
}

async function columnsOf({ sequelize }: Host, Model: ModelStatic<Model>): Promise<string[]> {
  if (dialect !== 'sqlite')
    return Object.keys(await sequelize.getQueryInterface().describeTable(Model.getTableName()))
  // There, describeTable() fails at an index of an expression.
  const [rows] = await sequelize.query(`PRAGMA table_info(\`${String(tableOf(Model))}\`)`)
  return (rows as { name: string }[]).map(({ name }) => name)
}

function assertRecent(date: unknown): void {
  const age = Date.now() - new Date(String(date)).getTime()
  assert.ok(age >= -1000 && age < 60_000, String(date))
}
