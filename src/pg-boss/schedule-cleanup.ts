import { setTimeout as sleep } from 'node:timers/promises'
import type PgBoss from 'pg-boss'
import type { Model } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { checkCleanupModels, cleanup } from '../cleanup/cleanup.js'
import type { CleanupModels } from '../cleanup/options.js'
import type { CleanupResult } from '../cleanup/result.js'
import type { Guest } from '../guest/guest.js'
import { parseScheduleOptions, type ScheduleCleanupOptions, type SchedulePlan } from './options.js'
import { retryTransaction } from '../database/transactions.js'

/** A clean-up that is scheduled; what {@link scheduleCleanup} returns. */
export interface ScheduledCleanup {
  /** The queue: `boss.getJobById(queue, id)` returns the state of a job; its `output` is the result of `cleanup`. */
  readonly queue: string
  /**
   * Queues one more clean-up, for any process of the fleet. It begins when the earlier jobs have ended.
   *
   * @returns the id of its job
   */
  runNow(this: void): Promise<string>
  /**
   * For a graceful shutdown, before `boss.stop()`: takes no more jobs, lets a clean-up that is running end after its batch, and waits
   * for that. The next run deletes the rest. The schedule stays, as it belongs to the whole fleet.
   */
  stop(this: void): Promise<void>
}

/** How long to wait before the database is tried again, in milliseconds. */
const ASK_AGAIN_MS = 1000

/**
 * Registers {@link cleanup} as a recurring job of the application's own pg-boss 10, and works on it. Every process of a fleet may call it
 * when it starts, and those that do share the work. There is one schedule, with the options of the last call, and one clean-up at a
 * time. A clean-up that fails is tried again; what its `timeBudget` leaves is for the next one.
 *
 * Listen to the boss's `error` event, as pg-boss asks you to: without a listener, a database that is away ends the process.
 *
 * @example
 * const scheduled = await scheduleCleanup(boss, { Guest, Visitor, VisitorLog }, { cleanup: { timeBudget: 300 } })
 * process.once('SIGTERM', () => void scheduled.stop().then(() => boss.stop()))
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
    running = run.catch(() => undefined) // pg-boss records it
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

/** A boss that is not started ignores every statement without an error. */
async function requireStarted(boss: PgBoss): Promise<void> {
  const isBoss = typeof (boss as Partial<PgBoss> | undefined)?.getDb === 'function'
  const answer: unknown = isBoss ? await boss.getDb().executeSql('SELECT 1', []) : undefined
  if (answer === undefined) {
    throw new InvalidOption(
      'scheduleCleanup: the first argument must be a started PgBoss: await boss.start()',
    )
  }
}

/** Creates or updates the queue and its schedule. Several processes may do so at once. */
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
  if (stopping.aborted) throw new Error('This process is shutting down') // another process takes the job
  const expired = AbortSignal.timeout(expireIn * 1000) // from then on another process may run the job
  const own = options.signal === undefined ? [] : [options.signal]
  const until = AbortSignal.any([stopping, expired])
  try {
    const result = await cleanup(models, { ...options, signal: AbortSignal.any([stopping, expired, ...own]) })
    await retryUntil(() => boss.complete(queue, id, result), until)
    return result
  } catch (error) {
    await retryUntil(() => boss.getQueue(queue), until)
    throw error
  }
}

/**
 * pg-boss records how a job ended without waiting for it, so that a database that is unreachable at this moment would end the
 * process by an unhandled rejection. So wait until the database answers.
 */
async function retryUntil(ask: () => Promise<unknown>, until: AbortSignal): Promise<void> {
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
