import { DataTypes, QueryTypes, type Model, type ModelStatic, type Transaction } from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../../database/columns.js'
import type { UserId } from '../guest.js'
import type { UniqueKey } from './unique-keys.js'
import { asText, dialectOf, type Dialect } from '../../database/dialect.js'

/** A row, by its primary key. */
export interface RowKey {
  /** The same for two keys of one model if, and only if, they name the same row. */
  readonly name: string
  /** SQL over the table's own columns that holds for this row alone. */
  readonly condition: string
}

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
  const primary = keyColumns(model)
  const owner = quotedField(model, foreignKey)
  const rowsOf = (user: UserId): string => {
    const columns = [
      ...primary.map(({ sql, alias }) => `${sql} AS ${alias}`),
      ...key.parts.map(({ sql }, place) => `${sql} AS k${String(place)}`),
    ]
    const condition = key.predicate === undefined ? '' : ` AND (${key.predicate})`
    return `SELECT ${columns.join(', ')} FROM ${quotedTable(model)} WHERE ${owner} = ${sequelize.escape(user)}${condition}`
  }
  const equality = key.parts.map((_, place) => alike(`k${String(place)}`, key.countsNulls))
  const columns = primary.flatMap(({ alias }) => [`g.${alias} AS g${alias}`, `a.${alias} AS a${alias}`])
  const rows = await sequelize.query<Record<string, unknown>>(
    `SELECT ${columns.join(', ')} FROM (${rowsOf(guest)}) g INNER JOIN (${rowsOf(account)}) a ON ${equality.join(' AND ') || '1 = 1'}`,
    { type: QueryTypes.SELECT, transaction },
  )
  return rows.map((row) => ({
    guest: rowKey(model, (alias) => row[`g${alias}`]),
    account: rowKey(model, (alias) => row[`a${alias}`]),
  }))
}

/** What tells a row from all others, to be selected. */
export interface KeyColumn {
  readonly sql: string
  readonly alias: string
}

/**
 * The columns of the primary key: as the driver gives them, and in the database's own words. What a driver makes of a value
 * can be less than it: dates lose what is below a millisecond.
 */
export function keyColumns(model: ModelStatic<Model>): KeyColumn[] {
  const sequelize = sequelizeOf(model)
  return model.primaryKeyAttributes.flatMap((attribute, place) => {
    const sql = quotedField(model, attribute)
    return [
      { sql, alias: `${VALUE}${String(place)}` },
      { sql: asText(sequelize, sql), alias: `${TEXT}${String(place)}` },
    ]
  })
}

const VALUE = 'ephemeral_p'
const TEXT = 'ephemeral_t'

/** The key of a row of which {@link keyColumns} were selected. */
export function rowKey(model: ModelStatic<Model>, valueOf: (alias: string) => unknown): RowKey {
  const sequelize = sequelizeOf(model)
  const parts = model.primaryKeyAttributes.map((attribute, place) => {
    const value = valueOf(`${VALUE}${String(place)}`)
    const isBinary = Buffer.isBuffer(value)
    const text = isBinary ? value.toString('hex') : String(valueOf(`${TEXT}${String(place)}`))
    const isNumber = model.getAttributes()[attribute]?.type instanceof DataTypes.NUMBER
    // MySQL compares a number with a quoted one as floating-point numbers, of which two long ones are alike.
    const isBare = isNumber && /^-?\d+(\.\d+)?$/.test(text)
    const sql = isBare ? text : sequelize.escape((isBinary ? value : text) as string) // of a Buffer it makes a binary literal
    return { text, condition: `${quotedField(model, attribute)} = ${sql}` }
  })
  return {
    name: JSON.stringify(parts.map(({ text }) => text)),
    condition: `(${parts.map(({ condition }) => condition).join(' AND ')})`,
  }
}

function alike(column: string, countsNulls: boolean): string {
  return countsNulls ? `g.${column} IS NOT DISTINCT FROM a.${column}` : `g.${column} = a.${column}`
}

const views = new WeakMap<object, Promise<boolean>>()

/** Whether a model's table is a view, whose rows are other tables'. The database is asked once. */
export function isView(model: ModelStatic<Model>): Promise<boolean> {
  let answer = views.get(model)
  if (answer === undefined) {
    answer = askForView(model)
    views.set(model, answer)
    answer.catch(() => views.delete(model)) // so that the next one asks again
  }
  return answer
}

async function askForView(model: ModelStatic<Model>): Promise<boolean> {
  const sequelize = sequelizeOf(model)
  const table = quotedTable(model)
  const name = sequelize.escape(table.replace(/^[`"]|[`"]$/g, ''))
  const questions: Readonly<Record<Dialect['kind'], string>> = {
    postgres: `SELECT 1 FROM pg_class WHERE oid = to_regclass(${sequelize.escape(table)}) AND relkind IN ('v', 'm')`,
    mysql: `SELECT 1 FROM information_schema.views WHERE table_schema = DATABASE() AND table_name = ${name}`,
    sqlite: `SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ${name}`,
  }
  const question = questions[dialectOf(sequelize).kind]
  return (await sequelize.query(question, { type: QueryTypes.SELECT, useMaster: true })).length > 0
}

/** For when what was known turned out wrong: a migration has run meanwhile. */
export function forgetView(model: ModelStatic<Model>): void {
  views.delete(model)
}
