import { QueryTypes, type Sequelize, type Transaction } from 'sequelize'
import { hostOptions } from '../../database/columns.js'
import { dialectOf, type Dialect } from '../../database/dialect.js'
import { CommandError, ExitCode } from '../failure.js'

/** A lock of the whole database, which belongs to its connection: a process that dies releases it. */
interface Lock {
  /** Waits, without the limits that the host sets for its statements. */
  readonly take: readonly string[]
  readonly release: string
  /** Which process of the server answers, as `pid`; a driver's connection has it as `processID`. */
  readonly readProcess?: string
}

/** Any number that no other lock in the same database uses; 64 bits. */
const POSTGRES_KEY = '7521470284317756'
/** MySQL's and MariaDB's locks are of the whole server: the database is part of the name. */
const MYSQL_NAME = "CONCAT('passport_ephemeral_', MD5(DATABASE()))"
/** A year: the longest wait that both take. */
const LONGEST_WAIT_S = 31_536_000
/** Only a process that migrates holds the lock for so long. */
const NOTICE_MS = 1000

/** SQLite has no such lock. */
const LOCKS: Readonly<Record<Dialect['kind'], Lock | undefined>> = {
  postgres: {
    take: [
      'SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0',
      `SELECT pg_advisory_lock(${POSTGRES_KEY})`,
    ],
    release: `SELECT pg_advisory_unlock(${POSTGRES_KEY})`,
    readProcess: 'SELECT pg_backend_pid() AS pid',
  },
  mysql: {
    take: [`SELECT GET_LOCK(${MYSQL_NAME}, ${String(LONGEST_WAIT_S)})`],
    release: `SELECT RELEASE_LOCK(${MYSQL_NAME})`,
  },
  sqlite: undefined,
}

/**
 * Runs `work` while no other process runs its own under the lock of this database; on SQLite without a lock.
 *
 * The lock takes a connection of its own, within a transaction, which poolers leave in one session of the server; where the pool has
 * only one, it shares that.
 *
 * @param onWait called once if the lock is not free for a second
 * @throws {CommandError} if a pooler could give the statements of the only connection to several sessions
 */
export async function withLock<T>(
  sequelize: Sequelize,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const lock = LOCKS[dialectOf(sequelize).kind]
  if (lock === undefined) return await work()
  if (hostOptions(sequelize).pool?.max === 1) {
    await refusePooler(sequelize, lock)
    return await underLock(lock, null)
  }
  return await sequelize.transaction((transaction) => underLock(lock, transaction))

  async function underLock({ take, release }: Lock, transaction: Transaction | null): Promise<T> {
    const notice = setTimeout(onWait, NOTICE_MS)
    try {
      for (const sql of take) await sequelize.query(sql, { transaction })
    } finally {
      clearTimeout(notice)
    }
    return await work().finally(() => sequelize.query(release, { transaction }))
  }
}

/**
 * Outside a transaction, a pooler in transaction mode gives each statement any session of the server: the lock would be released in
 * another one than it was taken in, and stay. A pooler answers a new connection itself, with a number that is not the server's process.
 */
async function refusePooler(sequelize: Sequelize, { readProcess }: Lock): Promise<void> {
  if (readProcess === undefined) return
  const { connectionManager } = sequelize
  const connection = await connectionManager.getConnection({ type: 'write', useMaster: true })
  connectionManager.releaseConnection(connection)
  const { processID } = connection as { readonly processID?: number | null }
  const [row] = await sequelize.query<{ pid: number }>(readProcess, {
    type: QueryTypes.SELECT,
    useMaster: true,
  })
  if (typeof processID !== 'number' || processID === Number(row?.pid)) return
  throw new CommandError(
    'ERR_POOLER',
    'migrate cannot hold its lock: the database is behind a pooler, and pool.max is 1',
    {
      exitCode: ExitCode.USAGE,
      help: 'Set pool.max to 2 or more, or connect migrate to the database itself, without the pooler.',
    },
  )
}
