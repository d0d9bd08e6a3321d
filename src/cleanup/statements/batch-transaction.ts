import type { Sequelize, Transaction } from 'sequelize'
import { dialectOf, isPostgres } from '../../database/dialect.js'

/** Milliseconds that one statement waits for a row that a request holds, before its batch is taken apart. */
export const ONE_STATEMENT_WAITS = 50
/** Milliseconds that a batch waits for it which locks its rows one by one. */
const STEPS_WAIT = 500

/**
 * A condition that is true, and sets for this one transaction on PostgreSQL what becomes of a request that holds a row which would go along by
 * a cascade: it is the clean-up that gives up, before the database begins to look for deadlocks, which it does after a second, and might
 * end the request's transaction. And a batch need not reach the disk before the next begins: if the machine fails just then, the next
 * run deletes it again.
 */
export function forThisBatch(waits: number): string {
  const settings = { lock_timeout: `${String(waits)}ms`, synchronous_commit: 'off' }
  const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`)
  return `(SELECT CONCAT(${calls.join(', ')})) IS NOT NULL`
}

/** The transaction of a batch. */
export async function inBatch<T>(
  sequelize: Sequelize,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return await sequelize.transaction(dialectOf(sequelize).batchTransaction, async (transaction) => {
    if (isPostgres(sequelize)) await sequelize.query(`SELECT ${forThisBatch(STEPS_WAIT)}`, { transaction })
    return await work(transaction)
  })
}
