import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes, type Model } from 'sequelize'
import type { CleanupOptions } from '../../src/index.js'
import { DAY } from '../support/clock.js'
import { exportFrom, openStage, type Stage, type StageOptions } from './stage.js'

describe('cleanup on the command line', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  beforeEach(async () => {
    await stage.User.destroy({ where: {} })
    await stage.Visitor.destroy({ where: {} })
  })
  after(() => stage.close())

  const names = async (): Promise<unknown[]> =>
    (await stage.User.findAll({ order: ['id'] })).map((user) => user.get('username'))

  it('cleanup deletes what has expired, and prints the counts', async () => {
    await makeGuests(stage, { old: 20, older: 30, young: 3 })
    await makePass(stage, 40)
    const { code, stdout, stderr } = await stage.run(['cleanup'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'Deleted:',
      '  guests              2',
      '  pendingConversions  0',
      '  passes              1',
      '  visits              0',
      '  outcomes            0',
    ])
    assert.deepEqual(await names(), ['young'])
    assert.equal(await stage.Visitor.count(), 0)
  })

  it('cleanup --only prints no counts of the other half', async () => {
    const counted = async (only: string) =>
      (await stage.run(['cleanup', '--only', only])).stdout.match(/^ {2}\w+/gm)?.map((kind) => kind.trim())
    assert.deepEqual(await counted('visitors'), ['passes', 'visits'])
    assert.deepEqual(await counted('guests'), ['guests', 'pendingConversions', 'outcomes'])
  })

  it('cleanup --dry-run prints the same counts, and deletes nothing', async () => {
    await makeGuests(stage, { old: 20 })
    const { stdout } = await stage.run(['cleanup', '--dry-run'])
    assert.match(stdout, /^Would be deleted \(nothing was\):\n {2}guests +1\n/)
    const { code, document } = await stage.json(['cleanup', '--dry-run'])
    assert.equal(code, 0)
    const { guests, isDryRun, isComplete } = document as Record<string, unknown>
    assert.deepEqual({ guests, isDryRun, isComplete }, { guests: 1, isDryRun: true, isComplete: true })
    assert.deepEqual(await names(), ['old'])
  })

  it('the flags for retention and maxAge decide what is deleted', async () => {
    await makeGuests(stage, { old: 3 })
    await makePass(stage, 40)
    const counts = async (...argv: string[]) => {
      const { guests, passes } = (await stage.json(['cleanup', '--dry-run', ...argv])).document as Record<
        string,
        unknown
      >
      return { guests, passes }
    }
    assert.deepEqual(await counts(), { guests: 0, passes: 1 })
    assert.deepEqual(await counts('--max-age', '2d', '--keep-passes', '60d'), { guests: 1, passes: 0 })
    assert.deepEqual(await counts('--keep-passes', 'forever'), { guests: 0, passes: 0 })
    assert.deepEqual(await counts('--keep-passes', '0'), { guests: 0, passes: 1 })
    assert.deepEqual(await counts('--only', 'guests', '--max-age', '3600'), { guests: 1, passes: 0 })
    assert.deepEqual(await counts('--only', 'visitors', '--max-age', '3600'), { guests: 0, passes: 1 })
  })

  it('the options of the configuration apply, and the command line overrides them', async () => {
    const { sequelize, Guest, Visitor, folder } = stage
    const cleanup: CleanupOptions = { maxAge: 2 * DAY, retention: { passes: false } }
    await exportFrom(folder, { sequelize, Guest, Visitor, cleanup }, 'with-options.mjs')
    await makeGuests(stage, { old: 3 })
    await makePass(stage, 400)
    const counts = async (...argv: string[]) => {
      const { document } = await stage.json(['cleanup', '--dry-run', '--config', 'with-options.mjs', ...argv])
      const { guests, passes } = document as Record<string, unknown>
      return { guests, passes }
    }
    assert.deepEqual(await counts(), { guests: 1, passes: 0 })
    assert.deepEqual(await counts('--max-age', '5d'), { guests: 0, passes: 0 })
    assert.deepEqual(await counts('--keep-passes', '30d'), { guests: 1, passes: 1 })
  })

  it('cleanup refuses invalid values, and deletes nothing', async () => {
    await makeGuests(stage, { old: 20 })
    for (const argv of [
      ['--max-age', '-1d'],
      ['--max-age', '0'],
      ['--keep-passes', 'never'],
      ['--time-budget', '0'],
      ['--only', 'users'],
      ['--force'],
      ['now'],
    ]) {
      const { code, stdout, stderr } = await stage.run(['cleanup', ...argv])
      assert.deepEqual([code, stdout], [2, ''], argv.join(' '))
      assert.match(stderr, /^passport-ephemeral: /)
    }
    assert.deepEqual(await names(), ['old'])
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`cleanup ends after its current batch on ${signal}, prints its counts, and exits with 1`, async () => {
      const { sequelize, Guest, folder } = stage
      const cleanup: CleanupOptions = {
        batchSize: 1,
        onProgress: ({ kind }) => kind === 'guests' && process.emit(signal),
      }
      await exportFrom(folder, { sequelize, Guest, cleanup }, `${signal}.mjs`)
      await makeGuests(stage, { one: 22, two: 21, three: 20 })
      const listeners = process.listenerCount(signal)
      const { code, stdout } = await stage.run(['cleanup', '--config', `${signal}.mjs`])
      assert.equal(code, 1)
      assert.match(
        stdout,
        /guests +1\n[^]*Not everything that is due was deleted: it was interrupted\. The next run goes on\.\n$/,
      )
      assert.deepEqual(await names(), ['two', 'three'])
      assert.equal(process.listenerCount(signal), listeners)
    })
  }

  it('cleanup ends when its time budget is used up, and exits with 0', async () => {
    const { sequelize, Guest, folder } = stage
    await exportFrom(
      folder,
      { sequelize, Guest, cleanup: { batchSize: 1, onProgress: () => wait(20) } },
      'slow.mjs',
    )
    await makeGuests(stage, { one: 22, two: 21, three: 20 })
    const { code, stdout } = await stage.run([
      ...['cleanup', '--time-budget', '0.01s', '--config', 'slow.mjs'],
    ])
    assert.equal(code, 0)
    assert.match(
      stdout,
      /Not everything that is due was deleted: its time was up\. The next run goes on\.\n$/,
    )
    assert.notEqual((await names()).length, 0)
  })
})

it('cleanup prints why a guest could not be deleted, and exits with 1', async () => {
  await withStage({}, async (stage) => {
    const Order = stage.sequelize.define('Order', { userId: DataTypes.INTEGER })
    Order.belongsTo(stage.User, { foreignKey: 'userId', onDelete: 'NO ACTION' })
    await Order.sync()
    const [user] = await makeGuests(stage, { stuck: 20, free: 20 })
    await Order.create({ userId: user?.get('id') })
    const { code, stdout } = await stage.run(['cleanup'])
    assert.equal(code, 1)
    assert.match(
      stdout,
      /guests +1\n[^]*Could not be deleted: 1; passport-ephemeral doctor explains why\.\n {2}\S/,
    )
    assert.equal((await stage.json(['cleanup'])).code, 1)
  })
})

it('cleanup prints that guests of a paranoid User are really deleted', async () => {
  await withStage({ userOptions: { paranoid: true } }, async (stage) => {
    await makeGuests(stage, { old: 20 })
    const { stdout } = await stage.run(['cleanup'])
    assert.match(stdout, /User is paranoid: these rows are really deleted/)
    assert.equal(await stage.User.count({ paranoid: false }), 0)
  })
})

it('cleanup without tables recommends migrate', async () => {
  await withStage({ sync: false }, async (stage) => {
    const { code, document } = await stage.json(['cleanup'])
    assert.equal(code, 1)
    assert.equal((document as { error: { code: string } }).error.code, 'ERR_TABLES_MISSING')
    assert.match((await stage.run(['cleanup'])).stderr, /Run the migrations: passport-ephemeral migrate/)
  })
})

async function withStage(options: StageOptions, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage(options)
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

/** Guests by name, and how many days ago they were made. */
async function makeGuests(
  { User, Guest }: Stage,
  guests: Readonly<Record<string, number>>,
  more: (name: string) => object = () => ({}),
): Promise<Model[]> {
  const users: Model[] = []
  for (const [username, days] of Object.entries(guests)) {
    const user = await User.create({ username, ...more(username) })
    await Guest.create({ userId: user.get('id') as number, createdAt: daysAgo(days) })
    users.push(user)
  }
  return users
}

async function makePass({ Visitor }: Stage, expiredDaysAgo: number): Promise<void> {
  const expiresAt = daysAgo(expiredDaysAgo)
  await Visitor.create({ email: 'kim@example.com', scope: 'A', context: null, expiresAt })
}

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY * 1000)
}
