import { QueryTypes, type Model, type ModelStatic, type Transaction } from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../../database/columns.js'
import type { UserId } from '../guest.js'
import type { UniqueKey } from './unique-keys.js'

/** The primary key of a row, by attribute. */
export type RowKey = Readonly<Record<string, unknown>>

/** A row of the guest's and one of the account's that cannot both be the account's. */
export interface Pair {
  readonly guest: RowKey
  readonly account: RowKey
}

/** Whose rows are compared, by what attribute. */
export interface Comparison {
  readonly model: ModelStatic<Model>
  readonly foreignKey: string
  readonly guest: UserId
  readonly account: UserId
}

/**
 * The pairs of rows that a unique key sets against each other, in one statement. The database compares, so that its
 * collations decide what is alike. Without a key, every row of the one is paired with every row of the other.
 */
export async function findPairs(
  { model, foreignKey, guest, account }: Comparison,
  key: Pick<UniqueKey, 'parts' | 'predicate' | 'countsNulls'>,
  transaction: Transaction,
): Promise<Pair[]> {
  const sequelize = sequelizeOf(model)
  const primary = model.primaryKeyAttributes
  const owner = quotedField(model, foreignKey)
  const rowsOf = (user: UserId): string => {
    const columns = [
      ...primary.map((attribute, place) => `${quotedField(model, attribute)} AS p${String(place)}`),
      ...key.parts.map(({ sql }, place) => `${sql} AS k${String(place)}`),
    ]
    const condition = key.predicate === undefined ? '' : ` AND (${key.predicate})`
    return `SELECT ${columns.join(', ')} FROM ${quotedTable(model)} WHERE ${owner} = ${sequelize.escape(user)}${condition}`
  }
  const equality = key.parts.map((_, place) => alike(`k${String(place)}`, key.countsNulls))
  const columns = primary.flatMap((_, place) => [
    `g.p${String(place)} AS g${String(place)}`,
    `a.p${String(place)} AS a${String(place)}`,
  ])
  const rows = await sequelize.query<Record<string, unknown>>(
    `SELECT ${columns.join(', ')} FROM (${rowsOf(guest)}) g INNER JOIN (${rowsOf(account)}) a ON ${equality.join(' AND ') || '1 = 1'}`,
    { type: QueryTypes.SELECT, transaction },
  )
  const side = (row: Record<string, unknown>, prefix: string): RowKey =>
    Object.fromEntries(primary.map((attribute, place) => [attribute, row[`${prefix}${String(place)}`]]))
  return rows.map((row) => ({ guest: side(row, 'g'), account: side(row, 'a') }))
}

function alike(column: string, countsNulls: boolean): string {
  return countsNulls ? `g.${column} IS NOT DISTINCT FROM a.${column}` : `g.${column} = a.${column}`
}
