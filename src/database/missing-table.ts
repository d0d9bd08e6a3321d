import { DatabaseError } from 'sequelize'
import { TablesMissing } from '../errors.js'
import { driverCode } from './prepared.js'

/** Turns a database's way of saying that a table is missing into what to do about it; other errors stay as they are. */
export function explainMissingTable(error: unknown): Error {
  if (error instanceof DatabaseError && saysMissingTable(error)) return new TablesMissing(error)
  return error instanceof Error
    ? error
    : new Error('Something that is not an error was thrown', { cause: error })
}

/** PostgreSQL 42P01, MySQL and MariaDB ER_NO_SUCH_TABLE, SQLite by its message alone. */
function saysMissingTable(error: DatabaseError): boolean {
  return (
    ['42P01', 'ER_NO_SUCH_TABLE'].includes(driverCode(error) ?? '') || error.message.includes('no such table')
  )
}
