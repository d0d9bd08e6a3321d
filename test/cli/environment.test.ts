import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { defineGuestModel, defineVisitorModels } from '../../src/index.js'
import { SECRET } from '../support/application.js'
import { dialect, isEmbedded, openDatabase, type TestDatabase } from '../support/database.js'
import { plainUser } from '../support/host-application.js'
import { urlOf } from './database-url.js'
import { runIn, type Run } from './stage.js'
import { describeWhere, itWhere } from '../support/where.js'

describe('with nothing but DATABASE_URL', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-cli-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('an address that is none, or leads nowhere, is said without its password', async () => {
    const run = (url: string) => runIn(folder, ['visitors', '--json'], { env: { DATABASE_URL: url } })
    for (const [url, code, message] of [
      ['', 2, /set DATABASE_URL/],
      ['mongodb://kim:hunter2@127.0.0.1/app', 2, /must begin with postgres/],
      ['hunter2', 2, /must begin with postgres/],
      ['sqlite:', 2, /path after sqlite/],
      ['postgres://kim:hunter2@127.0.0.1:1/app', 1, /cannot be reached: .*ECONNREFUSED/],
      ['mysql://kim:hunter2@127.0.0.1:1/app', 1, /cannot be reached: .*ECONNREFUSED/],
    ] as const) {
      const done = await run(url)
      assert.equal(done.code, code, url)
      assert.match(done.stderr, message)
      assert.doesNotMatch(done.stdout + done.stderr, /hunter2/)
    }
  })

  itWhere(!isEmbedded && dialect !== 'sqlite')(
    'a connection that is refused is not one that fails',
    async () => {
      const url = new URL(process.env['DATABASE_URL'] ?? '')
      url.pathname = '/no_such_database_of_passport_ephemeral'
      const { code, stderr } = await runIn(folder, ['visitors'], { env: { DATABASE_URL: url.href } })
      assert.equal(code, 1)
      assert.match(stderr, /^passport-ephemeral: The database refused the connection: /)
    },
  )

  it('variables that are wrong are named', async () => {
    const env = { DATABASE_URL: 'postgres://127.0.0.1:1/app' }
    for (const [variable, value] of [
      ['PASSPORT_EPHEMERAL_MAX_AGE', 'soon'],
      ['PASSPORT_EPHEMERAL_UNDERSCORED', 'yes'],
      ['PASSPORT_EPHEMERAL_WITHOUT', 'users'],
    ] as const) {
      const { code, stderr } = await runIn(folder, ['visitors'], { env: { ...env, [variable]: value } })
      assert.equal(code, 2)
      assert.match(stderr, new RegExp(variable))
    }
  })
})

describeWhere(!isEmbedded)('with nothing but DATABASE_URL, on its database', () => {
  let database: TestDatabase
  let folder: string
  let env: Record<string, string>
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-cli-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))
  beforeEach(async () => {
    database = await openDatabase()
    env = { DATABASE_URL: urlOf(database.sequelize), VISITOR_SECRET: SECRET }
  })

  const run = (argv: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Run> =>
    runIn(folder, argv, { env: { ...env, ...more } })
  const within = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } finally {
      await database.close()
    }
  }
  const ok = async (argv: readonly string[], more?: Readonly<Record<string, string>>): Promise<string> => {
    const { code, stdout, stderr } = await run(argv, more)
    assert.equal(code, 0, stderr)
    return stdout
  }

  for (const underscored of [false, true]) {
    it(`everything works on the tables of an application${underscored ? ' in snake case' : ''}`, () =>
      within(async () => {
        const { sequelize } = database
        const User = plainUser({}, { underscored })(sequelize)
        const Guest = defineGuestModel(sequelize, { User })
        const { Visitor } = defineVisitorModels(sequelize, { secret: SECRET, underscored })
        await User.sync()
        await ok(['migrate', ...(underscored ? ['--underscored'] : [])])
        const link = await ok([
          ...['invite', '--email', 'kim@example.com', '--scope', 'A', '--url', 'https://example.com/a'],
        ])
        const pass = await Visitor.findOne({ rejectOnEmpty: true })
        assert.equal(link, `${pass.tokenise('https://example.com/a')}\n`)
        assert.match(await ok(['visitors']), new RegExp(pass.uuid))
        assert.match(await ok(['visits', pass.uuid]), /No visits/)
        assert.match(await ok(['revoke', '--email', 'KIM@example.com']), /1 pass closed/)

        const old = await User.create({ username: 'old' })
        const young = await User.create({ username: 'young' })
        const seen = await User.create({ username: 'seen' })
        await User.create({ username: 'regular' })
        const longAgo = new Date(Date.now() - 10 * 24 * 60 * 60 * 1000)
        const mark = (user: typeof old, createdAt: Date, lastSeenAt = createdAt) =>
          Guest.create({ userId: user.get('id') as number, createdAt, lastSeenAt })
        await mark(old, longAgo)
        await mark(young, new Date())
        // Of an application with expiry: 'sliding', which nothing here says: they are not deleted early.
        await mark(seen, longAgo, new Date())
        const result = JSON.parse(await ok(['cleanup', '--max-age', '7d', '--json'])) as { guests: number }
        assert.equal(result.guests, 1)
        const left = (await User.findAll({ order: ['id'] })).map((user) => user.get('username'))
        assert.deepEqual(left, ['young', 'seen', 'regular'])
        assert.match(await ok(['stats', '--days', '2']), /created[^]*issued/)
        assert.match(await ok(['migrate', '--status']), /^done +passport-ephemeral-0001[^]*-0003/)
      }))
  }

  it('tables of names of their own are named, by option or by variable, and so is a users table of another key', () =>
    within(async () => {
      const { sequelize } = database
      const User = sequelize.define(
        'Person',
        {
          code: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
          handle: { type: DataTypes.STRING(40), unique: true },
        },
        { tableName: 'people', timestamps: false },
      )
      const Guest = defineGuestModel(sequelize, { User, usernameField: 'handle', tableName: 'for_now' })
      await User.sync()
      const names = ['--users-table', 'people', '--username-field', 'handle', '--guests-table', 'for_now']
      const more = {
        PASSPORT_EPHEMERAL_VISITORS_TABLE: 'passes',
        PASSPORT_EPHEMERAL_VISITS_TABLE: 'pass_visits',
        PASSPORT_EPHEMERAL_PENDING_CONVERSIONS_TABLE: 'pendingConversions',
        PASSPORT_EPHEMERAL_OUTCOMES_TABLE: 'outcomes',
        PASSPORT_EPHEMERAL_MAX_AGE: '1h',
      }
      await ok(['migrate', ...names], more)
      const tables = (await sequelize.getQueryInterface().showAllTables()).map(String).sort()
      assert.deepEqual(tables, [
        ...[
          'for_now',
          'outcomes',
          'pass_visits',
          'passes',
          'passport_ephemeral_migrations',
          'people',
          'pendingConversions',
        ],
      ])
      const person = await User.create({ handle: 'old' })
      const createdAt = new Date(Date.now() - 2 * 60 * 60 * 1000)
      await Guest.create({ userId: person.get('code') as string, createdAt, lastSeenAt: createdAt })
      assert.match(await ok(['cleanup', ...names], more), /guests +1$/m)
      assert.equal(await User.count(), 0)

      const gone = await run(['visitors', '--users-table', 'persons'], more)
      assert.deepEqual([gone.code, gone.stderr.includes("no table 'persons'")], [2, true])
      const column = await run(['visitors', ...names, '--username-field', 'nick'], more)
      assert.deepEqual(
        [column.code, column.stderr.includes("no column 'nick'; it has code, handle")],
        [2, true],
      )
    }))

  it('users whose table has a column of the name of our mark', () =>
    within(async () => {
      const { sequelize } = database
      const User = plainUser({ guest: DataTypes.BOOLEAN })(sequelize)
      await User.sync()
      await ok(['migrate'])
      const old = await User.create({ username: 'old', guest: true })
      await sequelize.query(
        `INSERT INTO ${dialect === 'mysql' ? '`Guests` (`userId`, `createdAt`, `lastSeenAt`)' : '"Guests" ("userId", "createdAt", "lastSeenAt")'}
         VALUES (${String(old.get('id'))}, '2020-01-01 00:00:00', '2020-01-01 00:00:00')`,
      )
      assert.match(await ok(['cleanup', '--max-age', '1d']), /guests +1$/m)
      assert.match(await ok(['stats', '--days', '1']), /total/)
      assert.equal(await User.count(), 0)
      assert.notEqual((await run(['doctor', '--json'])).stdout, '')
    }))

  itWhere(dialect === 'postgres')('users whose keys are of a type that the database was taught', () =>
    within(async () => {
      const { sequelize } = database
      await sequelize.query(`
        CREATE EXTENSION citext;
        CREATE TYPE mood AS ENUM ('merry', 'sad');
        CREATE TABLE users (handle citext PRIMARY KEY, mood mood, moods mood[])`)
      await ok(['migrate'])
      await sequelize.query(`
        INSERT INTO users VALUES ('Kim', 'sad', '{merry,sad}'), ('Lee', 'merry', NULL);
        INSERT INTO "Guests" VALUES ('Kim', '2020-01-01', '2020-01-01')`)
      assert.match(await ok(['cleanup', '--max-age', '1d']), /guests +1$/m)
      assert.deepEqual((await sequelize.query('SELECT handle FROM users'))[0], [{ handle: 'Lee' }])
    }),
  )

  itWhere(dialect === 'postgres')('a database in a schema', () =>
    within(async () => {
      const { sequelize } = database
      await sequelize.createSchema('app', {})
      await plainUser({}, { schema: 'app' })(sequelize).sync()
      await ok(['migrate', '--schema', 'app'])
      assert.match(await ok(['migrate', '--status', '--schema', 'app']), /^done.*0001/)
      assert.equal(await ok(['visitors', '--schema', 'app']), 'No passes.\n')
      const [tables] = await sequelize.query(
        "SELECT count(*)::int AS count FROM pg_tables WHERE schemaname = 'public'",
      )
      assert.deepEqual(tables, [{ count: 0 }])
    }),
  )

  it('an application without users tables has visitors; one that uses half of it says so', () =>
    within(async () => {
      for (const argv of [['migrate'], ['cleanup', '--max-age', '1d'], ['visitors']]) {
        const { code, stdout, stderr } = await run(argv)
        assert.deepEqual([code, stdout], [2, ''])
        assert.match(stderr, /no users table: Users or users was looked for.*--users-table.*--without guests/)
      }
      assert.deepEqual(await database.sequelize.getQueryInterface().showAllTables(), [])
      assert.deepEqual(JSON.parse(await ok(['migrate', '--json', '--without', 'guests'])), {
        executed: ['passport-ephemeral-0001-visitor-passes'],
      })
      await plainUser()(database.sequelize).sync()
      const { stdout } = await run(['migrate', '--without', 'guests'])
      assert.match(stdout, /Nothing to do/)
      const guests = await run(['visitors', '--without', 'visitors'])
      assert.deepEqual([guests.code, guests.stderr.includes('no visitors')], [2, true])
    }))

  it('how long guests live is not guessed: nobody is deleted before it is said', () =>
    within(async () => {
      await plainUser()(database.sequelize).sync()
      await ok(['migrate'])
      const { code, stderr } = await run(['cleanup'])
      assert.equal(code, 2)
      assert.match(stderr, /--max-age/)
      await ok(['cleanup', '--only', 'visitors'])
      await ok(['cleanup', '--max-age', '14d'])
      await ok(['cleanup'], { PASSPORT_EPHEMERAL_MAX_AGE: '14d' })
    }))

  it('without the secret nobody is invited and no uuid is shown; the rest works', () =>
    within(async () => {
      Object.assign(env, { PASSPORT_EPHEMERAL_WITHOUT: 'guests' })
      await ok(['migrate'])
      const invite = ['invite', '--email', 'kim@example.com', '--scope', 'A', '--url', 'https://example.com/']
      const none = { VISITOR_SECRET: '' }
      const refused = await run(invite, none)
      assert.deepEqual([refused.code, refused.stderr.includes('VISITOR_SECRET')], [2, true])
      await ok(invite)
      const { passes } = JSON.parse(await ok(['visitors', '--json'], none)) as { passes: { uuid?: string }[] }
      assert.deepEqual(
        passes.map(({ uuid }) => uuid),
        [undefined],
      )
      assert.match(await ok(['revoke', '1'], none), /1 pass closed/)
      const doctor = await run(['doctor', '--json'], none)
      assert.doesNotMatch(doctor.stdout, /VISITOR_SECRET_MISSING/)
      assert.match(doctor.stdout, /VISITOR_SECRET is not set/)
      // Rotated: the first signs.
      const { Visitor } = defineVisitorModels(database.sequelize, { secret: `${SECRET}2` })
      const link = await ok(invite, { VISITOR_SECRET: `${SECRET}2, ${SECRET}` })
      const pass = await Visitor.findOne({ order: [['id', 'DESC']], rejectOnEmpty: true })
      assert.equal(link, `${pass.tokenise('https://example.com/')}\n`)
    }))

  it('a process of its own does the same, and ends', () =>
    within(async () => {
      const bin = join(import.meta.dirname, '../../src/cli/bin.ts')
      const spawned = (argv: readonly string[]): Promise<Run> =>
        new Promise((resolve) => {
          execFile(
            process.execPath,
            ['--import', import.meta.resolve('tsx'), bin, ...argv],
            { cwd: folder, env: { ...process.env, ...env } },
            (error, stdout, stderr) => {
              resolve({ code: Number(error?.code ?? 0), stdout, stderr })
            },
          )
        })
      Object.assign(env, { PASSPORT_EPHEMERAL_WITHOUT: 'guests' })
      const migrated = await spawned(['migrate', '--json'])
      assert.equal(migrated.code, 0, migrated.stderr)
      assert.ok(JSON.parse(migrated.stdout))
      assert.deepEqual(await spawned(['visitors']), { code: 0, stdout: 'No passes.\n', stderr: '' })
      assert.equal((await spawned(['revoke', '1'])).code, 1)
      assert.equal((await spawned(['revoke'])).code, 2)
    }))
})
