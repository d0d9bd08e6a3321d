import {
  QueryTypes,
  Transaction,
  type Model,
  type ModelStatic,
  type Sequelize,
  type TransactionOptions,
} from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../database/columns.js'
import { runPrepared, speaksPostgres, statement } from '../database/prepared.js'

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
  readonly with?: { readonly model: ModelStatic<Model>; readonly key: string }
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

/**
 * The next rows that are due. In a transaction they are locked, and those that somebody else has locked are passed over: another
 * clean-up, or a request that is just now converting this guest. SQLite, which has one writer, locks nothing but everything.
 */
export async function takeDue(
  due: Due,
  { after, limit, transaction }: { after?: Position | undefined; limit: number; transaction?: Transaction },
): Promise<DueRow[]> {
  const sequelize = sequelizeOf(due.model)
  const column = (attribute: string) => `${DUE}.${quotedField(due.model, attribute)}`
  const [key, since] = [column(due.key), column(due.since)]
  const selected = [
    `${key} AS row_key`,
    `${asText(sequelize, since)} AS row_since`,
    `${due.reads === undefined ? 'NULL' : column(due.reads)} AS row_read`,
  ]
  const rows: unknown[] = await sequelize.query(
    `SELECT ${selected.join(', ')} ${fromDue(due)}` +
      (after === undefined ? '' : ` AND ${since} >= :since AND (${since} > :since OR ${key} > :key)`) +
      ` ORDER BY ${since}, ${key} LIMIT ${String(limit)}` +
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

/** How many rows are due. */
export async function countDueRows(due: Due): Promise<number> {
  const [row]: unknown[] = await sequelizeOf(due.model).query(`SELECT COUNT(*) AS due_rows ${fromDue(due)}`, {
    type: QueryTypes.SELECT,
    replacements: replacementsOf(due),
    useMaster: true,
  })
  return Number((row as { due_rows: number | string }).due_rows)
}

/**
 * The transaction of a batch. Without gap locks on MySQL, which would make new guests wait; and on PostgreSQL with little patience: if a
 * request holds a row that would go along by a cascade, it is the clean-up that gives up, before the database begins to look for deadlocks.
 */
export async function inBatch<T>(
  sequelize: Sequelize,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const isSqlite = sequelize.getDialect() === 'sqlite'
  const options: TransactionOptions = isSqlite
    ? { type: Transaction.TYPES.IMMEDIATE }
    : { isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED }
  return await sequelize.transaction(options, async (transaction) => {
    if (speaksPostgres(sequelize)) await sequelize.query(`SET LOCAL lock_timeout = '500ms'`, { transaction })
    return await work(transaction)
  })
}

/** Deletes rows by their keys, past the ORM where that means no more than that. */
export async function deleteByKey(
  model: ModelStatic<Model>,
  key: string,
  keys: readonly (number | string)[],
  transaction: Transaction,
): Promise<void> {
  const sequelize = sequelizeOf(model)
  if (speaksPostgres(sequelize)) {
    const text = `DELETE FROM ${quotedTable(model)} WHERE ${quotedField(model, key)} = ANY($1)`
    await runPrepared(sequelize, statement(text), [keys], { transaction })
    return
  }
  await model.unscoped().destroy({ where: { [key]: [...keys] }, force: true, hooks: false, transaction })
}

function fromDue({ model, key, since, with: companion, unless }: Due): string {
  const column = (attribute: string) => `${DUE}.${quotedField(model, attribute)}`
  const join =
    companion === undefined
      ? ''
      : ` ${joinInOrder(sequelizeOf(model))} ${quotedTable(companion.model)} AS ${COMPANION}` +
        ` ON ${COMPANION}.${quotedField(companion.model, companion.key)} = ${column(key)}`
  return (
    `FROM ${quotedTable(model)} AS ${DUE}${join} WHERE ${column(since)} <= :until` +
    (unless === undefined ? '' : ` AND NOT EXISTS (${keepers(unless, column(key))})`)
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
