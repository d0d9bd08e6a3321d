import { createHash } from 'node:crypto'
import { once, type EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { type LOCK, type Transaction, type Sequelize, type TransactionOptions } from 'sequelize'
import { hostOptions } from './columns.js'
import { dialectOf } from './dialect.js'
import { isRetryable } from './driver-error.js'

/** The caller's transaction, if there is one. */
export interface QueryOptions {
  readonly transaction?: Transaction | null | undefined
}

const MAX_ATTEMPTS = 8
/** The longest wait before the second attempt, in milliseconds; before each later one it is twice as long. */
const FIRST_WAIT_MS = 10

/**
 * Runs a transaction up to eight times, if the database ended it by a deadlock or a serialization failure. It waits for a random
 * time in between: of several that run again at once, only one would succeed each time.
 */
export async function retryTransaction<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction()
    } catch (error) {
      if (!isRetryable(error) || attempt >= MAX_ATTEMPTS) throw error
      await wait(Math.random() * FIRST_WAIT_MS * 2 ** (attempt - 1))
    }
  }
}

/** Options of a transaction that sees what the one before it has done, whatever level the host has chosen for its own. */
export function readCommitted(sequelize: Sequelize): Pick<TransactionOptions, 'isolationLevel'> {
  return dialectOf(sequelize).readCommitted
}

/** The same only where the host's options name a level: otherwise the server's default applies, and no statement is sent. */
export function readCommittedInstead(sequelize: Sequelize): Pick<TransactionOptions, 'isolationLevel'> {
  // Sequelize's own default is null, whatever its types say.
  return typeof hostOptions(sequelize).isolationLevel === 'string' ? readCommitted(sequelize) : {}
}

/** A lock for a read that must see the latest rows, where a plain read of the transaction would not. */
export function lockForLatest(
  sequelize: Sequelize,
  transaction: Transaction | undefined,
): { readonly lock?: LOCK } {
  return transaction !== undefined && dialectOf(sequelize).needsLockingRead
    ? { lock: transaction.LOCK.SHARE }
    : {}
}

/** For how long a statement of our transactions waits for a locked row on PostgreSQL, in milliseconds. */
const LONGEST_WAIT_MS = 10_000

/** PostgreSQL waits without an end by default; MySQL and MariaDB for `innodb_lock_wait_timeout`, 50 seconds. */
export async function limitLockWait(sequelize: Sequelize, transaction: Transaction): Promise<void> {
  if (!dialectOf(sequelize).hasTransactionSettings) return
  await sequelize.query(
    `SELECT set_config('lock_timeout', '${String(LONGEST_WAIT_MS)}', true) WHERE current_setting('lock_timeout') = '0'`,
    { transaction },
  )
}

/**
 * Lets only one transaction at a time pass with this key, until it ends. PostgreSQL alone has such locks; on MySQL a locking
 * read serialises, and SQLite has one writer.
 */
export async function lockKey(sequelize: Sequelize, key: string, transaction: Transaction): Promise<void> {
  if (!dialectOf(sequelize).hasTransactionSettings) return
  const number = createHash('sha256').update(key).digest().readBigInt64BE()
  await sequelize.query(`SELECT pg_advisory_xact_lock(${String(number)})`, { transaction })
}

/** What Sequelize 6 keeps of a transaction beside its types. */
interface TransactionState extends Transaction {
  readonly parent?: TransactionState | null
  readonly finished?: 'commit' | 'rollback'
  readonly connection?: DriverConnection
}

/** The driver's connection; pg's tells whether the server has aborted the transaction ('E'). */
interface DriverConnection extends EventEmitter {
  getTransactionStatus?(): string | null
  readonly readyForQuery?: boolean
}

/**
 * Runs `action` once the outermost transaction is committed: never if it, or a savepoint on the way to it, was rolled back, or if
 * the commit failed. Without a transaction it runs now. Sequelize's own `afterCommit` also runs after a commit that failed.
 */
export function afterCommit(transaction: Transaction | undefined, action: () => void): void {
  if (transaction === undefined) {
    action()
    return
  }
  const nested: TransactionState[] = []
  for (let each: TransactionState | null | undefined = transaction; each; each = each.parent)
    nested.push(each)
  const outermost: TransactionState = nested.at(-1) ?? transaction
  const commit = outermost.commit.bind(outermost)
  outermost.commit = async () => {
    // PostgreSQL answers the commit of a transaction that an error has aborted with a rollback, and without an error.
    const isAborted = await hasAborted(outermost.connection)
    await commit()
    if (!isAborted && nested.every(({ finished }) => finished !== 'rollback')) action()
  }
}

/** pg reports an error before the server has told the status after it, in a message of its own that may arrive later. */
async function hasAborted(connection: DriverConnection | undefined): Promise<boolean> {
  if (connection?.getTransactionStatus === undefined) return false
  if (connection.readyForQuery === false) {
    const other = new AbortController()
    const ready = (name: string): Promise<unknown> => once(connection, name, { signal: other.signal })
    // A connection that fails or ends fails the commit too.
    await Promise.race([ready('drain'), ready('end')]).catch(() => undefined)
    other.abort()
  }
  return connection.getTransactionStatus() === 'E'
}
