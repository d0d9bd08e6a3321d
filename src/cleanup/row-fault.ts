import { ConnectionError, DatabaseError, ForeignKeyConstraintError } from 'sequelize'
import { isDeadlock } from '../database/deadlock.js'
import { driverCode } from '../database/prepared.js'

/**
 * Whether an error is about the rows that were to be deleted, so that others can still go: a foreign key, a lock that a request holds on
 * what hangs on them, a trigger, a hook of the application's. Of a database that is away, a table that is missing or a deadlock, nothing is
 * learned of the rows.
 */
export function isRowsOwnFault(error: unknown): boolean {
  if (error instanceof ForeignKeyConstraintError) return true
  if (error instanceof ConnectionError || isDeadlock(error)) return false
  if (error instanceof DatabaseError) return OF_ROWS.test(driverCode(error) ?? '')
  return true
}

/**
 * SQLSTATE class 23 (constraints), 44 (a view's check), 55P03 (a lock was waited for too long), P0001 (a trigger's exception); MySQL's
 * words for the same.
 */
const OF_ROWS =
  /^(23...|44...|55P03|P0001|ER_ROW_IS_REFERENCED.*|ER_LOCK_WAIT_TIMEOUT|ER_SIGNAL_EXCEPTION|SQLITE_CONSTRAINT.*)$/
