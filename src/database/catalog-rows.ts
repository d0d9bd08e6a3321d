import { QueryTypes, type Sequelize } from 'sequelize'
import { TEXTS } from './catalog-texts.js'
import { dialectOf } from './dialect.js'

/** MySQL and SQLite have numbers in place of booleans. */
type Flag = boolean | number

/** A column, as each dialect's catalog is asked for it. `table`, in every row, is the table's name as SQL. */
interface ColumnRow {
  readonly table: string
  readonly name: string
  /** As the database spells it. */
  readonly type: string
  readonly isNullable: Flag
  /** Of SQLite, where a primary key needs no index. */
  readonly isKey?: Flag
  readonly isPartitioned?: boolean
  readonly isView?: Flag
}

/** One column of a foreign key, in order. */
interface ForeignKeyRow {
  readonly table: string
  /** On SQLite, a number. */
  readonly name: string | number
  readonly column: string
  readonly target: string
  /** Null for SQLite's primary key. */
  readonly targetColumn: string | null
  readonly onDelete: string
  readonly onUpdate: string
}

/** One part of an index, in order. */
export interface IndexRow {
  readonly table: string
  readonly name: string
  /** Null for an expression, and for the beginning of a column. */
  readonly column: string | null
  /** The part as SQL, unless it is the column and no more. */
  readonly expression?: string | null
  /** The same on MySQL 8, where MariaDB has no such column. Quotes are escaped by a backslash. */
  readonly EXPRESSION?: string | null
  /** On SQLite, the statement that made the index; it alone contains the expressions and the predicate. */
  readonly definition?: string | null
  readonly isUnique: Flag
  /** Whether queries can use it. A unique index that is being built refuses rows before it is usable. */
  readonly isUsable?: boolean
  /** The rows that it covers, as SQL; all if there is none. */
  readonly predicate?: string | null
  /** Whether two NULLs are equal. */
  readonly countsNulls?: boolean | null
}

/** What describes tables in a catalog. */
export interface TableRows {
  readonly columns: readonly ColumnRow[]
  readonly indexes: readonly IndexRow[]
}

/**
 * Reads the columns and indexes of one table or view, or of all tables without the system's own: from the primary, in two
 * statements, however many tables there are.
 *
 * @param table as statements write it, quoted
 */
export async function readTableRows(sequelize: Sequelize, table?: string): Promise<TableRows> {
  const texts = TEXTS[dialectOf(sequelize).kind]
  const { columns, indexes } =
    table === undefined
      ? texts.allTables(schemasOf(sequelize))
      : texts.oneTable(...literals(sequelize, table))
  return {
    columns: await select(sequelize, texts.columns(columns)),
    indexes: await select(sequelize, texts.indexes(indexes)),
  }
}

/** Reads all foreign keys, column by column. */
export async function readForeignKeyRows(sequelize: Sequelize): Promise<ForeignKeyRow[]> {
  return await select(sequelize, TEXTS[dialectOf(sequelize).kind].foreignKeys(schemasOf(sequelize)))
}

/** The name by which the catalog lists a table; `undefined` if there is none on the search path of the connection. */
export async function resolveTable(sequelize: Sequelize, table: string): Promise<string | undefined> {
  const { resolve } = TEXTS[dialectOf(sequelize).kind]
  if (resolve === undefined) return table
  const [row] = await select<{ table: string | null }>(sequelize, resolve(sequelize.escape(table)))
  return row?.table ?? undefined
}

/** The name, and the schema if there is one. On PostgreSQL they stay in one; no other Sequelize name contains a backtick. */
function literals(sequelize: Sequelize, table: string): [name: string, schema?: string] {
  const [name = '', schema] = (table.startsWith('`') ? table.slice(1, -1).split('`.`') : [table])
    .reverse()
    .map((part) => sequelize.escape(part))
  return schema === undefined ? [name] : [name, schema]
}

/** MySQL's databases in which there are models. All of a server can be many. */
function schemasOf(sequelize: Sequelize): string {
  const schemas = Object.values(sequelize.models).flatMap((model) => {
    const table = model.getTableName()
    return typeof table === 'string' || !table.schema ? [] : sequelize.escape(table.schema)
  })
  return ['DATABASE()', ...new Set(schemas)].join(', ')
}

async function select<R extends object>(sequelize: Sequelize, text: string): Promise<R[]> {
  return await sequelize.query<R>(text, { type: QueryTypes.SELECT, raw: true, useMaster: true })
}
