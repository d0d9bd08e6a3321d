import type { Model, WhereOptions } from 'sequelize'
import type { Guest, GuestModel } from '../guest/guest.js'
import {
  aBoolean,
  aFunction,
  anObject,
  checkOptions,
  either,
  theBoolean,
  positiveCount,
  positiveSeconds,
  type Rule,
} from '../options.js'
import type { Visitor } from '../visitor/visitor.js'
import type { VisitorLog } from '../visitor/visits/visitor-log.js'
import type { CleanupProgress } from './result.js'

/** What {@link cleanup} looks after; each is left alone unless it is given. */
export interface CleanupModels<U extends Model = Model, G extends Guest = Guest> {
  /** Expired guests with their users and all that cascades, and expired pending conversions. */
  Guest?: GuestModel<U, G>
  /** Passes that expired long ago. */
  Visitor?: typeof Visitor
  /** Old visits. Without it, the visits of a pass go with their pass. */
  VisitorLog?: typeof VisitorLog
}

/** For how long what is over is kept, in seconds; `false`: for ever. */
export interface Retention {
  /** Passes, from when they expired. Given `VisitorLog`, a pass also waits until its last visit may go. @default 2592000 (30 days) */
  passes?: number | false
  /** Visits, from when they were made. @default 7776000 (90 days) */
  visits?: number | false
  /** How guests ended, for `passport-ephemeral stats`. @default 34560000 (400 days) */
  outcomes?: number | false
}

/** Which rows stay although they are due: a condition in Sequelize's words, which the database checks, or a function of the row. */
export interface Keep<U extends Model = Model, G extends Guest = Guest> {
  /** A condition is one on the users row. */
  guests?: WhereOptions | ((row: { user: U; guest: G }) => boolean | Promise<boolean>)
  /** A condition is one on the pass. */
  passes?: WhereOptions | ((pass: Visitor) => boolean | Promise<boolean>)
}

/** Options of {@link cleanup}. */
export interface CleanupOptions<U extends Model = Model, G extends Guest = Guest> {
  /** How many rows go in one short transaction, at most. @default 1000 */
  batchSize?: number
  /** How long guests live, in seconds, in place of what the model says. @default the model's `maxAge` */
  maxAge?: number
  retention?: Retention
  /** @default everything that is due goes */
  keep?: Keep<U, G>
  /** Count what would go, and delete nothing. @default false */
  dryRun?: boolean
  /** Begin no batch after so many seconds. What is left is for the next run. @default as long as it takes */
  timeBudget?: number
  /**
   * Which part of its time the clean-up may keep the database busy, more than 0 and at most 1: after each batch it rests, so that
   * the requests of people come first. At 0.25 it takes four times as long.
   * @default 1
   */
  dutyCycle?: number
  /**
   * Load every user, and destroy them one by one, so that `beforeDestroy` and `afterDestroy` of `User` run: several statements for each
   * row. Without it `beforeBulkDestroy` and `afterBulkDestroy` run, once a batch.
   * @default false
   */
  individualHooks?: boolean
  /** Begin no batch once it is aborted. */
  signal?: AbortSignal
  /** Told after every batch, and waited for. A throw ends the clean-up; what is deleted stays deleted. */
  onProgress?: (progress: CleanupProgress) => unknown
}

/** The options with every default filled in. */
export interface CleanupPlan {
  readonly batchSize: number
  readonly maxAge: number | undefined
  readonly retention: Readonly<Required<Retention>>
  readonly keep: Keep
  readonly dryRun: boolean
  readonly timeBudget: number
  readonly dutyCycle: number
  readonly individualHooks: boolean
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: CleanupProgress) => unknown) | undefined
}

const DAY = 24 * 60 * 60

const retentionRule: Rule = either(
  { expected: '0', test: (value) => value === 0 },
  positiveSeconds,
  theBoolean(false),
)
const keepRule: Rule = either(anObject, aFunction)
const aSignal: Rule = { expected: 'an AbortSignal', test: (value) => value instanceof AbortSignal }
const aFraction: Rule = {
  expected: 'a number above 0, and 1 at most',
  test: (value) => typeof value === 'number' && value > 0 && value <= 1,
}

/** @throws {TypeError} naming the option that is wrong */
export function parseCleanupOptions(caller: string, options: CleanupOptions): CleanupPlan {
  checkOptions(caller, options, {
    batchSize: positiveCount,
    maxAge: positiveSeconds,
    retention: anObject,
    keep: anObject,
    dryRun: aBoolean,
    timeBudget: positiveSeconds,
    dutyCycle: aFraction,
    individualHooks: aBoolean,
    signal: aSignal,
    onProgress: aFunction,
  })
  const { retention = {}, keep = {} } = options
  checkOptions(`${caller}: retention`, retention, {
    passes: retentionRule,
    visits: retentionRule,
    outcomes: retentionRule,
  })
  checkOptions(`${caller}: keep`, keep, { guests: keepRule, passes: keepRule })
  return {
    batchSize: options.batchSize ?? 1000,
    maxAge: options.maxAge,
    retention: {
      passes: retention.passes ?? 30 * DAY,
      visits: retention.visits ?? 90 * DAY,
      outcomes: retention.outcomes ?? 400 * DAY,
    },
    keep,
    dryRun: options.dryRun ?? false,
    timeBudget: options.timeBudget ?? Infinity,
    dutyCycle: options.dutyCycle ?? 1,
    individualHooks: options.individualHooks ?? false,
    signal: options.signal,
    onProgress: options.onProgress,
  }
}
