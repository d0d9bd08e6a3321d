import { Op, QueryTypes, type Transaction, type WhereOptions } from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../database/columns.js'
import { asText, columnLiteral, dialectOf } from '../database/dialect.js'
import type { Due } from './due.js'

export type Key = number | string

/** Where a batch ended, in the order of `since` and then of the key. */
export interface Cursor {
  /** As text from the database, which keeps microseconds that a `Date` would lose. */
  readonly since: string
  readonly key: Key
}

/** A row that is due. */
export interface DueRow extends Cursor {
  /** The attribute that `reads` names. */
  readonly read: unknown
}

/** A batch as {@link deleteInOneStatement} leaves it. */
export interface DeletedBatch {
  /** How many rows were due. */
  readonly size: number
  /** How many of them are deleted: a trigger or a policy can keep a row without an error. */
  readonly deleted: number
  readonly last: Cursor | undefined
}

/** Names of the tables within the statements. */
const [DUE, COMPANION, GUARD] = ['due_row', 'companion', 'guard'] as const

/** Milliseconds that one statement waits for a row that a request has locked. */
const ONE_STATEMENT_LOCK_WAIT = 50
/** Milliseconds that a statement of a batch's transaction waits for such a row. */
const BATCH_LOCK_WAIT = 500

/** Options of a read that must see every row: also soft-deleted ones, on the primary, without the application's hooks. */
export function readAll(transaction: Transaction | undefined) {
  return {
    paranoid: false,
    hooks: false,
    useMaster: true,
    raw: false,
    ...(transaction && { transaction }),
  }
}

/**
 * Reads the next rows that are due. In a transaction it locks them, and skips rows that another transaction has locked: a
 * clean-up, or a request that is converting this guest. SQLite locks the whole database file instead.
 */
export async function selectDueRows(
  due: Due,
  after: Cursor | undefined,
  limit: number,
  transaction?: Transaction,
): Promise<DueRow[]> {
  const sequelize = sequelizeOf(due.model)
  const { lockFreeRows } = dialectOf(sequelize)
  const tables = due.companion === undefined ? [DUE] : [DUE, COMPANION]
  const since = `${asText(sequelize, columnOf(due, due.since))} AS row_since`
  const rows: unknown[] = await sequelize.query(
    `${selectDue(due, after, since)}${orderOf(due, limit)}${transaction ? lockFreeRows(tables) : ''}`,
    {
      type: QueryTypes.SELECT,
      replacements: { ...after },
      useMaster: true,
      ...(transaction && { transaction }),
    },
  )
  return (rows as { row_key: Key; row_since: string; row_read: unknown }[]).map(
    ({ row_key, row_since, row_read }) => ({ key: row_key, since: row_since, read: row_read }),
  )
}

/**
 * Selects and deletes the next rows that are due in one statement: all of them, or none if it fails. A transaction of several
 * statements takes half as long again. PostgreSQL only. It does not lock the rows that are deleted by cascades beforehand, which would
 * take a fifth longer. If a request has locked one of them, the statement fails after {@link ONE_STATEMENT_LOCK_WAIT}.
 *
 * @param from the table to delete from, if it is not the table of the rows that are due
 * @param insert an INSERT that runs with it; it can read the rows from `due` and the deleted keys from `deleted`
 */
export async function deleteInOneStatement(
  due: Due,
  after: Cursor | undefined,
  limit: number,
  { from = due, insert }: { readonly from?: Pick<Due, 'model' | 'key'>; readonly insert?: string } = {},
): Promise<DeletedBatch> {
  const key = quotedField(from.model, from.key)
  const last = (expression: string) =>
    `(SELECT ${expression} FROM due ORDER BY row_at DESC, row_key DESC LIMIT 1)`
  const selected = selectDue({ ...due, companion: undefined }, after, `${columnOf(due, due.since)} AS row_at`)
  const text =
    `WITH due AS MATERIALIZED (${selected}` +
    ` AND (SELECT ${batchSettings(ONE_STATEMENT_LOCK_WAIT)}) IS NOT NULL` +
    `${orderOf(due, limit)} FOR UPDATE OF ${DUE} SKIP LOCKED),` +
    ` deleted AS (DELETE FROM ${quotedTable(from.model)} WHERE ${key} = ANY(ARRAY(SELECT row_key FROM due))` +
    ` RETURNING ${key} AS deleted_key)` +
    (insert === undefined ? '' : `, inserted AS (${insert})`) +
    ` SELECT COUNT(*)::int AS size, (SELECT COUNT(*)::int FROM deleted) AS deleted,` +
    ` ${last('row_at::text')} AS since, ${last('row_key')} AS last_key FROM due`
  const [row]: unknown[] = await sequelizeOf(due.model).query(text, {
    type: QueryTypes.SELECT,
    replacements: { ...after },
    useMaster: true,
  })
  const { size, deleted, since, last_key } = row as {
    size: number
    deleted: number
    since: string | null
    last_key: Key
  }
  return { size, deleted, last: since === null ? undefined : { since, key: last_key } }
}

/** The transaction of a batch. */
export async function inBatchTransaction<T>(
  { model }: Due,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const sequelize = sequelizeOf(model)
  const { batchTransaction, hasTransactionSettings } = dialectOf(sequelize)
  const run = async (sql: string, transaction: Transaction) => {
    if (hasTransactionSettings) await sequelize.query(sql, { transaction })
  }
  return await sequelize.transaction(batchTransaction, async (transaction) => {
    await run(`SELECT ${batchSettings(BATCH_LOCK_WAIT)}`, transaction)
    const result = await work(transaction)
    // Sequelize closes a connection whose COMMIT fails, so a deferred constraint must fail before.
    await run('SET CONSTRAINTS ALL IMMEDIATE', transaction)
    return result
  })
}

/**
 * Deletes rows by their keys; for good, also where rows are only marked as deleted.
 *
 * @param hooks whether the application's hooks run: those of bulk deletions only, or also those of each row
 * @returns the keys of the rows that are deleted: a hook, a trigger or a policy can keep a row without an error
 */
export async function deleteByKey(
  { model, key }: Pick<Due, 'model' | 'key'>,
  keys: readonly Key[],
  transaction: Transaction,
  hooks?: 'bulk' | 'individual',
): Promise<readonly Key[]> {
  const count: unknown = await model.unscoped().destroy({
    where: { [key]: [...keys] },
    force: true,
    hooks: hooks !== undefined,
    individualHooks: hooks === 'individual',
    transaction,
  })
  if (count === keys.length) return keys
  const left = await findKeys({ model, key }, keys, {}, transaction)
  return keys.filter((each) => !left.has(String(each)))
}

/** Which rows of these keys exist and meet a condition. Returns their keys as text. */
export async function findKeys(
  { model, key }: Pick<Due, 'model' | 'key'>,
  keys: readonly Key[],
  condition: WhereOptions,
  transaction: Transaction | undefined,
): Promise<Set<string>> {
  const rows: unknown[] = await model.unscoped().findAll({
    attributes: [key],
    where: { [Op.and]: [{ [key]: [...keys] }, condition] },
    ...readAll(transaction),
    raw: true,
  })
  return new Set((rows as Record<string, unknown>[]).map((row) => String(row[key])))
}

/**
 * PostgreSQL's settings for the transaction of one batch. The clean-up stops waiting for a lock before the server looks for deadlocks,
 * which it does after a second, and could end the request's transaction instead. A commit does not wait for the disk: if the
 * server fails just then, the next run deletes the rows again.
 */
function batchSettings(lockWait: number): string {
  const settings = { lock_timeout: `${String(lockWait)}ms`, synchronous_commit: 'off' }
  const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`)
  return `CONCAT(${calls.join(', ')})`
}

/** The rows that are due, behind the cursor; without an order or a limit. */
function selectDue(due: Due, after: Cursor | undefined, more: string): string {
  const [key, since] = [columnOf(due, due.key), columnOf(due, due.since)]
  const sequelize = sequelizeOf(due.model)
  const exactKey = dialectOf(sequelize).roundsWideKeys ? asText(sequelize, key) : key
  const read = due.reads === undefined ? 'NULL' : columnOf(due, due.reads)
  return (
    `SELECT ${exactKey} AS row_key, ${read} AS row_read, ${more} ${fromDue(due)}` +
    (after === undefined ? '' : ` AND ${since} >= :since AND (${since} > :since OR ${key} > :key)`)
  )
}

function orderOf(due: Due, limit: number): string {
  return ` ORDER BY ${columnOf(due, due.since)}, ${columnOf(due, due.key)} LIMIT ${String(limit)}`
}

function columnOf({ model }: Due, attribute: string): string {
  return `${DUE}.${quotedField(model, attribute)}`
}

function fromDue(due: Due): string {
  const { model, key, since, companion, until } = due
  // With a plain join, MySQL could read the other table first, and sort all of it for each batch.
  const join =
    companion === undefined
      ? ''
      : ` ${dialectOf(sequelizeOf(model)).orderedJoin} ${quotedTable(companion.model)} AS ${COMPANION}` +
        ` ON ${COMPANION}.${quotedField(companion.model, companion.key)} = ${columnOf(due, key)}`
  const isDue = `${columnOf(due, since)} <= ${columnLiteral(model, since, until)}`
  return `FROM ${quotedTable(model)} AS ${DUE}${join} WHERE ${isDue}${unlessGuarded(due)}`
}

function unlessGuarded(due: Due): string {
  if (due.unless === undefined) return ''
  const { model, foreignKey, later } = due.unless
  const refers = `${GUARD}.${quotedField(model, foreignKey)} = ${columnOf(due, due.key)}`
  const isLater =
    later === undefined
      ? ''
      : ` AND ${GUARD}.${quotedField(model, later.attribute)} > ${columnLiteral(model, later.attribute, later.than)}`
  return ` AND NOT EXISTS (SELECT 1 FROM ${quotedTable(model)} AS ${GUARD} WHERE ${refers}${isLater})`
}
