import { EphemeralError, TablesMissing } from '../errors.js'
import { driverCode, isLockTimeout } from '../database/driver-error.js'
import type { Failure } from './failure.js'

/** PostgreSQL, and MySQL and MariaDB; SQLite has only its message. */
const MISSING = ['42P01', '42703', 'ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR']
/** PostgreSQL's classes 28 (authorization) and 3D (no such database), and MySQL's codes for the same. */
const REFUSED = /^(28...|3D...|ER_ACCESS_DENIED.*|ER_DBACCESS_DENIED.*|ER_BAD_DB_ERROR)$/
/** Sequelize's connection errors. By name: the application may have another copy of Sequelize. */
const CONNECTION_ERROR = /^Sequelize(\w*Connection\w*Error|Host\w*|AccessDenied\w*)$/

/** An error of the database or of the application, as it is printed. */
export function explain(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'ERR_FAILED', message: String(error) }
  if (CONNECTION_ERROR.test(error.name)) {
    return REFUSED.test(parentOf(error)?.code ?? '')
      ? { code: 'ERR_DATABASE_REFUSED', message: `The database refused the connection: ${reason(error)}` }
      : { code: 'ERR_DATABASE_UNREACHABLE', message: `The database cannot be reached: ${reason(error)}` }
  }
  if (isLockTimeout(error) || reason(error).includes('SQLITE_BUSY')) {
    return {
      code: 'ERR_LOCK_TIMEOUT',
      message: `Another transaction held a lock for too long: ${reason(error)}`,
      help: 'What was done stays done. Run the command again.',
    }
  }
  if (isMissing(error)) {
    const { cause } = error
    return {
      code: TablesMissing.code,
      message: `A table or column of passport-ephemeral is missing: ${reason(cause instanceof Error ? cause : error)}`,
      help: 'Run the migrations: passport-ephemeral migrate. passport-ephemeral doctor lists what is missing.',
    }
  }
  return {
    code: error instanceof EphemeralError ? error.code : 'ERR_FAILED',
    message: error.message === '' ? reason(error) : error.message,
  }
}

function isMissing(error: Error): boolean {
  if (error instanceof TablesMissing) return true
  if (error.name !== 'SequelizeDatabaseError') return false
  return (
    MISSING.includes(driverCode(parentOf(error)) ?? '') ||
    /no such (table|column)|has no column named/.test(error.message)
  )
}

/** The driver's message. Where several addresses were tried in vain, the error has no message but a code. */
function reason(error: Error): string {
  const parent = parentOf(error)
  return (
    [error.message, parent?.message, parent?.code].find((text) => text !== undefined && text !== '') ??
    error.name
  )
}

/** The driver's error within Sequelize's. */
function parentOf(error: Error): (Error & { readonly code?: string }) | undefined {
  return (error as { parent?: Error & { code?: string } }).parent
}
