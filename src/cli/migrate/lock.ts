import { QueryTypes, type Sequelize, type Transaction } from 'sequelize'
import { hostOptions } from '../../database/columns.js'
import { dialectOf } from '../../database/dialect.js'

/** Any number that no other lock in the same database uses. */
const POSTGRES_KEY = '7521470284317756' // pg_advisory_lock takes 64 bits
/** MySQL's and MariaDB's locks are of the whole server: the database is part of the name. */
const MYSQL_NAME = "CONCAT('passport_ephemeral_', MD5(DATABASE()))"
const LONGEST_WAIT = 60 * 60

/** What to do while another process holds the lock. */
interface LockOptions {
  /** Called once if the lock is not free. */
  readonly onWait: () => void
}

/**
 * Runs `work` while no other process runs its own under the lock of this database. The lock belongs to its connection: a process
 * that dies releases it. SQLite has no such lock, and `work` runs without.
 *
 * The lock takes a connection of its own; where the pool has only one, it shares that.
 */
export async function withLock<T>(
  sequelize: Sequelize,
  { onWait }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const dialect = dialectOf(sequelize).kind
  if (dialect === 'sqlite') return await work()
  const locks = dialect === 'postgres' ? postgres : mysql
  if (hostOptions(sequelize).pool?.max === 1) {
    await locks.take(sequelize, null, onWait)
    return await work().finally(() => locks.release(sequelize, null))
  }
  return await sequelize.transaction(async (transaction) => {
    await locks.take(sequelize, transaction, onWait)
    return await work().finally(() => locks.release(sequelize, transaction))
  })
}

interface Locks {
  take: (sequelize: Sequelize, transaction: Transaction | null, onWait: () => void) => Promise<void>
  release: (sequelize: Sequelize, transaction: Transaction | null) => Promise<void>
}

const postgres: Locks = {
  async take(sequelize, transaction, onWait) {
    // The lock of a transaction also works behind a pooler that shares connections between transactions.
    const scope = transaction === null ? '' : 'xact_'
    if (transaction !== null) {
      await selectRow(sequelize, 'SET LOCAL statement_timeout = 0', transaction)
      await selectRow(sequelize, 'SET LOCAL idle_in_transaction_session_timeout = 0', transaction)
    }
    const tried = await selectRow(
      sequelize,
      `SELECT pg_try_advisory_${scope}lock(${POSTGRES_KEY}) AS locked`,
      transaction,
    )
    if (tried?.['locked'] === true) return
    onWait()
    await selectRow(sequelize, `SELECT pg_advisory_${scope}lock(${POSTGRES_KEY})`, transaction)
  },
  async release(sequelize, transaction) {
    if (transaction === null) await selectRow(sequelize, `SELECT pg_advisory_unlock(${POSTGRES_KEY})`, null)
  },
}

const mysql: Locks = {
  async take(sequelize, transaction, onWait) {
    if (await tryFor(0)) return
    onWait()
    if (await tryFor(LONGEST_WAIT)) return
    throw new Error('Another process has been migrating this database for an hour')

    async function tryFor(seconds: number): Promise<boolean> {
      const sql = `SELECT GET_LOCK(${MYSQL_NAME}, ${seconds}) AS locked`
      const tried = await selectRow(sequelize, sql, transaction)
      return Number(tried?.['locked']) === 1
    }
  },
  async release(sequelize, transaction) {
    await selectRow(sequelize, `SELECT RELEASE_LOCK(${MYSQL_NAME})`, transaction)
  },
}

/** The first row of the answer, always from the primary. */
async function selectRow(
  sequelize: Sequelize,
  sql: string,
  transaction: Transaction | null,
): Promise<Record<string, unknown> | undefined> {
  const rows: Record<string, unknown>[] = await sequelize.query(sql, {
    type: QueryTypes.SELECT,
    transaction,
    useMaster: true,
  })
  return rows[0]
}
