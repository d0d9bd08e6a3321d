import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { defineGuestModel, defineVisitorModels } from '../../src/index.js'
import { migrationsFor } from '../../src/migrations/index.js'
import { SECRET } from '../support/application.js'
import { isEmbedded, dialect } from '../support/database.js'
import { plainUser } from '../support/host-application.js'
import { exportFrom, openStage, runIn, urlOf, type Stage } from './stage.js'
import { describeWhere, itWhere } from '../support/where.js'

const INDEX = join(import.meta.dirname, '../../src/index.ts')
const LEDGER = 'passport_ephemeral_migrations'

describe('migrate', () => {
  let stage: Stage
  let names: string[]
  before(async () => {
    stage = await openStage({ sync: false })
    names = migrationsFor({ Visitor: stage.Visitor, Guest: stage.Guest }).map(({ name }) => name)
  })
  beforeEach(async () => {
    await stage.run(['migrate', '--down', '--yes', '--to', names[0] ?? ''])
    await stage.sequelize.getQueryInterface().dropTable(LEDGER)
  })
  after(() => stage.close())

  const tables = async (): Promise<string[]> =>
    (await stage.sequelize.getQueryInterface().showAllTables()).map(String).sort()

  it('creates the tables once, with progress on stderr and the result on stdout', async () => {
    const first = await stage.run(['migrate'])
    assert.equal(first.code, 0, first.stderr)
    assert.equal(first.stdout, names.map((name) => `done  ${name}\n`).join(''))
    assert.equal(first.stderr, names.map((name) => `Running ${name} …\n`).join(''))
    await stage.Visitor.create({ email: 'kim@example.com', scope: 'A', context: null })

    const again = await stage.run(['migrate'])
    assert.deepEqual([again.code, again.stdout], [0, 'Nothing to do: all migrations have run.\n'])
    assert.equal(await stage.Visitor.count(), 1)
    assert.deepEqual((await stage.json(['migrate'])).document, { executed: [] })
  })

  it('--status lists what has run and what is pending, and creates no table', async () => {
    const before = await tables()
    assert.equal(
      (await stage.run(['migrate', '--status'])).stdout,
      names.map((name) => `pending  ${name}\n`).join(''),
    )
    assert.deepEqual(await tables(), before)
    const [first = '', ...rest] = names
    await stage.run(['migrate', '--to', first])
    const { document } = await stage.json(['migrate', '--status'])
    assert.deepEqual(document, { executed: [first], pending: rest })
    const { code, stdout } = await stage.run(['migrate', '--status'])
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^done     ${first}\npending  ${rest[0]}\n`))
  })

  it('--to runs up to a migration, and can be repeated', async () => {
    const to = names[1] ?? ''
    assert.deepEqual((await stage.json(['migrate', '--to', to])).document, { executed: names.slice(0, 2) })
    assert.deepEqual((await stage.json(['migrate', '--to', to])).document, { executed: [] })
    assert.equal((await stage.run(['migrate', '--to', to])).stdout, `Nothing to do: ${to} has run.\n`)
    const back = await stage.run(['migrate', '--down', '--to', names[2] ?? ''])
    assert.equal(back.code, 2)
    assert.match(back.stderr, /^passport-ephemeral: --down --to: 'passport-ephemeral-0003-.*' has not run/)
    const { code, stderr } = await stage.run(['migrate', '--to', '0002'])
    assert.equal(code, 2)
    assert.match(stderr, /no migration '0002'; there are passport-ephemeral-0001/)
  })

  it('--down reverts the last migration, and --to includes the named one', async () => {
    await stage.run(['migrate'])
    const last = names.at(-1) ?? ''
    const { stdout } = await stage.run(['migrate', '--down'])
    assert.equal(stdout, `reverted  ${last}\n`)
    const rest = names.slice(1, -1).toReversed()
    assert.deepEqual((await stage.json(['migrate', '--down', '--to', names[1] ?? ''])).document, {
      reverted: rest,
    })
    await stage.run(['migrate', '--down'])
    const nothing = await stage.run(['migrate', '--down'])
    assert.deepEqual([nothing.code, nothing.stdout], [0, 'Nothing to revert.\n'])
    assert.equal((await stage.run(['migrate'])).code, 0)
  })

  it('--down drops no table with rows unless --yes is given, and states what would be lost', async () => {
    await stage.run(['migrate'])
    const user = await stage.User.create({ username: 'guest' })
    await stage.Guest.create({ userId: user.get('id') as number })
    const pass = { email: 'kim@example.com', scope: 'A', context: null }
    await stage.Visitor.bulkCreate([pass, pass] as never)
    const argv = ['migrate', '--down', '--to', names[0] ?? '']

    const refused = await stage.run(argv)
    assert.deepEqual([refused.code, refused.stdout], [2, ''])
    assert.match(
      refused.stderr,
      /Nothing was reverted: 2 rows of Visitors, 1 row of Guests would be lost; 1 guest would/,
    )
    assert.match(refused.stderr, /regular users from then on, and never expire\nAdd --yes/)
    assert.deepEqual([await stage.Visitor.count(), await stage.Guest.count()], [2, 1])
    assert.equal((await stage.run(['migrate', '--down'])).code, 0) // the table of outcomes is empty

    const done = await stage.run([...argv, '--yes'])
    assert.equal(done.code, 0)
    assert.match(done.stderr, /^With --yes: 2 rows of Visitors, 1 row of Guests would be lost/)
    assert.ok(!(await tables()).includes('Guests'))
    assert.equal((await stage.run(['migrate', '--yes'])).code, 2)
    await user.destroy()
  })

  it('--status refuses flags that change something', async () => {
    for (const argv of [['--down'], ['--to', names[0] ?? '']]) {
      const { code, stderr } = await stage.run(['migrate', '--status', ...argv])
      assert.equal(code, 2)
      assert.match(stderr, /--status changes nothing/)
    }
    assert.ok(!(await tables()).includes(LEDGER))
  })

  it('tables that sync() created end the run with 1 and the section that explains it', async () => {
    await stage.sequelize.sync()
    const { code, stderr } = await stage.run(['migrate'])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /The tables exist already: .*\n.*"Tables that exist already" in docs\/operations\.md/,
    )
    const status = await stage.run(['migrate', '--status'])
    assert.equal(status.code, 0)
    assert.match(status.stderr, /Tables of pending migrations exist: .*sequelize-cli, created them/)
    // As is explained there.
    const values = names.map((name) => `('${name}')`).join(', ')
    await stage.sequelize.query(`INSERT INTO ${LEDGER} (name) VALUES ${values}`)
    assert.match((await stage.run(['migrate'])).stdout, /Nothing to do/)
    assert.doesNotMatch((await stage.run(['migrate', '--status'])).stderr, /pending/)
  })

  it('no migration of guests runs while the users table is missing', async () => {
    await stage.User.drop()
    try {
      const { code, stdout, stderr } = await stage.run(['migrate'])
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /^passport-ephemeral: The users table 'Users' is missing, .*Nothing was run.*\n$/)
      assert.deepEqual(await tables(), [LEDGER])
      assert.equal((await stage.run(['migrate', '--to', names[0] ?? ''])).code, 0)
    } finally {
      await stage.User.sync()
    }
  })

  itWhere(dialect === 'mysql')(
    'says of a users table in another character set where that is explained',
    async () => {
      const { sequelize, Visitor, folder } = stage
      const User = plainUser(
        { id: { type: DataTypes.STRING(40), primaryKey: true } },
        { tableName: 'people' },
      )(sequelize)
      await sequelize.query(
        'CREATE TABLE people (id VARCHAR(40) CHARACTER SET ascii PRIMARY KEY, username VARCHAR(150))',
      )
      const Guest = defineGuestModel(sequelize, { User, modelName: 'Passer', tableName: 'passers' })
      await exportFrom(folder, { sequelize, Visitor, Guest }, 'ascii.mjs')
      const { code, stderr } = await stage.run(['migrate', '--config', 'ascii.mjs'])
      assert.equal(code, 1)
      assert.match(
        stderr,
        /another type, character set or collation.*\n.*"A users table in another character set"/,
      )
      await sequelize.query('DROP TABLE people')
    },
  )

  it('leaves the application’s own list of migrations alone', async () => {
    await stage.run(['migrate'])
    assert.ok(!(await tables()).includes('SequelizeMeta'))
    assert.ok((await tables()).includes(LEDGER))
  })
})

it('migrate creates and drops the tables of models with names of their own', async () => {
  const stage = await openStage({ sync: false })
  const { sequelize, folder } = stage
  const tables = async () => (await sequelize.getQueryInterface().showAllTables()).map(String)
  const User = plainUser({}, { tableName: 'people' })(sequelize)
  const Guest = defineGuestModel(sequelize, {
    ...{ User, modelName: 'Trial', tableName: 'trials' },
    ...{ pendingConversionTableName: 'trial_wishes', outcomeTableName: 'trial_ends' },
  })
  const { Visitor } = defineVisitorModels(sequelize, {
    ...{ secret: SECRET, tableName: 'passes', logTableName: 'pass_visits' },
  })
  await exportFrom(folder, { sequelize, Visitor, Guest }, 'own-names.mjs')
  await User.sync()
  const run = (...argv: string[]) => stage.run(['migrate', ...argv, '--config', 'own-names.mjs'])
  assert.equal((await run()).code, 0)
  const made = ['pass_visits', 'passes', 'people', 'trial_ends', 'trial_wishes', 'trials']
  for (const table of made) assert.ok((await tables()).includes(table), table)
  await Visitor.create({ email: 'kim@example.com', scope: 'A', context: null })
  assert.match(
    (await run('--down', '--to', 'passport-ephemeral-0001-visitor-passes')).stderr,
    /1 row of passes would be lost\n/,
  )
  assert.equal((await run('--down', '--yes', '--to', 'passport-ephemeral-0001-visitor-passes')).code, 0)
  assert.deepEqual(
    (await tables()).filter((table) => made.includes(table)),
    ['people'],
  )
  await stage.close()
})

describeWhere(!isEmbedded && dialect !== 'sqlite')('a fleet that migrates at once', () => {
  const FLEET = 6

  it('of several processes one migrates, and all succeed', async () => {
    const stage = await openStage({ sync: false })
    try {
      // A file for each run: each has its own connections.
      const names = Array.from({ length: FLEET }, (_, place) => `fleet-${String(place)}.ts`)
      const source = `import { createRequire } from 'node:module'
         import { defineGuestModel, defineVisitorModels } from ${JSON.stringify(INDEX)}
         const { DataTypes, Sequelize } = createRequire(${JSON.stringify(INDEX)})('sequelize')
         const sequelize = new Sequelize(${JSON.stringify(urlOf(stage.sequelize))}, { logging: false })
         const User = sequelize.define('User', { username: DataTypes.STRING }, { timestamps: true })
         export const { Visitor } = defineVisitorModels(sequelize, { secret: 'x'.repeat(40) })
         export const Guest = defineGuestModel(sequelize, { User })`
      for (const name of names) await writeFile(join(stage.folder, name), source)
      const runs = await Promise.all(
        names.map((name) => runIn(stage.folder, ['migrate', '--json', '--config', name])),
      )
      assert.deepEqual(
        runs.map(({ code, stderr }) => [code, code === 0 ? '' : stderr]),
        Array.from({ length: FLEET }, () => [0, '']),
      )
      const executed = runs.map(({ stdout }) => (JSON.parse(stdout) as { executed: string[] }).executed)
      const migrations = migrationsFor({ Visitor: stage.Visitor, Guest: stage.Guest })
      assert.deepEqual(
        executed.flat(),
        migrations.map(({ name }) => name),
      )
    } finally {
      await stage.close()
    }
  })

  it('a pool of one connection is enough, and the lock is released when the work fails', async () => {
    const stage = await openStage({ sync: false })
    try {
      const { withLock } = await import('../../src/cli/migrate/lock.js')
      const { Sequelize } = await import('sequelize')
      const narrow = new Sequelize(urlOf(stage.sequelize), { logging: false, pool: { max: 1 } })
      const order: string[] = []
      let letGo = (): void => undefined
      const held = new Promise<void>((resolve) => (letGo = resolve))
      let begun = (): void => undefined
      const began = new Promise<void>((resolve) => (begun = resolve))
      const first = withLock(
        narrow,
        () => assert.fail('locked'),
        async () => {
          begun()
          await held
          order.push('first')
          throw new Error('failed')
        },
      )
      await began
      const second = withLock(
        stage.sequelize,
        () => {
          order.push('waits')
          letGo()
        },
        () => {
          order.push('second')
          return Promise.resolve()
        },
      )
      await assert.rejects(first, /failed/)
      await second
      assert.deepEqual(order, ['waits', 'first', 'second'])
      // The connection that is used on has let go as well.
      await withLock(
        narrow,
        () => assert.fail('still locked'),
        () => Promise.resolve(),
      )
      await withLock(
        stage.sequelize,
        () => assert.fail('still locked'),
        () => Promise.resolve(),
      )
      await narrow.close()
    } finally {
      await stage.close()
    }
  })
})
