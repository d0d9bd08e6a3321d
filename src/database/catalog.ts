import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { quotedTable, quoterOf, sequelizeOf } from './columns.js'
import {
  readForeignKeyRows,
  readTableRows,
  resolveTable,
  type IndexRow,
  type TableRows,
} from './catalog-rows.js'
import { dialectOf } from './dialect.js'
import { parseSqliteIndex } from './sqlite-index.js'

/** A column as it is in the database. */
export type StoredColumn = Pick<TableRows['columns'][number], 'name' | 'type' | 'isNullable'>

/** A foreign key as it is in the database. */
export interface ForeignKey {
  readonly name: string
  readonly table: Table
  readonly columns: readonly string[]
  readonly target: Table
  /** Empty if SQLite's definition leaves them out: the primary key. */
  readonly targetColumns: readonly string[]
  readonly onDelete: string
  readonly onUpdate: string
}

/** A part of an index. */
export interface IndexPart {
  /** The name of the column; `undefined` for an expression, and for the beginning of a column. */
  readonly field: string | undefined
  /** SQL over the table's own columns. */
  readonly sql: string
}

/** An index, or the primary key of a SQLite table, which needs none. */
interface Index {
  readonly parts: readonly IndexPart[]
  /** The rows that it covers, as SQL; all if there is none. */
  readonly predicate: string | undefined
  /** Whether two NULLs are equal. */
  readonly countsNulls: boolean
  readonly isUnique: boolean
  /** Whether queries can use it. */
  readonly isUsable: boolean
}

/** What no two rows of a table may have in common. */
export type UniqueIndex = Pick<Index, 'parts' | 'predicate' | 'countsNulls'>

/** A table as it is in the database. */
export interface Table {
  /** Its name, quoted, for SQL. */
  readonly sql: string
  /** On PostgreSQL: it holds no rows itself, so its indexes are made in another way. */
  readonly isPartitioned: boolean
  /** Whether its rows are other tables'. */
  readonly isView: boolean
  readonly columns: readonly StoredColumn[]
  readonly indexes: readonly Index[]
}

/** The tables of a database and their foreign keys, at one moment. Views are left out. */
export interface Catalog {
  readonly foreignKeys: readonly ForeignKey[]
  /** The table of a model, if it is there. */
  readonly tableOf: (model: ModelStatic<Model>) => Promise<Table | undefined>
}

/**
 * Reads the whole catalog of the database behind a Sequelize instance. To read the table of one model, call
 * {@link readTable}.
 */
export async function readCatalog(sequelize: Sequelize): Promise<Catalog> {
  const { hasCaseInTableNames } = dialectOf(sequelize)
  const keyOf = (name: string): string => (hasCaseInTableNames ? name : name.toLowerCase())
  const rows = await readForeignKeyRows(sequelize)
  const tables = new Map(
    tablesFrom(sequelize, await readTableRows(sequelize)).map((table) => [keyOf(table.sql), table]),
  )
  const keys = grouped(rows, ({ table, name }) => JSON.stringify([table, name]))
  return {
    foreignKeys: [...keys.values()].flatMap((parts) => {
      const [{ name, onDelete, onUpdate, ...first }] = parts
      const [table, target] = [tables.get(keyOf(first.table)), tables.get(keyOf(first.target))]
      if (table === undefined || target === undefined) return []
      const columns = parts.map(({ column }) => column)
      const targetColumns = parts.flatMap(({ targetColumn }) => targetColumn ?? [])
      return { name: String(name), table, target, columns, targetColumns, onDelete, onUpdate }
    }),
    async tableOf(model) {
      const name = await resolveTable(sequelize, quotedTable(model))
      return name === undefined ? undefined : tables.get(keyOf(name))
    },
  }
}

const known = new WeakMap<ModelStatic<Model>, Table>()

/**
 * The table or view of one model; `undefined` if it is not there. It is read once, at the cost of two statements, however
 * many tables the database has.
 */
export async function readTable(model: ModelStatic<Model>): Promise<Table | undefined> {
  const found = known.get(model)
  if (found !== undefined) return found
  const sequelize = sequelizeOf(model)
  const [table] = tablesFrom(sequelize, await readTableRows(sequelize, quotedTable(model)))
  if (table !== undefined) known.set(model, table)
  return table
}

/** For when a statement failed that was written by {@link readTable}: a migration may have changed the table meanwhile. */
export function forgetTable(model: ModelStatic<Model>): void {
  known.delete(model)
}

/**
 * The unique indexes of a model's table, the primary key included, as the database has them: applications often define
 * them in their migrations only. An index that the catalog does not describe in full is left out.
 *
 * @example
 * const byEmail = (await uniqueIndexesOf(User)).filter(({ parts }) => parts.some(({ field }) => field === 'email'))
 */
export async function uniqueIndexesOf(model: ModelStatic<Model>): Promise<readonly UniqueIndex[]> {
  const table = await readTable(model)
  return table?.indexes.filter(({ isUnique }) => isUnique) ?? []
}

function tablesFrom(sequelize: Sequelize, rows: TableRows): Table[] {
  const quote = quoterOf(sequelize)
  const keys = rows.columns
    .filter(({ isKey }) => isKey)
    .map(({ table, name }): IndexRow => ({ table, name: 'PRIMARY', column: name, isUnique: true }))
  const indexes = grouped([...keys, ...rows.indexes], ({ table }) => table)
  return [...grouped(rows.columns, ({ table }) => table)].map(([sql, columns]) => {
    const [{ isPartitioned = false, isView = false }] = columns
    const ownIndexes = grouped(indexes.get(sql) ?? [], ({ name }) => name)
    return {
      sql,
      isPartitioned,
      isView: Boolean(isView),
      columns,
      indexes: [...ownIndexes.values()].flatMap((parts) => indexFrom(parts, quote) ?? []),
    }
  })
}

/** `undefined` if one of its parts is not described. */
function indexFrom(
  rows: readonly [IndexRow, ...IndexRow[]],
  quote: (name: string) => string,
): Index | undefined {
  const [first] = rows
  const definition = parseSqliteIndex(first.definition ?? '')
  const parts = rows.flatMap(({ column, expression, EXPRESSION }, place): IndexPart[] => {
    // MySQL shows the quotes of an expression as `\'`, which no statement accepts.
    const sql = expression ?? EXPRESSION?.replaceAll("\\'", "'")
    if (column !== null) return [{ field: column, sql: sql ?? quote(column) }]
    const written = sql ?? definition.parts[place]
    return written ? [{ field: undefined, sql: written }] : []
  })
  if (parts.length < rows.length) return undefined
  return {
    parts,
    predicate: first.predicate ?? definition.predicate,
    countsNulls: first.countsNulls === true,
    isUnique: Boolean(first.isUnique),
    isUsable: first.isUsable ?? true,
  }
}

/** A column of a table, however its letters are written. */
export function columnNamed(table: Table, field: string): StoredColumn | undefined {
  return table.columns.find(({ name }) => isSameColumn(name, field))
}

/** Under `quoteIdentifiers: false`, PostgreSQL stores the names of a model in small letters. */
export function isSameColumn(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase()
}

/** Rows that belong together, in the order in which they came. */
function grouped<R>(rows: readonly R[], keyOf: (row: R) => string): Map<string, [R, ...R[]]> {
  const groups = new Map<string, [R, ...R[]]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return groups
}
