import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { after, afterEach, before, beforeEach, it } from 'node:test'
import PgBoss from 'pg-boss'
import pg from 'pg'
import { defineGuestModel, type GuestModel } from '../../src/index.js'
import type { CleanupResult } from '../../src/cleanup/result.js'
import {
  scheduleCleanup,
  type ScheduledCleanup,
  type ScheduleCleanupOptions,
} from '../../src/pg-boss/index.js'
import { defineUser, type User } from '../support/application.js'
import { dialect, isEmbedded, openDatabase, type TestDatabase } from '../support/database.js'
import { describeWhere } from '../support/where.js'

const HOUR = 60 * 60
const QUEUE = 'passport-ephemeral-cleanup'

describeWhere(dialect === 'postgres' && !isEmbedded)('scheduleCleanup', () => {
  let database: TestDatabase
  let Users: typeof User
  let Guest: GuestModel<User>
  let bosses: PgBoss[]
  const handles: ScheduledCleanup[] = []

  before(async () => {
    database = await openDatabase()
    Users = defineUser(database.sequelize)
    Guest = defineGuestModel(database.sequelize, { User: Users, maxAge: HOUR })
    await database.sequelize.sync()
    bosses = [newBoss(), newBoss(), newBoss()]
    for (const boss of bosses) await boss.start()
  })
  after(async () => {
    for (const boss of bosses) await boss.stop({ graceful: false })
    await database.close()
  })
  beforeEach(async () => {
    await Guest.destroy({ where: {} })
    await Users.destroy({ where: {} })
  })
  afterEach(async () => {
    for (const handle of handles.splice(0)) await handle.stop()
    await someBoss().clearStorage()
  })

  it('several processes at once create one schedule and one queue', async () => {
    await Promise.all(bosses.map((boss) => schedule(boss)))
    const schedules = await someBoss().getSchedules()
    assert.deepEqual(
      schedules.map(({ name, cron, ...rest }) => [name, cron, 'timezone' in rest && rest.timezone]),
      [[QUEUE, '17 * * * *', 'UTC']],
    )
    const queue = await someBoss().getQueue(QUEUE)
    assert.equal(queue?.policy, 'singleton')
    assert.equal(queue.retryLimit, 3)
    assert.equal(queue.retryBackoff, true)
    assert.equal(queue.expireInSeconds, 900)
  })

  it('the options of the last process apply', async () => {
    await schedule(someBoss())
    await schedule(someBoss(), { cron: '5 3 * * *', timeZone: 'Europe/Vienna', cleanup: { timeBudget: 60 } })
    const [{ cron, ...rest } = { cron: '' }] = await someBoss().getSchedules()
    assert.equal(cron, '5 3 * * *')
    assert.equal('timezone' in rest && rest.timezone, 'Europe/Vienna')
    assert.equal((await someBoss().getQueue(QUEUE))?.expireInSeconds, 120)
  })

  it('the output of a job is the result of the clean-up', async () => {
    await expiredGuests(3)
    const handle = await schedule(someBoss())
    const job = await finished(await handle.runNow())
    assert.equal(job.state, 'completed')
    assert.equal(output(job).guests, 3)
    assert.equal(output(job).isComplete, true)
    assert.equal(await Users.count(), 0)
  })

  it('the fleet runs one clean-up at a time, and every job that was queued', async () => {
    await expiredGuests(12)
    let running = 0
    let most = 0
    const slowly: ScheduleCleanupOptions = {
      cleanup: {
        batchSize: 1,
        onProgress: async () => {
          most = Math.max(most, ++running)
          await setTimeout(20)
          running -= 1
        },
      },
    }
    const all = await Promise.all(bosses.map((boss) => schedule(boss, slowly)))
    const ids = await Promise.all([...all, ...all].map(({ runNow }) => runNow()))
    const jobs = await Promise.all(ids.map(finished))
    assert.deepEqual(new Set(jobs.map(({ state }) => state)), new Set(['completed']))
    // Not by startedOn: that is when the statement began that fetched the job, and it may have waited for the job before.
    assert.equal(most, 1)
    assert.equal(
      jobs.reduce((sum, job) => sum + output(job).guests, 0),
      12,
    )
  })

  it('a clean-up that failed is tried again', async () => {
    await expiredGuests(1)
    let failures = 0
    const handle = await schedule(someBoss(), {
      retryDelay: 1,
      cleanup: {
        onProgress: () => {
          if (failures++ === 0) throw new Error('the first one fails')
        },
      },
    })
    const id = await handle.runNow()
    const retried = await until(id, ({ state }) => state === 'retry')
    assert.match(JSON.stringify(retried.output), /the first one fails/)
    const job = await finished(id)
    assert.equal(job.state, 'completed')
    assert.equal(job.retryCount, 1)
  })

  it('the next run deletes what the time budget left over', async () => {
    await expiredGuests(4)
    const handle = await schedule(someBoss(), {
      cleanup: {
        batchSize: 1,
        timeBudget: 0.5,
        onProgress: ({ kind }) => (kind === 'guests' ? setTimeout(300) : undefined),
      },
    })
    const first = await finished(await handle.runNow())
    assert.equal(first.state, 'completed')
    assert.equal(output(first).stoppedBy, 'timeBudget')
    const left = await Users.count()
    assert.ok(left > 0 && left < 4)
    await finished(await handle.runNow())
    assert.ok((await Users.count()) < left)
  })

  it('stop() ends a clean-up after its batch, and the job has its result', async () => {
    await expiredGuests(5)
    let begun = (): void => undefined
    const hasBegun = new Promise<void>((resolve) => (begun = resolve))
    let goOn = (): void => undefined
    const mayGoOn = new Promise<void>((resolve) => (goOn = resolve))
    const handle = await schedule(someBoss(), {
      cleanup: {
        batchSize: 1,
        onProgress: async ({ kind }) => {
          if (kind !== 'guests') return
          begun()
          await mayGoOn
        },
      },
    })
    const id = await handle.runNow()
    await hasBegun
    const stopped = handle.stop()
    goOn()
    await stopped
    const job = await someBoss().getJobById<object>(QUEUE, id)
    assert.equal(job?.state, 'completed')
    assert.equal(output(job).stoppedBy, 'signal')
    assert.equal(output(job).guests, 1)
    assert.equal(await Users.count(), 4)
    const next = await handle.runNow()
    await setTimeout(1500) // three times the polling interval
    assert.equal((await someBoss().getJobById<object>(QUEUE, next))?.state, 'created')
  })

  it('pg-boss gets the result once the database answers again', async () => {
    await expiredGuests(1)
    let isAway = false
    const pool = new pg.Pool({ connectionString: urlOf(database) })
    const boss = new PgBoss({
      db: {
        executeSql: async (text, values) => {
          if (isAway) throw new Error('the database is away')
          return await pool.query(text, values)
        },
      },
      schedule: false,
      supervise: false,
    })
    boss.on('error', () => undefined)
    await boss.start()
    try {
      const handle = await schedule(boss, {
        cleanup: { onProgress: ({ kind }) => void (isAway ||= kind === 'guests') },
      })
      const id = await handle.runNow()
      while ((await Users.count()) > 0) await setTimeout(20)
      await setTimeout(200) // the clean-up has ended, and its result cannot be recorded; a rejection would end this process
      assert.equal((await someBoss().getJobById<object>(QUEUE, id))?.state, 'active')
      isAway = false
      assert.equal((await finished(id)).state, 'completed')
    } finally {
      await handles.pop()?.stop()
      await boss.stop({ graceful: false })
      await pool.end()
    }
  })

  it('a boss that is not started is refused', async () => {
    await assert.rejects(scheduleCleanup(newBoss(), { Guest }), {
      name: 'TypeError',
      message: /must be a started PgBoss/,
    })
  })

  it('a wrong option is refused by its name', async () => {
    const wrong: readonly [ScheduleCleanupOptions, RegExp][] = [
      [{ cron: '' }, /'cron'/],
      [{ timeZone: 'Middle/Earth' }, /'timeZone' must be the name of a time zone/],
      [{ retryDelay: 0.5 }, /'retryDelay'/],
      [{ cleanup: { batchSize: 0 } }, /scheduleCleanup: cleanup: option 'batchSize'/],
      [
        { cleanup: { timeBudget: 300 }, expireIn: 300 },
        /timeBudget \(300 s\) must end before the job expires/,
      ],
      [{ cleanup: { timeBudget: 80_000 } }, /in less than a day/],
      [{ every: 5 } as ScheduleCleanupOptions, /unknown option 'every'/],
    ]
    for (const [options, message] of wrong) {
      await assert.rejects(scheduleCleanup(someBoss(), { Guest }, options), { name: 'TypeError', message })
    }
    await assert.rejects(scheduleCleanup(someBoss(), {}), { name: 'TypeError', message: /give it Guest/ })
  })

  function newBoss(): PgBoss {
    const boss = new PgBoss({ connectionString: urlOf(database), schedule: false, supervise: false, max: 3 })
    boss.on('error', () => undefined)
    return boss
  }

  function someBoss(): PgBoss {
    return bosses[0] ?? newBoss()
  }

  async function schedule(boss: PgBoss, options: ScheduleCleanupOptions = {}): Promise<ScheduledCleanup> {
    const handle = await scheduleCleanup(
      boss,
      { Guest },
      {
        pollingInterval: 0.5,
        ...options,
      },
    )
    handles.push(handle)
    return handle
  }

  async function expiredGuests(count: number): Promise<void> {
    const createdAt = new Date(Date.now() - 2 * HOUR * 1000)
    for (let number = 0; number < count; number++) {
      const { id: userId } = await Users.create({ username: `guest-${String(number)}` })
      await Guest.create({ userId, createdAt })
    }
  }

  function finished(id: string): Promise<PgBoss.JobWithMetadata> {
    return until(id, ({ completedOn }) => completedOn !== null)
  }

  async function until(
    id: string,
    isSo: (job: PgBoss.JobWithMetadata) => boolean,
  ): Promise<PgBoss.JobWithMetadata> {
    for (;;) {
      const job = await someBoss().getJobById<object>(QUEUE, id)
      if (job !== null && isSo(job)) return job
      await setTimeout(50)
    }
  }
})

function output(job: PgBoss.JobWithMetadata): CleanupResult {
  return job.output as CleanupResult
}

function urlOf({ sequelize }: TestDatabase): string {
  const url = new URL(process.env['DATABASE_URL'] ?? '')
  url.pathname = `/${sequelize.getDatabaseName()}`
  return url.href
}
