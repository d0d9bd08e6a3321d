import type { Request } from 'express'
import type { Model, WhereOptions } from 'sequelize'
import type { Guest, GuestModel } from '../guest/guest.js'
import {
  aBoolean,
  aFunction,
  anObject,
  anything,
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

/** The models that {@link cleanup} cleans up. Rows of a model that is not given are not deleted by themselves. */
export interface CleanupModels<U extends Model = Model, G extends Guest = Guest> {
  /** Expired guests with their users and everything that cascades from them, and expired pending conversions. */
  Guest?: GuestModel<U, G>
  /** Passes that expired long ago. */
  Visitor?: typeof Visitor
  /** Old visits. Without it, the visits of a pass are deleted with their pass. */
  VisitorLog?: typeof VisitorLog
}

/** For how long rows are kept after they are of no more use, in seconds; `false`: for ever. */
export interface Retention {
  /** Passes, from when they expired. Given `VisitorLog`, a pass also stays until its last visit is due. @default 2592000 (30 days) */
  passes?: number | false
  /** Visits, from when they happened. @default 7776000 (90 days) */
  visits?: number | false
  /** The counts of how guests ended, for `passport-ephemeral stats`. @default 34560000 (400 days) */
  outcomes?: number | false
}

/** Which rows stay although they are due: a `where` of Sequelize, which the database checks, or a function of the row. */
export interface Keep<U extends Model = Model, G extends Guest = Guest> {
  /** A `where` is a condition on the users row. */
  guests?: WhereOptions | ((row: { user: U; guest: G }) => boolean | Promise<boolean>)
  /** A `where` is a condition on the pass. */
  passes?: WhereOptions | ((pass: Visitor) => boolean | Promise<boolean>)
}

/** Options of {@link cleanup}. */
export interface CleanupOptions<U extends Model = Model, G extends Guest = Guest> {
  /** How many rows one short transaction deletes, at most. @default 1000 */
  batchSize?: number
  /** The age at which guests are due, in seconds. @default the model's `maxAge` */
  maxAge?: number
  retention?: Retention
  /** Rows that stay although they are due. @default none */
  keep?: Keep<U, G>
  /** Count what would be deleted, and delete nothing. @default false */
  dryRun?: boolean
  /** Begin no batch after so many seconds. The next run deletes the rest. @default no limit */
  timeBudget?: number
  /**
   * After so many rows of one kind that could not be deleted, leave the rest of that kind to the next run. Each of them costs a
   * transaction of its own in every run: exclude them by `keep`, or change the foreign key that holds them.
   * @default 10000
   */
  maxFailed?: number
  /**
   * Which part of its time the clean-up may keep the database busy, more than 0 and at most 1. It rests after each batch, so that
   * requests come first. At 0.25 it takes four times as long.
   * @default 1
   */
  dutyCycle?: number
  /**
   * Load every user and destroy them one by one, so that `beforeDestroy` and `afterDestroy` of `User` run: several statements for each
   * row. Without it `beforeBulkDestroy` and `afterBulkDestroy` run, once a batch.
   * @default false
   */
  individualHooks?: boolean
  /** Begin no batch once it is aborted. */
  signal?: AbortSignal
  /** The request in which it happens, for the event `expired`. */
  req?: Request
  /** Who begins it, for the event `expired`: a member of the staff, for example. @default nothing: a program */
  actor?: unknown
  /** Called and awaited after every batch. If it throws, the clean-up ends; what is deleted stays deleted. */
  onProgress?: (progress: CleanupProgress) => unknown
}

/** The options with their defaults. */
export type CleanupPlan = ReturnType<typeof parseCleanupOptions>

const DAY = 24 * 60 * 60

const zero: Rule = { expected: '0', test: (value) => value === 0 }
const retentionRule = either(zero, positiveSeconds, theBoolean(false))
const keepRule = either(anObject, aFunction)
const aSignal: Rule = { expected: 'an AbortSignal', test: (value) => value instanceof AbortSignal }
const aFraction: Rule = {
  expected: 'a number above 0, and 1 at most',
  test: (value) => typeof value === 'number' && value > 0 && value <= 1,
}

/** @throws {TypeError} naming the option that is wrong */
export function parseCleanupOptions(caller: string, options: CleanupOptions) {
  checkOptions(caller, options, {
    batchSize: positiveCount,
    maxAge: positiveSeconds,
    retention: anObject,
    keep: anObject,
    dryRun: aBoolean,
    timeBudget: positiveSeconds,
    maxFailed: positiveCount,
    dutyCycle: aFraction,
    individualHooks: aBoolean,
    signal: aSignal,
    req: anObject,
    actor: anything,
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
    ...options,
    batchSize: options.batchSize ?? 1000,
    retention: {
      passes: retention.passes ?? 30 * DAY,
      visits: retention.visits ?? 90 * DAY,
      outcomes: retention.outcomes ?? 400 * DAY,
    },
    keep,
    dryRun: options.dryRun ?? false,
    timeBudget: options.timeBudget ?? Infinity,
    maxFailed: options.maxFailed ?? 10_000,
    dutyCycle: options.dutyCycle ?? 1,
  }
}
