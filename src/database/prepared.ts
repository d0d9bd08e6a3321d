import { createHash } from 'node:crypto'
import { DatabaseError, type Sequelize, type Transaction } from 'sequelize'
import { hostOptions } from './columns.js'
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

/** The caller's transaction, if there is one. */
export interface QueryOptions {
  readonly transaction?: Transaction | null | undefined
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
 * Runs a prepared statement on one of Sequelize's own connections. The pool, the type parsers, the transactions and the log stay the
 * application's; only Sequelize's query layer is passed by.
 *
 * Reads go to the primary as well as writes. Whether a principal is still admitted is a security decision: a replica that lags would
 * still admit a principal that was just deactivated, and would not find one that was just created.
 *
 * Inside a transaction a statement has no name. An error about the name would abort the transaction, so that it could not run again
 * without one.
 *
 * @throws {DatabaseError} Sequelize's, with the driver's error as `parent`
 */
export async function runPrepared(
  sequelize: Sequelize,
  { text, name }: Statement,
  values: readonly unknown[],
  { transaction }: QueryOptions = {},
): Promise<Row[]> {
  log(sequelize, text)
  const held = (transaction as { connection?: Connection } | null | undefined)?.connection
  if (held !== undefined) return await run(held, { text, values })

  const { connectionManager } = sequelize
  const connection = await connectionManager.getConnection({ type: 'write', useMaster: true })
  const isNamed = name !== undefined && !instancesWithoutNames.has(sequelize)
  let spoilt = false
  try {
    return await run(connection as Connection, isNamed ? { name, text, values } : { text, values }).catch(
      (error: unknown) => {
        if (!isNamed || !isStalePlan(error)) throw error
        spoilt = true // this connection would refuse the name every time
        if (isLostSession(error)) stopNaming(sequelize)
        return run(connection as Connection, { text, values })
      },
    )
  } catch (error) {
    spoilt ||= isBrokenConnection(error)
    throw error
  } finally {
    if (spoilt) await connectionManager.destroyConnection(connection)
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
      'mode. They are no longer used. Set preparedStatements: false in defineGuestModel and defineVisitorModels.',
  )
}

async function run(
  connection: Connection,
  query: { name?: string; text: string; values: readonly unknown[] },
): Promise<Row[]> {
  try {
    return (await connection.query(query)).rows
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new DatabaseError(Object.assign(error, { sql: query.text }))
  }
}

/** Whether this connection cannot use the plan. The statement is correct, so it can run without a name. */
function isStalePlan(error: unknown): boolean {
  return isLostSession(error) || driverCode(error) === '0A000' // the table's columns changed
}

/** Whether the session of the server is not the one that this connection prepared the statement in. */
function isLostSession(error: unknown): boolean {
  return ['26000', '42P05'].includes(driverCode(error) ?? '')
}

/** Without an SQLSTATE the server did not answer; classes 08 and 57P mean that the connection is ending. */
function isBrokenConnection(error: unknown): boolean {
  const code = driverCode(error)
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P)/.test(code)
}

/** Passes statements to the application's `logging`, as Sequelize does; never their values. */
function log(sequelize: Sequelize, text: string): void {
  const { logging } = hostOptions(sequelize)
  if (typeof logging === 'function') logging(`Executing (default): ${text}`)
  // eslint-disable-next-line no-console -- Sequelize logs to the console too
  else if (logging === true) console.log(`Executing (default): ${text}`)
}
