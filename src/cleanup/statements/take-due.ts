import { QueryTypes, type Transaction } from 'sequelize'
import { sequelizeOf } from '../../database/columns.js'
import type { Due, DueRow, Position } from './due.js'
import { columnOf, COMPANION, DUE, fromDue, orderOf, selectDue } from './due-query.js'
import { asText, dialectOf } from '../../database/dialect.js'

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
      replacements: { ...after },
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

/** How many rows are due. */
export async function countDueRows(due: Due): Promise<number> {
  const [row]: unknown[] = await sequelizeOf(due.model).query(`SELECT COUNT(*) AS due_rows ${fromDue(due)}`, {
    type: QueryTypes.SELECT,
    useMaster: true,
  })
  return Number((row as { due_rows: number | string }).due_rows)
}

function lockClause({ model, with: companion }: Due): string {
  return dialectOf(sequelizeOf(model)).lockFreeRows(companion === undefined ? [DUE] : [DUE, COMPANION])
}
