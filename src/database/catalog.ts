import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { quotedTable, quoterOf, sequelizeOf } from './columns.js'
import type { CatalogOptions, CatalogRows, IndexRow } from './catalog-rows.js'
import { readCatalogRows, readTableRows, resolvePostgresTable } from './catalog-statements.js'
import { dialectOf, isPostgres } from './dialect.js'
import { parseSqliteIndex } from './sqlite-index.js'

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
  readonly name: string
  /** Quoted, for SQL. */
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
  const rows = await readCatalogRows(sequelize)
  const keyOf = spellingOf(sequelize)
  const tables = new Map(tablesFrom(sequelize, rows).map((table) => [keyOf(table.name), table]))
  return {
    foreignKeys: [...grouped(rows.foreignKeys, ({ table, name }) => JSON.stringify([table, name]))].flatMap(
      ([, parts]) => {
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
      },
    ),
    async tableOf(model) {
      const name = await storedName(model)
      return name === undefined ? undefined : tables.get(keyOf(name))
    },
  }
}

const known = new WeakMap<ModelStatic<Model>, Table>()

/**
 * The table or view of one model; `undefined` if it is not there. It is read once, at the cost of two statements, however
 * many tables the database has.
 *
 * Reads that are still running are not shared: a caller that holds the only connection of the pool would wait for one that
 * waits for this connection.
 */
export async function readTable(
  model: ModelStatic<Model>,
  options: CatalogOptions = {},
): Promise<Table | undefined> {
  const found = known.get(model)
  if (found !== undefined) return found
  const sequelize = sequelizeOf(model)
  const [table] = tablesFrom(sequelize, await readTableRows(sequelize, quotedTable(model), options))
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
export async function uniqueIndexesOf(
  model: ModelStatic<Model>,
  options: CatalogOptions = {},
): Promise<readonly UniqueIndex[]> {
  const table = await readTable(model, options)
  return table?.indexes.filter(({ isUnique }) => isUnique) ?? []
}

function tablesFrom(sequelize: Sequelize, rows: Pick<CatalogRows, 'columns' | 'indexes'>): Table[] {
  const quote = quoterOf(sequelize)
  const indexes = grouped(rows.indexes, ({ table }) => table)
  return [...grouped(rows.columns, ({ table }) => table)].map(([name, columns]) => {
    const [{ isQuoted, isPartitioned = false, isView = false }] = columns
    const keys = columns.filter(({ isKey }) => isKey).map((column) => column.name)
    return {
      name,
      sql: isQuoted ? name : quote(name),
      isPartitioned,
      isView: Boolean(isView),
      columns: columns.map(({ name: column, type, isNullable, hasDefault }) => ({
        name: column,
        type,
        isNullable: Boolean(isNullable),
        hasDefault: Boolean(hasDefault),
      })),
      indexes: [
        ...(keys.length > 0 ? [primaryIndex(keys, quote)] : []),
        ...[...grouped(indexes.get(name) ?? [], (row) => row.name).values()].flatMap((parts) =>
          indexFrom(parts, quote),
        ),
      ],
    }
  })
}

function primaryIndex(columns: readonly string[], quote: (name: string) => string): Index {
  const parts = columns.map((field) => ({ field, sql: quote(field) }))
  return { parts, predicate: undefined, countsNulls: false, isUnique: true, isUsable: true }
}

/** Nothing, if one of its parts is not described. */
function indexFrom(rows: readonly [IndexRow, ...IndexRow[]], quote: (name: string) => string): Index[] {
  const [first] = rows
  const definition = parseSqliteIndex(first.definition ?? '')
  const parts = rows.flatMap(({ column, expression, EXPRESSION }, place): IndexPart[] => {
    const sql = expression ?? (EXPRESSION ? mysqlExpression(EXPRESSION) : undefined)
    if (column !== null) return [{ field: column, sql: sql ?? quote(column) }]
    const written = sql ?? definition.parts[place]
    return written ? [{ field: undefined, sql: written }] : []
  })
  if (parts.length < rows.length) return []
  return [
    {
      parts,
      predicate: first.predicate ?? definition.predicate,
      countsNulls: first.countsNulls === true,
      isUnique: Boolean(first.isUnique),
      isUsable: first.isUsable ?? true,
    },
  ]
}

/** MySQL shows the quotes of a functional index as `\'`, which no statement accepts. */
function mysqlExpression(shown: string): string {
  return shown.replaceAll("\\'", "'")
}

/** The name of a model's table in the catalog. */
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
