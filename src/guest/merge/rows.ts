import {
  DataTypes,
  literal,
  Op,
  QueryTypes,
  Utils,
  type Model,
  type ModelStatic,
  type Transaction,
  type WhereOptions,
} from 'sequelize'
import type { UniqueIndex } from '../../database/catalog.js'
import { quotedField, sequelizeOf } from '../../database/columns.js'
import { asText } from '../../database/dialect.js'
import { liveCondition } from '../../database/host-model.js'
import type { UserId } from '../guest.js'
import type { Scope } from './references.js'

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
  /** Which of them is live, if the other is marked as deleted. */
  readonly onlyLive: 'guest' | 'account' | undefined
}

/** The attribute that says to whom a row belongs, and its values for both. */
export interface Ownership {
  readonly model: ModelStatic<Model>
  readonly foreignKey: string
  readonly guest: UserId
  readonly account: UserId
}

/**
 * The pairs of rows that are equal by a unique index, in one statement. The database compares, so that its collations
 * apply. Without a part to compare, every row of the one is paired with every row of the other.
 */
export async function findPairs(
  { model, foreignKey, guest, account }: Ownership,
  { parts, predicate, countsNulls }: UniqueIndex,
  scope: Scope,
  transaction: Transaction,
): Promise<Pair[]> {
  const isLive = `CASE WHEN ${liveCondition(model) ?? '1 = 1'} THEN 1 ELSE 0 END`
  const names = [...keyColumns(model), { sql: isLive, alias: LIVE }]
  const columns = [...names, ...parts.map(({ sql }, place) => ({ sql, alias: `k${String(place)}` }))]
  const rowsOf = (user: UserId): string =>
    selectRows(model, columns, [scope, { [foreignKey]: user }], predicate)
  const equality = parts.map((_, place) => {
    const [one, other] = [`g.k${String(place)}`, `a.k${String(place)}`]
    return countsNulls ? `${one} IS NOT DISTINCT FROM ${other}` : `${one} = ${other}`
  })
  const selected = names.flatMap(({ alias }) => [`g.${alias} AS g${alias}`, `a.${alias} AS a${alias}`])
  const rows = await select(
    model,
    `SELECT ${selected.join(', ')} FROM (${rowsOf(guest)}) g INNER JOIN (${rowsOf(account)}) a ON ${equality.join(' AND ') || '1 = 1'}`,
    transaction,
  )
  return rows.map((row) => ({
    guest: rowKey(model, (alias) => row[`g${alias}`]),
    account: rowKey(model, (alias) => row[`a${alias}`]),
    onlyLive: onlyLive(Number(row[`g${LIVE}`]), Number(row[`a${LIVE}`])),
  }))
}

function onlyLive(guest: number, account: number): Pair['onlyLive'] {
  if (guest === account) return undefined
  return guest > account ? 'guest' : 'account'
}

/** The keys of the rows that meet all conditions. */
export async function findRows(
  model: ModelStatic<Model>,
  conditions: readonly WhereOptions[],
  transaction: Transaction,
): Promise<RowKey[]> {
  const rows = await select(model, selectRows(model, keyColumns(model), conditions), transaction)
  return rows.map((row) => rowKey(model, (alias) => row[alias]))
}

/** A row as an instance, whatever scopes, soft deletion and hooks hide; `null` if it is gone. */
export async function readRow(
  model: ModelStatic<Model>,
  { condition }: RowKey,
  transaction: Transaction,
): Promise<Model | null> {
  return await model.unscoped().findOne({ where: literal(condition), ...asInstance, transaction })
}

/** Options of a read that gives an instance, whatever the host sets for all reads. Sequelize's types leave out `hooks`. */
export const asInstance = { paranoid: false, raw: false, hooks: false }

/** SQLite accepts no deeper nesting of conditions, and a statement of megabytes is slow on every database. */
export const BATCH = 300

/** The condition that holds for these rows alone. */
export function anyOf(rows: readonly RowKey[]): WhereOptions {
  return { [Op.and]: [literal(`(${rows.map(({ condition }) => condition).join(' OR ')})`)] }
}

interface SelectedColumn {
  readonly sql: string
  readonly alias: string
}

/** Sequelize's writer of a SELECT, which its types leave out. */
interface SelectWriter {
  selectQuery: (table: unknown, options: object, model: ModelStatic<Model>) => string
}

function selectRows(
  model: ModelStatic<Model>,
  columns: readonly SelectedColumn[],
  conditions: readonly WhereOptions[],
  predicate?: string,
): string {
  const where = [...conditions, ...(predicate === undefined ? [] : [literal(`(${predicate})`)])]
  const options = {
    attributes: columns.map(({ sql, alias }) => [literal(sql), alias]),
    where: Utils.mapWhereFieldNames({ [Op.and]: where }, model),
  }
  const writer = sequelizeOf(model).getQueryInterface().queryGenerator as SelectWriter
  return writer.selectQuery(model.getTableName(), options, model).replace(/;\s*$/, '')
}

async function select(
  model: ModelStatic<Model>,
  text: string,
  transaction: Transaction,
): Promise<Record<string, unknown>[]> {
  return await sequelizeOf(model).query(text, { type: QueryTypes.SELECT, raw: true, transaction })
}

const LIVE = 'ephemeral_live'
const VALUE = 'ephemeral_p'
const TEXT = 'ephemeral_t'

/**
 * The columns of the primary key: as the driver gives them, and as text by the database. What a driver makes of a value
 * can be less than it: dates lose what is below a millisecond.
 */
function keyColumns(model: ModelStatic<Model>): SelectedColumn[] {
  return model.primaryKeyAttributes.flatMap((attribute, place) => {
    const sql = quotedField(model, attribute)
    return [
      { sql, alias: `${VALUE}${String(place)}` },
      { sql: asText(sequelizeOf(model), sql), alias: `${TEXT}${String(place)}` },
    ]
  })
}

/** The key of a row of which {@link keyColumns} were selected. */
function rowKey(model: ModelStatic<Model>, valueOf: (alias: string) => unknown): RowKey {
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
