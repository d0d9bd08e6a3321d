import type { Sequelize, Transaction } from 'sequelize'
import { isRowsOwnFault } from './row-fault.js'
import { inBatch } from './statements/batch-transaction.js'
import type { Gone } from './statements/delete-due.js'
import type { DueRow, Position } from './statements/due.js'
import { takeDue } from './statements/take-due.js'
import type { Sweep } from './sweep.js'
import { retryTransaction } from '../database/transactions.js'

/** How a batch meets the database. */
export interface BatchOptions {
  readonly sequelize: Sequelize
  readonly batchSize: number
  readonly dryRun: boolean
}

/** What happened to one batch. Rows that are neither deleted nor kept are still there against the clean-up's will. */
export interface Batch extends Gone {
  readonly kept: number
  /** Why nothing of it was deleted, if that is so. */
  readonly fault?: unknown
}

/** Deletes the next rows that are due, or in a dry run counts them. */
export async function sweepBatch(
  what: Sweep,
  { sequelize, batchSize, dryRun }: BatchOptions,
  after: Position | undefined,
  limit: number,
): Promise<Batch> {
  if (dryRun) {
    const rows = await takeDue(what.due, { after, limit })
    const kept = (await what.spare?.(rows, undefined))?.size ?? 0
    return { size: rows.length, last: rows.at(-1), kept, deleted: rows.length - kept }
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
    return { ...(await retryTransaction(() => atOnce(after, limit))), kept: 0 }
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
  const batch = (kept: number, deleted: number): Batch => ({
    size: rows.length,
    last: rows.at(-1),
    kept,
    deleted,
  })
  try {
    return await retryTransaction(() =>
      inBatch(sequelize, async (transaction) => {
        rows = await takeDue(what.due, { after, limit, transaction })
        const spared = await what.spare?.(rows, transaction)
        const going = spared === undefined ? rows : rows.filter(({ key }) => !spared.has(String(key)))
        const deleted = going.length === 0 ? 0 : await removeOrBlame(what, going, transaction)
        return batch(rows.length - going.length, deleted)
      }),
    )
  } catch (error) {
    if (!(error instanceof Unremovable)) throw error
    return { ...batch(0, 0), fault: error.cause }
  }
}

/** Undoes a batch of which some row cannot be deleted. */
class Unremovable extends Error {}

async function removeOrBlame(
  { remove }: Sweep,
  rows: readonly DueRow[],
  transaction: Transaction,
): Promise<number> {
  try {
    return await remove(rows, transaction)
  } catch (error) {
    if (!isRowsOwnFault(error)) throw error
    throw new Unremovable('a batch could not be deleted', { cause: error })
  }
}

/** Why a row is still there. Without a fault, the database did as if it had deleted it. */
export function sayWhy(fault: unknown): string {
  if (fault === undefined) return 'a hook, a trigger, a rule or a policy let the row stay, without an error'
  return fault instanceof Error ? fault.message : JSON.stringify(fault)
}
