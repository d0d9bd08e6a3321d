import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { quotedTable, sequelizeOf } from './columns.js'
import { readCatalogRows, resolvePostgresTable } from './catalog-statements.js'
import { dialectOf, isPostgres } from './dialect.js'

/** A column as it is in the database. */
export interface StoredColumn {
  readonly name: string
  /** As the database spells it. */
  readonly type: string
  readonly isNullable: boolean
  readonly hasDefault: boolean
}

/** A foreign key as it is in the database. */
export interface ForeignKey {
  readonly name: string
  readonly table: Table
  readonly columns: readonly string[]
  readonly target: Table
  /** Quoted: the target, as the definition of the table has to write it. */
  readonly reference: string
  readonly targetColumns: readonly string[]
  readonly onDelete: string
  readonly onUpdate: string
}

/** An index, or what is as good as one: a primary key. */
interface Index {
  /** From the first on; an expression, or a part of a column, has no name. */
  readonly columns: readonly (string | undefined)[]
  readonly expressions: readonly string[]
  readonly isUnique: boolean
  readonly predicate: string | undefined
}

/** A table as it is in the database. */
export interface Table {
  readonly name: string
  /** Quoted, for SQL. */
  readonly sql: string
  /** Of PostgreSQL's: it holds no rows itself, so its indexes are made in another way. */
  readonly isPartitioned: boolean
  readonly columns: readonly StoredColumn[]
  readonly indexes: readonly Index[]
}

/** What a database says of its tables, at one moment. */
export interface Catalog {
  readonly foreignKeys: readonly ForeignKey[]
  /** The table of a model, if it is there. */
  readonly tableOf: (model: ModelStatic<Model>) => Promise<Table | undefined>
}

/** Reads the catalog of the database behind a Sequelize instance. */
export async function readCatalog(sequelize: Sequelize): Promise<Catalog> {
  const rows = await readCatalogRows(sequelize)
  const quote = quoterOf(sequelize)
  const keyOf = spellingOf(sequelize)
  const tables = new Map<string, Table & { readonly columns: StoredColumn[]; readonly indexes: Index[] }>()

  for (const [name, columns] of grouped(rows.columns, ({ table }) => table)) {
    const [{ isQuoted, isPartitioned = false }] = columns
    const keys = columns.filter(({ isKey }) => isKey).map((column) => column.name)
    const primary: Index = { columns: keys, expressions: [], isUnique: true, predicate: undefined }
    tables.set(keyOf(name), {
      name,
      sql: isQuoted ? name : quote(name),
      isPartitioned,
      columns: columns.map(({ name: column, type, isNullable, hasDefault }) => ({
        name: column,
        type,
        isNullable: Boolean(isNullable),
        hasDefault: Boolean(hasDefault),
      })),
      indexes: keys.length > 0 ? [primary] : [],
    })
  }
  for (const parts of grouped(rows.indexes, ({ table, name }) => JSON.stringify([table, name])).values()) {
    const [first] = parts
    tables.get(keyOf(first.table))?.indexes.push({
      columns: parts.map(({ column }) => column ?? undefined),
      expressions: parts.flatMap(({ expression }) => expression ?? []),
      isUnique: Boolean(first.isUnique),
      predicate: first.predicate ?? undefined,
    })
  }
  const foreignKeys = [
    ...grouped(rows.foreignKeys, ({ table, name }) => JSON.stringify([table, name])).values(),
  ]
  return {
    foreignKeys: foreignKeys.flatMap((parts) => {
      const [first] = parts
      const table = tables.get(keyOf(first.table))
      const target = tables.get(keyOf(first.target))
      if (table === undefined || target === undefined) return []
      return {
        name: `${first.name}`,
        table,
        target,
        reference: first.reference ?? target.sql,
        columns: parts.flatMap(({ column }) => column ?? []),
        // SQLite leaves out what is the primary key.
        targetColumns: parts.flatMap(({ targetColumn }) => targetColumn ?? []),
        onDelete: first.onDelete,
        onUpdate: first.onUpdate,
      }
    }),
    async tableOf(model) {
      const name = await storedName(model)
      return name === undefined ? undefined : tables.get(keyOf(name))
    },
  }
}

/** The name by which the catalog knows a model's table. */
async function storedName(model: ModelStatic<Model>): Promise<string | undefined> {
  const sequelize = sequelizeOf(model)
  if (isPostgres(sequelize)) return await resolvePostgresTable(sequelize, quotedTable(model))
  const table = model.getTableName()
  // Without schemas, Sequelize makes them a part of the name.
  return typeof table === 'string' ? table : [table.schema, table.tableName].filter(Boolean).join('.')
}

/** MySQL and SQLite do not tell tables apart by the case of their letters, or not everywhere. */
function spellingOf(sequelize: Sequelize): (name: string) => string {
  return dialectOf(sequelize).tableNamesHaveCase ? (name) => name : (name) => name.toLowerCase()
}

/** How this dialect quotes a name. */
export function quoterOf(sequelize: Sequelize): (name: string) => string {
  const { queryGenerator } = sequelize.getQueryInterface()
  return (name) =>
    (queryGenerator as { quoteIdentifier: (name: string, force: boolean) => string }).quoteIdentifier(
      name,
      true,
    )
}

/** A column of a table, however its letters are written. */
export function columnNamed(table: Table, field: string): StoredColumn | undefined {
  return table.columns.find(({ name }) => name.toLowerCase() === field.toLowerCase())
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

/** Whether looking rows up by these columns is quick: an index that begins with them, in any order, and leaves out none. */
export function hasIndexOn(table: Table, columns: readonly string[], { unique = false } = {}): boolean {
  return table.indexes.some((index) => {
    if (unique && !(index.isUnique && index.columns.length === columns.length)) return false
    const leading = index.columns.slice(0, columns.length)
    if (!columns.every((column) => leading.includes(column))) return false
    return index.predicate === undefined || (!unique && isAboutAllThatRefer(index.predicate, columns))
  })
}

/** An index of the rows that refer to something at all serves as well as one of all rows. */
function isAboutAllThatRefer(predicate: string, columns: readonly string[]): boolean {
  return columns.some((column) =>
    [`(${column} IS NOT NULL)`, `("${column}" IS NOT NULL)`].includes(predicate),
  )
}
