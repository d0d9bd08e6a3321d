import { ConnectionError, DatabaseError, type Transaction } from 'sequelize'
import { driverCode, isRetryable, isServerError } from '../database/driver-error.js'
import { retryTransaction } from '../database/transactions.js'
import { EphemeralError } from '../errors.js'
import type { Due } from './due.js'
import type { CleanupKind } from './result.js'
import {
  inBatchTransaction,
  selectDueRows,
  type Cursor,
  type DeletedBatch,
  type DueRow,
} from './statements.js'

/** One kind of rows, and how they are deleted. */
export interface Deletion {
  readonly kind: CleanupKind
  readonly due: Due
  /** Deletes a whole batch in one statement, where that is possible. */
  readonly deleteInOneStatement:
    ((after: Cursor | undefined, limit: number) => Promise<DeletedBatch>) | undefined
  /** The keys, as text, of the rows of a batch that stay although they are due; without it none do. */
  readonly findKept:
    | ((rows: readonly DueRow[], transaction: Transaction | undefined) => Promise<ReadonlySet<string>>)
    | undefined
  /** Deletes rows that are locked. Returns how many are deleted. */
  readonly deleteRows: (rows: readonly DueRow[], transaction: Transaction) => Promise<number>
}

/** What became of one batch. Rows that are neither deleted nor kept could not be deleted. */
export interface Batch extends DeletedBatch {
  readonly kept: number
  /** Why none of its rows was deleted. */
  readonly error?: unknown
}

/** Counts the next batch as {@link deleteBatch} would delete it. */
export async function countBatch(
  { due, findKept }: Deletion,
  after: Cursor | undefined,
  limit: number,
): Promise<Batch> {
  const rows = await selectDueRows(due, after, limit)
  const kept = (await findKept?.(rows, undefined))?.size ?? 0
  return { size: rows.length, last: rows.at(-1), kept, deleted: rows.length - kept }
}

/** Deletes the next batch, in a transaction of its own: all of its rows that do not stay, or none. */
export async function deleteBatch(
  { due, findKept, deleteRows }: Deletion,
  after: Cursor | undefined,
  limit: number,
): Promise<Batch> {
  let rows: readonly DueRow[] = []
  const state = { isDeleting: false }
  try {
    return await retryTransaction(() =>
      inBatchTransaction(due, async (transaction) => {
        state.isDeleting = false
        rows = await selectDueRows(due, after, limit, transaction)
        if (rows.length === 0) return { size: 0, last: undefined, kept: 0, deleted: 0 }
        const keptKeys = await findKept?.(rows, transaction)
        const others = keptKeys === undefined ? rows : rows.filter(({ key }) => !keptKeys.has(String(key)))
        state.isDeleting = true
        const deleted = others.length === 0 ? 0 : await deleteRows(others, transaction)
        return { size: rows.length, last: rows.at(-1), kept: rows.length - others.length, deleted }
      }),
    )
  } catch (error) {
    // What `keep` throws ends the clean-up. A deferred constraint fails after the rows are deleted.
    if (!state.isDeleting || !isCausedByRows(error)) throw error
    return { size: rows.length, last: rows.at(-1), kept: 0, deleted: 0, error }
  }
}

/**
 * Deletes the next batch in one statement. `undefined` if that failed because of its rows, or because other transactions changed them
 * again and again: {@link deleteBatch}, which locks rows before it deletes them, then finds out more.
 */
export async function deleteBatchInOneStatement(
  { deleteInOneStatement }: Deletion,
  after: Cursor | undefined,
  limit: number,
): Promise<Batch | undefined> {
  if (deleteInOneStatement === undefined) return undefined
  try {
    return { ...(await retryTransaction(() => deleteInOneStatement(after, limit))), kept: 0 }
  } catch (error) {
    if (isRetryable(error) || isCausedByRows(error)) return undefined
    throw error
  }
}

/**
 * Whether the rows that were to be deleted cause an error, so that other rows can still be deleted: a foreign key, a lock that a
 * request holds on a row of the cascade, a statement timeout, a trigger, a hook of the application. An error of the connection or the
 * server, a missing table or a deadlock does not depend on the rows.
 */
function isCausedByRows(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof EphemeralError || isRetryable(error)) return false
  if (!(error instanceof DatabaseError)) return true
  return driverCode(error) !== undefined && !isServerError(error)
}
