import type { Sequelize, Transaction } from 'sequelize'
import { retryOnDeadlock } from '../database/deadlock.js'
import { isRowsOwnFault } from './row-fault.js'
import type { Pace } from './pace.js'
import type { CleanupKind, CleanupProgress } from './result.js'
import { inBatch, takeDue, type Due, type DueRow, type Gone, type Position } from './statements.js'

/** One kind of rows, and how they go. */
export interface Sweep {
  readonly kind: CleanupKind
  readonly due: Due
  /** The keys of those rows of a batch that stay all the same; without it none do. */
  readonly spare?: (
    rows: readonly DueRow[],
    transaction: Transaction | undefined,
  ) => Promise<ReadonlySet<string>>
  /** Takes and deletes a batch in one go, where that can be done. If it cannot be deleted, it is taken apart by the other way. */
  readonly atOnce?: (after: Position | undefined, limit: number) => Promise<Gone>
  /** Deletes rows that are locked. */
  readonly remove: (rows: readonly DueRow[], transaction: Transaction) => Promise<void>
}

/** What became of one kind of rows. */
export interface Swept {
  readonly deleted: number
  readonly kept: number
  readonly blocked: number
  /** What was said of the first few that were blocked. */
  readonly blockedBy: readonly string[]
  /** Whether the end was reached. */
  readonly isComplete: boolean
  readonly isBlocked: boolean
}

/** How a sweep goes about it. */
export interface SweepOptions {
  readonly sequelize: Sequelize
  readonly batchSize: number
  readonly dryRun: boolean
  readonly pace: Pace
  readonly onProgress: ((progress: CleanupProgress) => unknown) | undefined
}

/** What happened to one batch. */
interface Batch extends Gone {
  readonly kept: number
  /** Why it is still there, if it is. */
  readonly fault?: unknown
}

/** After so many rows in a row that cannot be deleted, it is no longer about single rows. */
const MOST_BLOCKED_IN_A_ROW = 100
const BLOCKERS_TOLD = 5
/** A batch that fails is tried in so many parts, and those again, until it is known which row is to blame. */
const PARTS = 8

/**
 * Goes through all rows of one kind that are due, batch by batch, each in a short transaction of its own. It begins where the oldest
 * row is, and remembers how far it came: rows that stay are looked at once a run, and rows that are gone are not passed again, which on
 * PostgreSQL are there for a while yet.
 */
export async function sweep(what: Sweep, options: SweepOptions): Promise<Swept> {
  const { batchSize, pace } = options
  let [deleted, kept, blocked, blockedInARow] = [0, 0, 0, 0]
  const blockedBy = new Set<string>()
  let after: Position | undefined
  let limit = batchSize
  const sum = (end: Pick<Swept, 'isComplete' | 'isBlocked'>): Swept => ({
    deleted,
    kept,
    blocked,
    blockedBy: [...blockedBy],
    ...end,
  })

  while (pace.goesOn()) {
    const batch = await pace.whileBusy(() => sweepBatch(what, options, after, limit))
    if (batch.fault !== undefined) {
      if (batch.size > 1) {
        limit = Math.ceil(batch.size / PARTS)
        continue
      }
      blocked += 1
      blockedInARow += 1
      if (blockedBy.size < BLOCKERS_TOLD) blockedBy.add(sayWhy(batch.fault))
    } else {
      deleted += batch.size - batch.kept
      kept += batch.kept
      if (batch.size > batch.kept) blockedInARow = 0
    }
    await options.onProgress?.({ kind: what.kind, deleted, kept, blocked })
    if (blockedInARow >= MOST_BLOCKED_IN_A_ROW) return sum({ isComplete: false, isBlocked: true })
    if (batch.size < limit) return sum({ isComplete: true, isBlocked: false })
    after = batch.last ?? after
    if (batch.fault === undefined) limit = Math.min(batchSize, limit * PARTS)
    await pace.rest()
  }
  return sum({ isComplete: false, isBlocked: false })
}

async function sweepBatch(
  what: Sweep,
  { sequelize, batchSize, dryRun }: SweepOptions,
  after: Position | undefined,
  limit: number,
): Promise<Batch> {
  if (dryRun) {
    const rows = await takeDue(what.due, { after, limit })
    return batchOf(rows, (await what.spare?.(rows, undefined))?.size)
  }
  // What is taken apart is not tried at once again until it is through.
  const whole = limit === batchSize ? await sweepAtOnce(what, after, limit) : undefined
  return whole ?? (await sweepInSteps(what, sequelize, after, limit))
}

async function sweepAtOnce(
  { atOnce }: Sweep,
  after: Position | undefined,
  limit: number,
): Promise<Batch | undefined> {
  if (atOnce === undefined) return undefined
  try {
    return { ...(await retryOnDeadlock(() => atOnce(after, limit))), kept: 0 }
  } catch (error) {
    if (!isRowsOwnFault(error)) throw error
    return undefined
  }
}

async function sweepInSteps(
  what: Sweep,
  sequelize: Sequelize,
  after: Position | undefined,
  limit: number,
): Promise<Batch> {
  let rows: readonly DueRow[] = []
  try {
    return await retryOnDeadlock(() =>
      inBatch(sequelize, async (transaction) => {
        rows = await takeDue(what.due, { after, limit, transaction })
        const spared = await what.spare?.(rows, transaction)
        const going = spared === undefined ? rows : rows.filter(({ key }) => !spared.has(String(key)))
        if (going.length > 0) await removeOrBlame(what, going, transaction)
        return batchOf(rows, rows.length - going.length)
      }),
    )
  } catch (error) {
    if (!(error instanceof Unremovable)) throw error
    return { ...batchOf(rows), fault: error.cause }
  }
}

function batchOf(rows: readonly DueRow[], kept = 0): Batch {
  return { size: rows.length, last: rows.at(-1), kept }
}

/** Undoes a batch of which some row cannot be deleted. */
class Unremovable extends Error {}

async function removeOrBlame(
  { remove }: Sweep,
  rows: readonly DueRow[],
  transaction: Transaction,
): Promise<void> {
  try {
    await remove(rows, transaction)
  } catch (error) {
    if (!isRowsOwnFault(error)) throw error
    throw new Unremovable('a batch could not be deleted', { cause: error })
  }
}

function sayWhy(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
