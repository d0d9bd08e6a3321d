import { BaseError, DatabaseError, ForeignKeyConstraintError, UniqueConstraintError } from 'sequelize'
import { TablesMissing } from '../errors.js'

/** Deadlocks and serialization failures: PostgreSQL's, MySQL's, and SQLite's for a database file that another transaction writes to. */
const RETRYABLE = ['40P01', '40001', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD', 'SQLITE_BUSY']
const LOCK_TIMEOUTS = ['55P03', 'ER_LOCK_WAIT_TIMEOUT']
const MISSING_TABLES = ['42P01', 'ER_NO_SUCH_TABLE'] // SQLite has a message only
const MISSING_COLUMNS = ['42703', 'ER_BAD_FIELD_ERROR']
const UNIQUE_VIOLATION = '23505'

/** The driver's error code: an SQLSTATE if the server answered, `ECONNRESET` and the like if it did not. */
export function driverCode(error: unknown): string | undefined {
  const { code } = driverError(error)
  return typeof code === 'string' ? code : undefined
}

/** The driver's error within Sequelize's, or an error as it is. The application may have another copy of Sequelize. */
function driverError(error: unknown): Readonly<Record<'code' | 'errno' | 'sqlState' | 'message', unknown>> {
  const parent: unknown = (error as { parent?: unknown } | null | undefined)?.parent
  return (parent ?? error ?? {}) as ReturnType<typeof driverError>
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
  if (!(error instanceof BaseError)) return false
  const { code, errno, message } = driverError(error)
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

function isMissingTable(error: Error): boolean {
  return MISSING_TABLES.includes(driverCode(error) ?? '') || error.message.includes('no such table')
}

/** Whether a statement names a table or a column that the database does not have. */
export function isMissingTableOrColumn(error: Error): boolean {
  const hasCode = MISSING_COLUMNS.includes(driverCode(error) ?? '')
  return hasCode || isMissingTable(error) || /no such column|has no column named/.test(error.message)
}

/** PostgreSQL's classes 28 (authorization) and 3D (no such database), and MySQL's codes for the same. */
const ACCESS_DENIED = /^(28...|3D...|ER_ACCESS_DENIED.*|ER_DBACCESS_DENIED.*|ER_BAD_DB_ERROR)$/

/** Whether the server was reached, and does not let this user in, or has no such database. */
export function isAccessDenied(error: unknown): boolean {
  return ACCESS_DENIED.test(driverCode(error) ?? '')
}

/**
 * SQLSTATE classes of connections (08), features (0A), transactions (25), rights and names (28, 3D, 3F, 42), resources (53), operator
 * intervention (57P) and the system (58, XX); the like of MySQL and SQLite; and Node's codes of a broken socket.
 */
const SERVER_ERRORS =
  /^(08...|0A...|25...|28...|3D...|3F...|42...|53...|57P..|58...|XX...|ER_(NO_SUCH_TABLE|BAD_.*|PARSE_ERROR|.*ACCESS_DENIED.*|SERVER_SHUTDOWN|DISK_FULL|.*READ_ONLY.*)|PROTOCOL_.*|SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CORRUPT|CANTOPEN|NOTADB|ERROR).*|E[A-Z]+)$/

/** Whether a statement failed for a reason that does not depend on its rows: the connection, the server, a missing table. */
export function isServerError(error: unknown): boolean {
  return SERVER_ERRORS.test(driverCode(error) ?? '')
}

/** Codes of SQLite, and of a statement too long for MySQL to read, where the SQLSTATE does not tell. */
const DATA_ERRORS: readonly unknown[] = [
  'SQLITE_CONSTRAINT',
  'SQLITE_MISMATCH',
  'SQLITE_TOOBIG',
  'ER_NET_PACKET_TOO_LARGE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
]

/** Whether a row breaks a constraint or does not fit its column: SQLSTATE 22 (data exception), 23 (constraint). */
export function isDataError(error: unknown): boolean {
  const { code, sqlState } = driverError(error)
  // MySQL's drivers have both; in PostgreSQL's the code is the state.
  return DATA_ERRORS.includes(code) || /^2[23][0-9A-Z]{3}$/.test(String(sqlState ?? code))
}
