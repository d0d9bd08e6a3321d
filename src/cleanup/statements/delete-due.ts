import { QueryTypes } from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../../database/columns.js'
import { forThisBatch, ONE_STATEMENT_WAITS } from './batch-transaction.js'
import type { Due, Position } from './due.js'
import { DUE, orderOf, selectDue } from './due-query.js'

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
 * statement soon fails, and the batch is taken apart and taken in steps.
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
    replacements: { ...after },
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
