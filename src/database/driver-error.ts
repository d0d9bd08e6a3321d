import { BaseError, DatabaseError, ForeignKeyConstraintError, UniqueConstraintError } from 'sequelize'
import { TablesMissing } from '../errors.js'

/** Deadlocks and serialization failures: PostgreSQL's, MySQL's, and SQLite's for a database file that another transaction writes to. */
const RETRYABLE = ['40P01', '40001', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD', 'SQLITE_BUSY']
const LOCK_TIMEOUTS = ['55P03', 'ER_LOCK_WAIT_TIMEOUT']
const MISSING_TABLES = ['42P01', 'ER_NO_SUCH_TABLE'] // SQLite has a message only
const UNIQUE_VIOLATION = '23505'

/** The driver's error code: an SQLSTATE if the server answered, `ECONNRESET` and the like if it did not. */
export function driverCode(error: unknown): string | undefined {
  const parent = error instanceof DatabaseError ? error.parent : error
  const code: unknown = (parent as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** Whether the database gave up on a transaction that may well succeed when it is run again. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.includes(driverCode(error) ?? '')
}

/** Whether a statement has waited for a lock for as long as it may. */
export function isLockTimeout(error: unknown): boolean {
  return LOCK_TIMEOUTS.includes(driverCode(error) ?? '')
}

/** Whether a row was refused because another one has its unique value, by the ORM's error or the driver's. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof UniqueConstraintError || driverCode(error) === UNIQUE_VIOLATION
}

/** PostgreSQL 18's SQLSTATE for `ON DELETE RESTRICT`, which Sequelize does not map. */
const RESTRICT_VIOLATION = '23001'

/** Whether a row was not deleted because another one refers to it. */
export function isForeignKeyViolation(error: unknown): error is Error {
  return error instanceof ForeignKeyConstraintError || driverCode(error) === RESTRICT_VIOLATION
}

/** PostgreSQL's SQLSTATE, and the numbers of MySQL and MariaDB; mysql2 has another name for MariaDB's. */
const CHECK_VIOLATIONS: readonly unknown[] = ['23514', 3819, 4025]

/** Whether a CHECK constraint has refused a row. Sequelize takes SQLite's error for that of a unique index. */
export function isCheckViolation(error: unknown): boolean {
  const { parent } = error instanceof BaseError ? (error as BaseError & { readonly parent?: unknown }) : {}
  const { code, errno, message } = (parent ?? {}) as Readonly<Record<string, unknown>>
  return (
    [code, errno].some((value) => CHECK_VIOLATIONS.includes(value)) ||
    String(message).includes('CHECK constraint failed')
  )
}

/** Turns the database's error about a missing table into one with the remedy; other errors stay as they are. */
export function explainMissingTable(error: unknown): Error {
  if (error instanceof DatabaseError && isMissingTable(error)) return new TablesMissing(error)
  return error instanceof Error
    ? error
    : new Error('A value that is not an error was thrown', { cause: error })
}

function isMissingTable(error: DatabaseError): boolean {
  return MISSING_TABLES.includes(driverCode(error) ?? '') || error.message.includes('no such table')
}
