import { QueryTypes, type Sequelize, type Transaction } from 'sequelize'
import { hostOptions } from '../../database/columns.js'
import { dialectOf } from '../../database/dialect.js'

/** Any number, as long as nobody else in the same database locks it. */
const POSTGRES_KEY = '7521470284317756' // pg_advisory_lock takes 64 bits
/** Locks of MySQL and MariaDB are of the whole server: the database is part of the name. */
const MYSQL_NAME = "CONCAT('passport_ephemeral_', MD5(DATABASE()))"
const LONGEST_WAIT = 60 * 60

/** What to do while others hold the lock. */
interface LockOptions {
  /** Told once if somebody else has it. */
  readonly onWait: () => void
}

/**
 * Runs `work` while no other process that comes through here does, on this database. A process that dies lets go: the
 * lock is its connection's. SQLite has no such lock, and `work` runs as it is.
 *
 * The lock takes a connection of its own, or, where the pool has only one, shares that.
 */
export async function withLock<T>(
  sequelize: Sequelize,
  { onWait }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const dialect = dialectOf(sequelize).kind
  if (dialect === 'sqlite') return await work()
  const locks = dialect === 'postgres' ? postgres : mysql
  if (hasOneConnection(sequelize)) {
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
    // Within a transaction the lock is the transaction's, which poolers that share connections keep together.
    const scope = transaction === null ? '' : 'xact_'
    if (transaction !== null) {
      await ask(sequelize, 'SET LOCAL statement_timeout = 0', transaction)
      await ask(sequelize, 'SET LOCAL idle_in_transaction_session_timeout = 0', transaction)
    }
    const tried = await ask(
      sequelize,
      `SELECT pg_try_advisory_${scope}lock(${POSTGRES_KEY}) AS locked`,
      transaction,
    )
    if (tried?.['locked'] === true) return
    onWait()
    await ask(sequelize, `SELECT pg_advisory_${scope}lock(${POSTGRES_KEY})`, transaction)
  },
  async release(sequelize, transaction) {
    if (transaction === null) await ask(sequelize, `SELECT pg_advisory_unlock(${POSTGRES_KEY})`, null)
  },
}

const mysql: Locks = {
  async take(sequelize, transaction, onWait) {
    if (await tryFor(0)) return
    onWait()
    if (await tryFor(LONGEST_WAIT)) return
    throw new Error('Another process has been migrating this database for an hour')

    async function tryFor(seconds: number): Promise<boolean> {
      const tried = await ask(sequelize, `SELECT GET_LOCK(${MYSQL_NAME}, ${seconds}) AS locked`, transaction)
      return Number(tried?.['locked']) === 1
    }
  },
  async release(sequelize, transaction) {
    await ask(sequelize, `SELECT RELEASE_LOCK(${MYSQL_NAME})`, transaction)
  },
}

/** The first row of the answer, always from the primary. */
async function ask(
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

function hasOneConnection(sequelize: Sequelize): boolean {
  return hostOptions(sequelize).pool?.max === 1
}
