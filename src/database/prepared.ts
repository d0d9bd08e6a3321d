import { createHash } from 'node:crypto'
import { DatabaseError, type Sequelize } from 'sequelize'
import { hostOptions } from './columns.js'
import { dialectOf } from './dialect.js'
import { driverCode } from './driver-error.js'
import { warn } from '../warning.js'

/** A statement for PostgreSQL, and the name under which a connection keeps its plan; without one it keeps none. */
export interface Statement {
  readonly text: string
  readonly name?: string
}

/** A row, by the names that the statement gave its columns. */
export type Row = Record<string, unknown>

/** What node-postgres offers on a connection that Sequelize made. */
interface Connection {
  query: (query: { name?: string; text: string; values: readonly unknown[] }) => Promise<{ rows: Row[] }>
}

/**
 * Options of an update whose text changes with its values, because its condition compares with a time or a list: Sequelize binds
 * values that must be equal, and writes all others into the text. On MySQL and MariaDB each text would be prepared and kept until
 * the server has `max_prepared_stmt_count` of them (16,382), and every update fails. So all values go into the text.
 */
export function withoutPreparing(sequelize: Sequelize): { readonly bindParam?: false } {
  return dialectOf(sequelize).keepsEachText ? { bindParam: false } : {}
}

const names = new Map<string, string>()

/** More texts than the models of an application can have. Texts beyond that change with their values, and get no name. */
const MAX_NAMES = 500

/** Names a statement by its text, so that every connection plans it once. */
export function statement(text: string): Statement {
  let name = names.get(text)
  if (name === undefined) {
    if (names.size >= MAX_NAMES) return { text }
    name = `passport_ephemeral_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
    names.set(text, name)
  }
  return { text, name }
}

/**
 * Runs a prepared statement on one of Sequelize's own connections, never in a transaction. The pool, the type parsers and the log stay
 * the application's; only Sequelize's query layer is passed by.
 *
 * Reads go to the primary as well as writes. Whether a principal is still admitted is a security decision: a replica that lags would
 * still admit a principal that was just deactivated, and would not find one that was just created.
 *
 * @throws {DatabaseError} Sequelize's, with the driver's error as `parent`
 */
export async function runPrepared(
  sequelize: Sequelize,
  { text, name }: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  const { connectionManager } = sequelize
  const connection = await connectionManager.getConnection({ type: 'write', useMaster: true })
  const run = (query: Statement) => (connection as Connection).query({ ...query, values })
  const isNamed = name !== undefined && !instancesWithoutNames.has(sequelize)
  const logEnd = logStart(sequelize, text)
  let isSpoilt = false
  try {
    const { rows } = await run(isNamed ? { name, text } : { text }).catch((error: unknown) => {
      if (!isNamed || !isStalePlan(error)) throw error
      isSpoilt = true // this connection would refuse the name every time
      if (isLostSession(error)) stopNaming(sequelize)
      return run({ text })
    })
    return rows
  } catch (error) {
    isSpoilt ||= isBrokenConnection(error)
    throw error instanceof Error ? new DatabaseError(Object.assign(error, { sql: text })) : error
  } finally {
    logEnd()
    if (isSpoilt) await connectionManager.destroyConnection(connection)
    else connectionManager.releaseConnection(connection)
  }
}

/** Instances whose connections do not keep a session of the server. */
const instancesWithoutNames = new WeakSet<Sequelize>()
let hasWarned = false

/** Each statement that failed by its name is an error in the server's log. The next ones are sent without a name. */
function stopNaming(sequelize: Sequelize): void {
  instancesWithoutNames.add(sequelize)
  if (hasWarned) return
  hasWarned = true
  warn(
    'PREPARED_STATEMENTS_FAIL',
    'The database does not keep prepared statements between two statements of a connection, as behind PgBouncer in transaction ' +
      'mode. They are no longer used.',
    'Set preparedStatements: false in defineGuestModel and defineVisitorModels.',
  )
}

/** Whether this connection cannot use the plan. The statement is correct, so it can run without a name. */
function isStalePlan(error: unknown): boolean {
  return isLostSession(error) || driverCode(error) === '0A000' // the table's columns changed
}

/** Whether the session of the server is not the one that this connection prepared the statement in. */
function isLostSession(error: unknown): boolean {
  return ['26000', '42P05'].includes(driverCode(error) ?? '')
}

/**
 * Without an SQLSTATE the server did not answer; classes 08 and 57P mean that the connection is ending. 25006: the server is read-only,
 * as a primary is after a failover that has kept its connections; a new connection may lead to the new primary.
 */
function isBrokenConnection(error: unknown): boolean {
  const code = driverCode(error)
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P|25006$)/.test(code)
}

/** Passes statements to the application's `logging`, as Sequelize does; never their values. Returns what to call after it. */
function logStart(sequelize: Sequelize, text: string): () => void {
  const { log } = sequelize as Sequelize & Logger
  if (hostOptions(sequelize).benchmark !== true) {
    log.call(sequelize, `Executing (default): ${text}`)
    return () => undefined
  }
  const startedAt = performance.now()
  return () => {
    log.call(sequelize, `Executed (default): ${text}`, Math.round(performance.now() - startedAt))
  }
}

/** Sequelize's types leave it out. */
interface Logger {
  log: (message: string, milliseconds?: number) => void
}
