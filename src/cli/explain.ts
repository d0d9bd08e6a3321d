import { DatabaseError } from 'sequelize'
import { TablesMissing } from '../errors.js'
import { isConnectionError, isRefusal } from './connection-error.js'
import { printable, printableLines } from './text/printable.js'
import { driverCode, isLockTimeout } from '../database/driver-error.js'

/** PostgreSQL, and MySQL and MariaDB; SQLite says it by its message alone. */
const MISSING = ['42P01', '42703', 'ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR']

/** What went wrong, in one sentence for people; with `DEBUG`, the stack after it. */
export function explain(error: unknown, { isDebugging }: { isDebugging: boolean }): string {
  if (!(error instanceof Error)) return printable(String(error))
  const said = printable(sentence(error))
  return isDebugging ? `${said}\n${printableLines(stacks(error))}` : said
}

function sentence(error: Error): string {
  if (isConnectionError(error)) {
    return isRefusal(error)
      ? `The database refused the connection: ${reason(error)}`
      : `The database cannot be reached: ${reason(error)}`
  }
  if (isLockTimeout(error) || reason(error).includes('SQLITE_BUSY')) {
    return `Others held a lock for too long; what was done stays done, and another run will do: ${reason(error)}`
  }
  if (saysMissing(error)) {
    return (
      'Run the migrations of passport-ephemeral (passport-ephemeral migrate; passport-ephemeral doctor says what is ' +
      `missing): ${reason(error instanceof TablesMissing && error.cause instanceof Error ? error.cause : error)}`
    )
  }
  return error.message === '' ? reason(error) : error.message
}

function saysMissing(error: Error): boolean {
  if (error instanceof TablesMissing) return true
  // By name: an application may have another copy of Sequelize.
  if (!(error instanceof DatabaseError) && error.name !== 'SequelizeDatabaseError') return false
  const { parent } = error as { parent?: unknown }
  return (
    MISSING.includes(driverCode(parent) ?? '') ||
    /no such (table|column)|has no column named/.test(error.message)
  )
}

/** What the driver says; of several addresses that were tried it says nothing but a code. */
function reason(error: Error): string {
  const { parent } = error as { parent?: Error & { code?: string } }
  return (
    [error.message, parent?.message, parent?.code].find((text) => text !== undefined && text !== '') ??
    error.name
  )
}

/** Where it came from, and where its causes did. */
function stacks(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\nCaused by: ${stacks(error.cause)}` : own
}
