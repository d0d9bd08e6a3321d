import { ConnectionError, DatabaseError } from 'sequelize'
import { EphemeralError } from '../errors.js'
import { driverCode, isRetryable } from '../database/driver-error.js'

/**
 * Whether an error is about the rows that were to be deleted, so that others can still go: a foreign key, a lock that a request holds on
 * what hangs on them, a cascade that takes too long, a trigger, a hook of the application's. Of a database that is away, a table that is
 * missing or a deadlock, nothing is learned of the rows.
 */
export function isRowsOwnFault(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof EphemeralError || isRetryable(error)) return false
  if (!(error instanceof DatabaseError)) return true
  const code = driverCode(error)
  return code !== undefined && !OF_THE_DATABASE.test(code)
}

/**
 * SQLSTATEs of connections (08), features (0A), transactions (25), rights and names (28, 3D, 3F, 42), resources (53), operators (57P) and
 * the system (58, XX); MySQL's and SQLite's words for the like; and Node's for a socket that broke.
 */
const OF_THE_DATABASE =
  /^(08...|0A...|25...|28...|3D...|3F...|42...|53...|57P..|58...|XX...|ER_(NO_SUCH_TABLE|BAD_.*|PARSE_ERROR|.*ACCESS_DENIED.*|SERVER_SHUTDOWN|DISK_FULL|.*READ_ONLY.*)|PROTOCOL_.*|SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CORRUPT|CANTOPEN|NOTADB|ERROR).*|E[A-Z]+)$/
