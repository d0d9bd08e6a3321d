import { setTimeout as sleep } from 'node:timers/promises'
import type PgBoss from 'pg-boss'
import type { Model } from 'sequelize'
import { checkCleanupModels, cleanup } from '../cleanup/cleanup.js'
import type { CleanupModels } from '../cleanup/options.js'
import type { CleanupResult } from '../cleanup/result.js'
import type { Guest } from '../guest/guest.js'
import { parseScheduleOptions, type ScheduleCleanupOptions, type SchedulePlan } from './options.js'
import { retryTransaction } from '../database/transactions.js'

/** A clean-up that runs by itself; what {@link scheduleCleanup} returns. */
export interface ScheduledCleanup {
  /** The queue: `boss.getJobById(queue, id)` tells how a job went, and has what `cleanup` returned as its `output`. */
  readonly queue: string
  /**
   * Orders one clean-up more, for whichever process is free. It begins when those before it are through.
   *
   * @returns the id of its job
   */
  runNow(this: void): Promise<string>
  /**
   * For a graceful shutdown, before `boss.stop()`: takes no more jobs, lets a clean-up that is running end after its batch, and waits
   * for that. What is left is for the next run. The schedule stays: it is the fleet's.
   */
  stop(this: void): Promise<void>
}

/** How long until the database is asked again whether it is back, in milliseconds. */
const ASK_AGAIN_MS = 1000

/**
 * Registers {@link cleanup} as a recurring job of the application's own pg-boss 10, and works on it. Every process of a fleet may call it
 * when it starts, and those that do share the work: there is one schedule, whoever called last says how, and one clean-up at a
 * time. One that fails is tried again; what its `timeBudget` left over is for the next.
 *
 * Listen to the boss's `error` event, as pg-boss asks you to: without a listener, a database that is away ends the process.
 *
 * @param boss started
 * @throws {TypeError} naming the option or model that is wrong, or if the boss is not started
 */
export async function scheduleCleanup<U extends Model, G extends Guest = Guest>(
  boss: PgBoss,
  models: CleanupModels<U, G>,
  options: ScheduleCleanupOptions<U, G> = {},
): Promise<ScheduledCleanup> {
  checkCleanupModels('scheduleCleanup', models)
  const plan = parseScheduleOptions(options)
  await requireStarted(boss)
  await createSchedule(boss, plan)

  const { queue, pollingInterval: pollingIntervalSeconds } = plan
  const stopping = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  const worker = await boss.work(queue, { batchSize: 1, pollingIntervalSeconds }, ([job]) => {
    const run = runJob(boss, job?.id ?? '', models, plan, stopping.signal)
    running = run.catch(() => undefined) // pg-boss hears of it
    return run
  })

  return {
    queue,
    async runNow() {
      const id = await boss.send(queue, {})
      if (id === null) throw new Error(`There is no queue ${queue} any more`)
      boss.notifyWorker(worker)
      return id
    },
    async stop() {
      stopping.abort()
      await boss.offWork({ id: worker })
      await running
    },
  }
}

/** A boss that is not started swallows every statement without a word, and cleans nothing. */
async function requireStarted(boss: PgBoss): Promise<void> {
  const isBoss = typeof (boss as Partial<PgBoss> | undefined)?.getDb === 'function'
  const answer: unknown = isBoss ? await boss.getDb().executeSql('SELECT 1', []) : undefined
  if (answer === undefined) {
    throw new TypeError('scheduleCleanup: the first argument must be a started PgBoss: await boss.start()')
  }
}

/** All of it says what shall be, whatever is there: any number of processes may say so at once. */
async function createSchedule<U extends Model, G extends Guest>(
  boss: PgBoss,
  { queue, cron, timeZone, retryLimit, retryDelay, expireIn }: SchedulePlan<U, G>,
): Promise<void> {
  const settings = (): PgBoss.Queue => ({
    name: queue,
    policy: 'singleton', // any number may wait, one is active
    retryLimit,
    retryDelay,
    retryBackoff: true,
    expireInSeconds: expireIn,
  })
  // Processes that create a queue at the same moment deadlock in pg-boss's own statement.
  if ((await boss.getQueue(queue)) === null) await retryTransaction(() => boss.createQueue(queue, settings()))
  await boss.updateQueue(queue, settings()) // createQueue leaves one that exists as it is
  await boss.schedule(queue, cron, {}, { tz: timeZone })
}

async function runJob<U extends Model, G extends Guest>(
  boss: PgBoss,
  id: string,
  models: CleanupModels<U, G>,
  { queue, expireIn, cleanup: options }: SchedulePlan<U, G>,
  stopping: AbortSignal,
): Promise<CleanupResult> {
  if (stopping.aborted) throw new Error('This process is shutting down') // fetched a moment too late: somebody else's
  const expired = AbortSignal.timeout(expireIn * 1000) // from then on somebody else may be at it
  const own = options.signal === undefined ? [] : [options.signal]
  const insistent = AbortSignal.any([stopping, expired])
  try {
    const result = await cleanup(models, { ...options, signal: AbortSignal.any([stopping, expired, ...own]) })
    await insist(() => boss.complete(queue, id, result), insistent)
    return result
  } catch (error) {
    await insist(() => boss.getQueue(queue), insistent)
    throw error
  }
}

/**
 * pg-boss notes how a job went without waiting for it, so that a database that is away at this moment would end the process by
 * a rejection that nobody handles. So the database is heard first.
 */
async function insist(ask: () => Promise<unknown>, until: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (until.aborted) throw error
      await sleep(ASK_AGAIN_MS, undefined, { signal: until }).catch(() => undefined)
    }
  }
}
