import type { Model } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { parseCleanupOptions, type CleanupOptions } from '../cleanup/options.js'
import type { Guest } from '../guest/guest.js'
import { anObject, aString, checkOptions, positiveCount, positiveSeconds, type Rule } from '../options.js'

/** Options of {@link scheduleCleanup}. */
export interface ScheduleCleanupOptions<U extends Model = Model, G extends Guest = Guest> {
  /** Name of the queue, and of its schedule. @default 'passport-ephemeral-cleanup' */
  queue?: string
  /** When a clean-up is due, to the minute. @default '17 * * * *' (once an hour) */
  cron?: string
  /** The time zone of `cron`, by its IANA name. @default 'UTC' */
  timeZone?: string
  /** How often a clean-up that failed is tried again before it waits for the next hour. @default 3 */
  retryLimit?: number
  /** Whole seconds until it is tried again for the first time; then twice as long each time. @default 60 */
  retryDelay?: number
  /**
   * Whole seconds after which a job counts as lost, because its process died, and another process runs it. More than
   * `cleanup.timeBudget`, and less than a day.
   * @default `cleanup.timeBudget` and a half, at least a minute more
   */
  expireIn?: number
  /** How often this process asks for work, in seconds. @default 30 */
  pollingInterval?: number
  /** Options of each clean-up. @default the defaults of `cleanup`, and a `timeBudget` of 600 */
  cleanup?: CleanupOptions<U, G>
}

/** The options with their defaults. */
export type SchedulePlan<U extends Model, G extends Guest> = Readonly<Required<ScheduleCleanupOptions<U, G>>>

const MINUTE = 60
const DAY = 24 * 60 * MINUTE

const wholeSeconds: Rule = {
  expected: 'a positive whole number of seconds, less than a day',
  test: (value) => positiveCount.test(value) && (value as number) < DAY,
}
const aTimeZone: Rule = {
  expected: 'the name of a time zone, such as Europe/Vienna',
  test: (value) => typeof value === 'string' && isTimeZone(value),
}
const aPollingInterval: Rule = {
  expected: 'a number of seconds, half a second at least',
  test: (value) => positiveSeconds.test(value) && (value as number) >= 0.5,
}
const aRetryLimit: Rule = {
  expected: 'a whole number, not negative',
  test: (value) => value === 0 || positiveCount.test(value),
}

/** @throws {TypeError} naming the option that is wrong */
export function parseScheduleOptions<U extends Model, G extends Guest>(
  options: ScheduleCleanupOptions<U, G>,
): SchedulePlan<U, G> {
  checkOptions('scheduleCleanup', options, {
    queue: aString,
    cron: aString,
    timeZone: aTimeZone,
    retryLimit: aRetryLimit,
    retryDelay: wholeSeconds,
    expireIn: wholeSeconds,
    pollingInterval: aPollingInterval,
    cleanup: anObject,
  })
  const { cleanup = {} } = options
  parseCleanupOptions('scheduleCleanup: cleanup', cleanup as CleanupOptions)
  const timeBudget = cleanup.timeBudget ?? 10 * MINUTE
  const expireIn = options.expireIn ?? Math.ceil(timeBudget + Math.max(MINUTE, timeBudget / 2))
  if (timeBudget >= expireIn || expireIn >= DAY) {
    throw new InvalidOption(
      `scheduleCleanup: cleanup.timeBudget (${timeBudget} s) must end before the job expires ` +
        `(expireIn: ${expireIn} s), and that in less than a day`,
    )
  }
  return {
    queue: options.queue ?? 'passport-ephemeral-cleanup',
    cron: options.cron ?? '17 * * * *',
    timeZone: options.timeZone ?? 'UTC',
    retryLimit: options.retryLimit ?? 3,
    retryDelay: options.retryDelay ?? MINUTE,
    expireIn,
    pollingInterval: options.pollingInterval ?? 30,
    cleanup: { ...cleanup, timeBudget },
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
