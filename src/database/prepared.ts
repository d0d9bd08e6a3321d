import { createHash } from 'node:crypto'
import { DatabaseError, type Sequelize, type Transaction } from 'sequelize'
import { hostOptions } from './columns.js'
import { driverCode } from './driver-error.js'

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

/** How a statement meets the database: always the primary, and inside the caller's transaction if there is one. */
export interface QueryOptions {
  readonly transaction?: Transaction | null | undefined
}

const names = new Map<string, string>()

/** More texts than all models of an application can have: what comes after is a text that changes with its values. */
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
 * Runs a prepared statement on one of Sequelize's own connections: its pool, its type parsers, its transactions and
 * its log stay the application's, only its query layer is passed by.
 *
 * Reads go to the primary as well as writes. Whether a principal is still admitted is a security decision, and a
 * replica that lags would bring back whoever was just deactivated, and lose whoever was just created.
 *
 * @throws {DatabaseError} Sequelize's, with the driver's error as `parent`
 */
export async function runPrepared(
  sequelize: Sequelize,
  prepared: Statement,
  values: readonly unknown[],
  { transaction }: QueryOptions = {},
): Promise<Row[]> {
  const { text } = prepared
  log(sequelize, text)
  const held = (transaction as { connection?: Connection } | null | undefined)?.connection
  if (held !== undefined) return await run(held, queryOf(prepared, values))

  const { connectionManager } = sequelize
  const connection = await connectionManager.getConnection({ type: 'write', useMaster: true })
  let spoilt = false
  try {
    return await run(connection as Connection, queryOf(prepared, values)).catch((error: unknown) => {
      if (!isStalePlan(error)) throw error
      spoilt = true // it would refuse the name every time
      return run(connection as Connection, { text, values })
    })
  } catch (error) {
    spoilt ||= isBrokenConnection(error)
    throw error
  } finally {
    if (spoilt) await connectionManager.destroyConnection(connection)
    else connectionManager.releaseConnection(connection)
  }
}

/** What the driver takes: no name rather than an undefined one. */
function queryOf({ name, text }: Statement, values: readonly unknown[]) {
  return name === undefined ? { text, values } : { name, text, values }
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

/**
 * A plan that this connection cannot use: the table's columns changed under it (0A000), or what stands between us and
 * the server gave the session to somebody else (26000, 42P05). The statement itself is sound, so it runs unnamed.
 */
function isStalePlan(error: unknown): boolean {
  return ['0A000', '26000', '42P05'].includes(driverCode(error) ?? '')
}

/** Without an SQLSTATE the server did not answer; classes 08 and 57P say that the connection is ending. */
function isBrokenConnection(error: unknown): boolean {
  const code = driverCode(error)
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P)/.test(code)
}

/** The application's `logging` hears of these statements as it does of Sequelize's own; never of their values. */
function log(sequelize: Sequelize, text: string): void {
  const { logging } = hostOptions(sequelize)
  if (typeof logging === 'function') logging(`Executing (default): ${text}`)
  // eslint-disable-next-line no-console -- `logging: true` is Sequelize's word for it
  else if (logging === true) console.log(`Executing (default): ${text}`)
}
