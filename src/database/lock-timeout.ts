import type { Sequelize, Transaction } from 'sequelize'
import { driverCode, speaksPostgres } from './prepared.js'

/** For how long a statement of a transaction of ours waits for a row that another one holds, on PostgreSQL. */
const LONGEST_WAIT_MS = 10_000

/** PostgreSQL waits for ever, unless it is told otherwise; MySQL and MariaDB for `innodb_lock_wait_timeout`, 50 seconds. */
export async function limitLockWait(sequelize: Sequelize, transaction: Transaction): Promise<void> {
  if (!speaksPostgres(sequelize)) return
  await sequelize.query(
    `SELECT set_config('lock_timeout', '${String(LONGEST_WAIT_MS)}', true) WHERE current_setting('lock_timeout') = '0'`,
    { transaction },
  )
}

/** Whether a statement has waited for a row for as long as it may. */
export function isLockTimeout(error: unknown): boolean {
  return ['55P03', 'ER_LOCK_WAIT_TIMEOUT'].includes(driverCode(error) ?? '')
}
