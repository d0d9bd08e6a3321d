import { sayWhy, sweepBatch, type BatchOptions } from './batch.js'
import type { Pace } from './pace.js'
import type { CleanupKind, CleanupProgress } from './result.js'
import type { Gone } from './statements/delete-due.js'
import type { Due, DueRow, Position } from './statements/due.js'
import { countDueRows, skipDue } from './statements/take-due.js'
import type { Transaction } from 'sequelize'

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
  /** Deletes rows that are locked. Gives how many really went. */
  readonly remove: (rows: readonly DueRow[], transaction: Transaction) => Promise<number>
}

/** What became of one kind of rows. */
export interface Swept {
  readonly deleted: number
  readonly kept: number
  readonly blocked: number
  /** What was said of the first few that were blocked. */
  readonly blockedBy: readonly string[]
  /** Whether the end was reached, and none passed over on the way there. */
  readonly isComplete: boolean
  /** Whether some were passed over, because so many before them could not go. */
  readonly isBlocked: boolean
}

/** How a sweep goes about it. */
export interface SweepOptions extends BatchOptions {
  readonly pace: Pace
  readonly onProgress: ((progress: CleanupProgress) => unknown) | undefined
}

/** After so many rows in a row that cannot be deleted, it is no longer about single rows. */
const MOST_BLOCKED_IN_A_ROW = 100
const BLOCKERS_TOLD = 5
/** How often to look again for rows that another had. Who holds a row for longer has it looked at in the next run. */
const MOST_PASSES = 3
/** Milliseconds to wait for the other, at most: its batch takes about as long. */
const BREATH_MS = 50
/** A batch that fails is tried in so many parts, and those again, until it is known which row is to blame. */
const PARTS = 8

/**
 * Goes through all rows of one kind that are due, batch by batch, each in a short transaction of its own. It begins where the oldest
 * row is, and remembers how far it came: rows that stay are looked at once a run, and rows that are gone are not passed again, which on
 * PostgreSQL are there for a while yet.
 */
export async function sweep(what: Sweep, options: SweepOptions): Promise<Swept> {
  const { batchSize, pace } = options
  const counts = { deleted: 0, kept: 0, blocked: 0 }
  const blockedBy = new Set<string>()
  const stride = new Stride()
  let after: Position | undefined
  let limit = batchSize
  let passes = 1
  const sum = (hasEnded: boolean): Swept => ({
    ...counts,
    blockedBy: [...blockedBy],
    isComplete: hasEnded && !stride.hasSkipped,
    isBlocked: stride.hasSkipped,
  })

  while (pace.goesOn()) {
    const batch = await pace.whileBusy(() => sweepBatch(what, options, after, limit))
    if (batch.fault !== undefined && batch.size > 1) {
      limit = Math.ceil(batch.size / PARTS)
      continue
    }
    const stuck = batch.size - batch.deleted - batch.kept
    counts.deleted += batch.deleted
    counts.kept += batch.kept
    counts.blocked += stuck
    if (stuck > 0 && blockedBy.size < BLOCKERS_TOLD) blockedBy.add(sayWhy(batch.fault))
    await options.onProgress?.({ kind: what.kind, ...counts })
    if (batch.size < limit) {
      if (passes === MOST_PASSES || !(await hasPassedOver(what, options, stride, counts))) return sum(true)
      passes += 1
      after = undefined
      limit = batchSize
      Object.assign(counts, { kept: 0, blocked: 0 }) // they are met again
      await pace.pause(Math.random() * BREATH_MS)
      continue
    }
    after = batch.last ?? after
    if (batch.fault === undefined) limit = Math.min(batchSize, limit * PARTS)

    const rowsToSkip = stride.after(batch)
    if (rowsToSkip > 0) {
      const next = await pace.whileBusy(() => skipDue(what.due, after, rowsToSkip))
      if (next === undefined) return sum(true)
      after = next
    }
    await pace.rest()
  }
  return sum(false)
}

/**
 * Whether rows are still due that this run neither deleted nor found to stay: another clean-up had them in its hands. On a small table
 * MySQL locks more than it takes, and of two clean-ups each may leave some to the other.
 */
async function hasPassedOver(
  { due }: Sweep,
  { dryRun }: SweepOptions,
  { hasSkipped }: Stride,
  { kept, blocked }: Pick<Swept, 'kept' | 'blocked'>,
): Promise<boolean> {
  return !dryRun && !hasSkipped && (await countDueRows(due)) > kept + blocked
}

/**
 * How far to go past rows of which none can be deleted, so that those behind them get their turn: twice as far each time, and by chance,
 * so that no row between them is passed over in every run.
 */
class Stride {
  hasSkipped = false
  private blockedInARow = 0
  private longest = 1

  /** How many rows to pass over. */
  after({ fault, deleted }: { readonly fault?: unknown; readonly deleted: number }): number {
    if (fault === undefined) {
      if (deleted > 0) {
        this.blockedInARow = 0
        this.longest = 1
      }
      return 0
    }
    this.blockedInARow += 1
    if (this.blockedInARow < MOST_BLOCKED_IN_A_ROW) return 0
    this.hasSkipped = true
    this.longest *= 2
    return Math.ceil(Math.random() * this.longest)
  }
}
