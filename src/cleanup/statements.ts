import {
  QueryTypes,
  Transaction,
  type Model,
  type ModelStatic,
  type Sequelize,
  type TransactionOptions,
} from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../database/columns.js'
import { speaksPostgres } from '../database/prepared.js'

/** Which rows of one table are due: those whose `since` is past, and of which nothing else says that they stay. */
export interface Due {
  readonly model: ModelStatic<Model>
  /** The attribute of the primary key. */
  readonly key: string
  /** The attribute, with an index, by which rows become due; and the order in which they go. */
  readonly since: string
  /** Rows up to then are due; a day, where `since` is one. */
  readonly until: Date | string
  /** A further attribute to read. */
  readonly reads?: string
  /** A table whose rows go with these, and are locked with them. */
  readonly with?: { readonly model: ModelStatic<Model>; readonly key: string } | undefined
  /** Rows of another table that keep a row from being due. */
  readonly unless?: {
    readonly model: ModelStatic<Model>
    /** Its attribute that refers to `key`. */
    readonly foreignKey: string
    /** They count if this attribute of theirs is later; without it all do. */
    readonly later?: { readonly attribute: string; readonly than: Date }
  }
}

/** Where in the order of `since` a batch ended. */
export interface Position {
  /** The database's own spelling, as JavaScript's dates end at milliseconds. */
  readonly since: string
  readonly key: number | string
}

/** A row that is due. */
export interface DueRow extends Position {
  /** What `reads` names. */
  readonly read: unknown
}

/** Names of tables within the statements. */
const [DUE, COMPANION, GUARD] = ['due_row', 'companion', 'guard'] as const

interface TakeOptions {
  readonly after: Position | undefined
  readonly limit: number
  readonly offset?: number
  readonly transaction?: Transaction
}

/**
 * The next rows that are due. In a transaction they are locked, and those that somebody else has locked are passed over: another
 * clean-up, or a request that is just now converting this guest. SQLite, which has one writer, locks nothing but everything.
 */
export async function takeDue(
  due: Due,
  { after, limit, offset = 0, transaction }: TakeOptions,
): Promise<DueRow[]> {
  const sequelize = sequelizeOf(due.model)
  const rows: unknown[] = await sequelize.query(
    selectDue(due, after, [`${asText(sequelize, columnOf(due, due.since))} AS row_since`]) +
      orderOf(due, limit) +
      (offset === 0 ? '' : ` OFFSET ${String(offset)}`) +
      (transaction === undefined ? '' : lockClause(due)),
    {
      type: QueryTypes.SELECT,
      replacements: { ...replacementsOf(due), ...after },
      useMaster: true,
      ...(transaction !== undefined && { transaction }),
    },
  )
  return (rows as { row_key: number | string; row_since: string; row_read: unknown }[]).map(
    ({ row_key, row_since, row_read }) => ({ key: row_key, since: row_since, read: row_read }),
  )
}

/**
 * Where so many rows end, or, if there are fewer, some of them: the youngest rows are not jumped over. `undefined` if there are none.
 */
export async function skipDue(
  due: Due,
  after: Position | undefined,
  rows: number,
): Promise<Position | undefined> {
  for (let left = rows; left >= 1; left = Math.floor(left / 2)) {
    const [row] = await takeDue(due, { after, limit: 1, offset: left - 1 })
    if (row !== undefined) return row
  }
  return undefined
}

/** What went at once. */
export interface Gone {
  /** How many rows were due. */
  readonly size: number
  /** How many of them are gone: triggers and policies can let a row stay without an error. */
  readonly deleted: number
  readonly last: Position | undefined
}

/**
 * Takes the next rows that are due and deletes them, in one statement and so all or none: a transaction of several costs half as much
 * again. PostgreSQL only. What goes with the rows is not locked beforehand, which would cost a fifth; if a request holds any of it, the
 * statement soon fails, and the batch is taken apart by {@link takeDue}.
 *
 * @param note a further part of the statement, which finds the rows that go in `due`, and the keys of those that went in `gone`
 */
export async function deleteDue(
  due: Due,
  {
    after,
    limit,
    from = { model: due.model, key: due.key },
    note,
  }: {
    readonly after: Position | undefined
    readonly limit: number
    /** The table to delete from, if it is another than that of the rows. */
    readonly from?: Pick<Due, 'model' | 'key'> | undefined
    readonly note?: string | undefined
  },
): Promise<Gone> {
  const sequelize = sequelizeOf(due.model)
  const last = (column: string, name: string) =>
    `(SELECT ${column} FROM due ORDER BY row_at DESC, row_key DESC LIMIT 1) AS ${name}`
  const text =
    `WITH due AS MATERIALIZED (${selectDue({ ...due, with: undefined }, after)} AND ${forThisBatch(ONE_STATEMENT_WAITS)}${orderOf(due, limit)} FOR UPDATE OF ${DUE} SKIP LOCKED),` +
    ` gone AS (DELETE FROM ${quotedTable(from.model)}` +
    ` WHERE ${quotedField(from.model, from.key)} = ANY(ARRAY(SELECT row_key FROM due))` +
    ` RETURNING ${quotedField(from.model, from.key)} AS gone_key)` +
    (note === undefined ? '' : `, noted AS (${note})`) +
    ` SELECT COUNT(*)::int AS size, (SELECT COUNT(*)::int FROM gone) AS deleted, ${last('row_at::text', 'last_since')}, ${last('row_key', 'last_key')} FROM due`
  const [row]: unknown[] = await sequelize.query(text, {
    type: QueryTypes.SELECT,
    replacements: { ...replacementsOf(due), ...after },
    useMaster: true,
  })
  const { size, deleted, last_since: since, last_key: key } = row as LastRow
  return { size, deleted, last: since === null || key === null ? undefined : { since, key } }
}

interface LastRow {
  readonly size: number
  readonly deleted: number
  readonly last_since: string | null
  readonly last_key: number | string | null
}

/** How many rows are due. */
export async function countDueRows(due: Due): Promise<number> {
  const [row]: unknown[] = await sequelizeOf(due.model).query(`SELECT COUNT(*) AS due_rows ${fromDue(due)}`, {
    type: QueryTypes.SELECT,
    replacements: replacementsOf(due),
    useMaster: true,
  })
  return Number((row as { due_rows: number | string }).due_rows)
}

/** Milliseconds that one statement waits for a row that a request holds, before its batch is taken apart. */
const ONE_STATEMENT_WAITS = 50
/** Milliseconds that a batch waits for it which locks its rows one by one. */
const STEPS_WAIT = 500

/**
 * A condition that is true, and sets for this one transaction on PostgreSQL what becomes of a request that holds a row which would go along by
 * a cascade: it is the clean-up that gives up, before the database begins to look for deadlocks, which it does after a second, and might
 * end the request's transaction. And a batch need not reach the disk before the next begins: if the machine fails just then, the next
 * run deletes it again.
 */
function forThisBatch(waits: number): string {
  const settings = { lock_timeout: `${String(waits)}ms`, synchronous_commit: 'off' }
  const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`)
  return `(SELECT CONCAT(${calls.join(', ')})) IS NOT NULL`
}

/** The transaction of a batch. Without gap locks on MySQL, which would make new guests wait. */
export async function inBatch<T>(
  sequelize: Sequelize,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const isSqlite = sequelize.getDialect() === 'sqlite'
  const options: TransactionOptions = isSqlite
    ? { type: Transaction.TYPES.IMMEDIATE }
    : { isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED }
  return await sequelize.transaction(options, async (transaction) => {
    if (speaksPostgres(sequelize))
      await sequelize.query(`SELECT ${forThisBatch(STEPS_WAIT)}`, { transaction })
    return await work(transaction)
  })
}

function selectDue(due: Due, after: Position | undefined, more: readonly string[] = []): string {
  const [key, since] = [columnOf(due, due.key), columnOf(due, due.since)]
  const selected = [
    `${exactly(due, key)} AS row_key`,
    `${since} AS row_at`,
    `${due.reads === undefined ? 'NULL' : columnOf(due, due.reads)} AS row_read`,
    ...more,
  ]
  return (
    `SELECT ${selected.join(', ')} ${fromDue(due)}` +
    (after === undefined ? '' : ` AND ${since} >= :since AND (${since} > :since OR ${key} > :key)`)
  )
}

/** SQLite's driver rounds numbers past 2^53. */
function exactly({ model }: Due, key: string): string {
  return sequelizeOf(model).getDialect() === 'sqlite' ? `CAST(${key} AS TEXT)` : key
}

function orderOf(due: Due, limit: number): string {
  return ` ORDER BY ${columnOf(due, due.since)}, ${columnOf(due, due.key)} LIMIT ${String(limit)}`
}

function columnOf({ model }: Due, attribute: string): string {
  return `${DUE}.${quotedField(model, attribute)}`
}

function fromDue(due: Due): string {
  const { model, key, since, with: companion, unless } = due
  const join =
    companion === undefined
      ? ''
      : ` ${joinInOrder(sequelizeOf(model))} ${quotedTable(companion.model)} AS ${COMPANION}` +
        ` ON ${COMPANION}.${quotedField(companion.model, companion.key)} = ${columnOf(due, key)}`
  return (
    `FROM ${quotedTable(model)} AS ${DUE}${join} WHERE ${columnOf(due, since)} <= :until` +
    (unless === undefined ? '' : ` AND NOT EXISTS (${keepers(unless, columnOf(due, key))})`)
  )
}

function keepers({ model, foreignKey, later }: NonNullable<Due['unless']>, key: string): string {
  const condition =
    later === undefined ? '' : ` AND ${GUARD}.${quotedField(model, later.attribute)} > :unlessLaterThan`
  return `SELECT 1 FROM ${quotedTable(model)} AS ${GUARD} WHERE ${GUARD}.${quotedField(model, foreignKey)} = ${key}${condition}`
}

function replacementsOf({ until, unless }: Due): Record<string, Date | string> {
  return { until, ...(unless?.later !== undefined && { unlessLaterThan: unless.later.than }) }
}

/** MySQL could begin with the other table, and sort all of it for each batch. */
function joinInOrder(sequelize: Sequelize): string {
  return sequelize.getDialect() === 'mysql' ? 'STRAIGHT_JOIN' : 'INNER JOIN'
}

function lockClause({ model, with: companion }: Due): string {
  switch (sequelizeOf(model).getDialect()) {
    case 'sqlite':
      return ''
    case 'postgres':
      return ` FOR UPDATE OF ${companion === undefined ? DUE : `${DUE}, ${COMPANION}`} SKIP LOCKED`
    default:
      return ' FOR UPDATE SKIP LOCKED'
  }
}

function asText(sequelize: Sequelize, expression: string): string {
  return sequelize.getDialect() === 'mysql' ? `CAST(${expression} AS CHAR)` : `CAST(${expression} AS TEXT)`
}
