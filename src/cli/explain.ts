import { EphemeralError, TablesMissing } from '../errors.js'
import { isAccessDenied, isLockTimeout, isMissingTableOrColumn } from '../database/driver-error.js'
import type { Failure } from './failure.js'

/** Sequelize's connection errors. By name: the application may have another copy of Sequelize. */
const CONNECTION_ERROR = /^Sequelize(\w*Connection\w*Error|Host\w*|AccessDenied\w*)$/

/** An error of the database or of the application, as it is printed. */
export function explain(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'ERR_FAILED', message: String(error) }
  if (CONNECTION_ERROR.test(error.name)) {
    return isAccessDenied(parentOf(error))
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
  if (error instanceof TablesMissing || isMissingTableOrColumn(error)) {
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
