import { countBatch, deleteBatch, deleteBatchInOneStatement, type Batch, type Deletion } from './batch.js'
import type { CleanupPlan } from './options.js'
import type { StopReason } from './result.js'
import type { Cursor } from './statements.js'
import type { Throttle } from './throttle.js'

/** What became of one kind of rows. */
export interface KindResult {
  readonly deleted: number
  readonly kept: number
  readonly failed: number
  /** Why the first few of those could not be deleted. */
  readonly failureReasons: readonly string[]
  /** `undefined` if the end was reached. */
  readonly stoppedBy: StopReason | undefined
}

const MAX_REASONS = 5
/** A batch that fails is tried again in so many parts, and those in so many again, down to the row that is the cause. */
const PARTS = 8

/**
 * Deletes all rows of one kind that are due, batch by batch, each in a short transaction of its own. A cursor moves from the oldest row
 * to the youngest. So rows that stay are tried once a run, and do not stop the rows behind them. And PostgreSQL does not read
 * deleted rows again, which stay in the index until the next vacuum.
 */
export async function deleteInBatches(
  deletion: Deletion,
  { batchSize, maxFailed, dryRun, onProgress }: CleanupPlan,
  throttle: Throttle,
): Promise<KindResult> {
  const counts = { deleted: 0, kept: 0, failed: 0 }
  const failureReasons = new Set<string>()
  const end = (stoppedBy: StopReason | undefined): KindResult => ({
    ...counts,
    failureReasons: [...failureReasons],
    stoppedBy,
  })
  let after: Cursor | undefined
  let limit = batchSize

  for (;;) {
    await throttle.rest()
    const stoppedBy = counts.failed >= maxFailed ? 'maxFailed' : throttle.stoppedBy
    if (stoppedBy !== undefined) return end(stoppedBy)

    const batch = await throttle.whileBusy(() => nextBatch())
    if (batch.error !== undefined && batch.size > 1) {
      limit = Math.ceil(batch.size / PARTS)
      continue
    }
    const failed = batch.size - batch.deleted - batch.kept
    counts.deleted += batch.deleted
    counts.kept += batch.kept
    counts.failed += failed
    if (failed > 0 && failureReasons.size < MAX_REASONS) failureReasons.add(reasonOf(batch.error))
    await onProgress?.({ kind: deletion.kind, ...counts })
    if (batch.size < limit) return end(undefined)
    after = batch.last
    if (batch.error === undefined) limit = Math.min(batchSize, limit * PARTS)
  }

  async function nextBatch(): Promise<Batch> {
    if (dryRun) return await countBatch(deletion, after, limit)
    // A part of a batch that failed in one statement would fail in one statement again.
    const whole = limit === batchSize ? await deleteBatchInOneStatement(deletion, after, limit) : undefined
    return whole ?? (await deleteBatch(deletion, after, limit))
  }
}

function reasonOf(error: unknown): string {
  if (error === undefined) return 'a hook, a trigger, a rule or a policy kept the row, without an error'
  return error instanceof Error ? error.message : JSON.stringify(error)
}
