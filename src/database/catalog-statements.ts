import { QueryTypes, type Sequelize, type Transaction } from 'sequelize'
import { dialectOf, type Dialect } from './dialect.js'

/** A column, as each dialect's catalog is asked for it. */
interface ColumnRow {
  /** What tells the table from all others. */
  readonly table: string
  readonly name: string
  readonly type: string
  readonly isNullable: boolean | number
  readonly isKey?: boolean | number
  readonly hasDefault: boolean | number
  /** Whether `table` is written as in SQL, and not a bare name. */
  readonly isQuoted: boolean | number
  readonly isPartitioned?: boolean
  readonly isView?: boolean | number
}

/** One column of a foreign key, in order. */
interface ForeignKeyRow {
  readonly table: string
  /** On SQLite, a number. */
  readonly name: string | number
  readonly column: string | null
  readonly target: string
  readonly targetColumn: string | null
  /** How the table's definition has to write the target, where that is not how statements write it. */
  readonly reference?: string | null
  /** Other databases of the server, where the table and its target are in one. */
  readonly schema?: string | null
  readonly targetSchema?: string | null
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
  readonly isUnique: boolean | number
  /** Whether queries can use it. A unique index that is being built refuses rows before it is usable. */
  readonly isUsable?: boolean
  /** The rows that it covers, as SQL; all if there is none. */
  readonly predicate?: string | null
  /** Whether two NULLs are equal. */
  readonly countsNulls?: boolean | null
}

/** A database's catalog, row by row; the system's own tables are left out. */
export interface CatalogRows {
  readonly columns: readonly ColumnRow[]
  readonly foreignKeys: readonly ForeignKeyRow[]
  readonly indexes: readonly IndexRow[]
}

/** The transaction on whose connection the catalog is read. */
export interface CatalogOptions {
  readonly transaction?: Transaction | null | undefined
}

/** Reads all tables, from the primary, in a few statements, however many tables there are. */
export async function readCatalogRows(sequelize: Sequelize): Promise<CatalogRows> {
  const texts = TEXTS[dialectOf(sequelize).kind]
  const foreignKeys = await select<ForeignKeyRow>(sequelize, texts.foreignKeys)
  // All databases of a server can be many; these are the ones whose tables refer to those of others.
  const schemas = foreignKeys.flatMap(({ schema, targetSchema }) =>
    schema != null && schema !== targetSchema ? sequelize.escape(schema) : [],
  )
  const { columns, indexes } = texts.allTables([...new Set(schemas)])
  return {
    columns: await select<ColumnRow>(sequelize, texts.columns(columns)),
    foreignKeys,
    indexes: await select<IndexRow>(sequelize, texts.indexes(indexes)),
  }
}

/**
 * Reads one table or view, from the primary, whatever the number of other tables. Its foreign keys are left out.
 *
 * @param table as statements write it, quoted
 */
export async function readTableRows(
  sequelize: Sequelize,
  table: string,
  options: CatalogOptions,
): Promise<Pick<CatalogRows, 'columns' | 'indexes'>> {
  const texts = TEXTS[dialectOf(sequelize).kind]
  const { columns, indexes } = texts.oneTable(table, (value) => sequelize.escape(value))
  return {
    columns: await select<ColumnRow>(sequelize, texts.columns(columns), options),
    indexes: await select<IndexRow>(sequelize, texts.indexes(indexes), options),
  }
}

/** The table that PostgreSQL finds by a name and the search path of the connection; `undefined` if there is none. */
export async function resolvePostgresTable(
  sequelize: Sequelize,
  quoted: string,
): Promise<string | undefined> {
  const [row] = await select<{ table: string | null }>(
    sequelize,
    `SELECT to_regclass(${sequelize.escape(quoted)})::text AS "table"`,
  )
  return row?.table ?? undefined
}

/** The version that the server reports. */
export async function readVersion(sequelize: Sequelize): Promise<string> {
  const [row] = await select<{ version: string }>(sequelize, 'SELECT VERSION() AS version')
  return row?.version ?? ''
}

async function select<R extends object>(
  sequelize: Sequelize,
  text: string,
  { transaction }: CatalogOptions = {},
): Promise<R[]> {
  return await sequelize.query<R>(text, {
    type: QueryTypes.SELECT,
    raw: true,
    useMaster: true,
    ...(transaction && { transaction }),
  })
}

/** Conditions on the tables and on the indexes that are read. */
interface Conditions {
  readonly columns: string
  readonly indexes: string
}

interface Texts {
  readonly columns: (condition: string) => string
  readonly foreignKeys: string
  readonly indexes: (condition: string) => string
  /** @param schemas quoted: the other databases of the server that matter */
  readonly allTables: (schemas: readonly string[]) => Conditions
  /** The same of one table or view. */
  readonly oneTable: (table: string, escape: (value: string) => string) => Conditions
}

const POSTGRES_SYSTEM = `n.nspname IN ('pg_catalog', 'information_schema') OR n.nspname LIKE 'pg\\_toast%'
  OR n.nspname LIKE 'pg\\_temp%'`

/** `oid::regclass::text` is a table's name as this connection would have to write it, so it tells schemas apart. */
const POSTGRES: Texts = {
  columns: (
    condition,
  ) => `SELECT c.oid::regclass::text AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
      NOT a.attnotnull AS "isNullable", a.atthasdef AS "hasDefault", true AS "isQuoted", c.relkind = 'p' AS "isPartitioned",
      c.relkind IN ('v', 'm') AS "isView"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE ${condition} AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.oid, a.attnum`,
  // A partition repeats its parent's keys; they go with it.
  foreignKeys: `SELECT k.conrelid::regclass::text AS "table", k.conname AS name, a.attname AS "column",
      k.confrelid::regclass::text AS target, b.attname AS "targetColumn",
      CASE k.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
        WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END AS "onDelete",
      CASE k.confupdtype WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
        WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END AS "onUpdate"
    FROM pg_constraint k CROSS JOIN LATERAL generate_subscripts(k.conkey, 1) AS p
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[p]
      JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[p]
    WHERE k.contype = 'f' AND k.conparentid = 0
    ORDER BY k.oid, p`,
  // NULLS NOT DISTINCT is new in PostgreSQL 15.
  indexes: (
    condition,
  ) => `SELECT x.indrelid::regclass::text AS "table", i.relname AS name, a.attname AS "column",
      pg_get_indexdef(x.indexrelid, p, true) AS expression, x.indisunique AS "isUnique", x.indisvalid AS "isUsable",
      pg_get_expr(x.indpred, x.indrelid) AS predicate, (to_jsonb(x) ->> 'indnullsnotdistinct')::boolean AS "countsNulls"
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
      JOIN pg_namespace n ON n.oid = i.relnamespace
      CROSS JOIN LATERAL generate_series(1, x.indnkeyatts::int) AS p
      LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[p - 1]
    WHERE ${condition} AND x.indisready AND m.amname IN ('btree', 'hash')
    ORDER BY x.indexrelid, p`,
  allTables: () => ({
    columns: `c.relkind IN ('r', 'p') AND NOT (${POSTGRES_SYSTEM})`,
    indexes: `NOT (${POSTGRES_SYSTEM})`,
  }),
  oneTable: (table, escape) => ({
    columns: `c.oid = to_regclass(${escape(table)})`,
    indexes: `x.indrelid = to_regclass(${escape(table)})`,
  }),
}

/** Bare in the database of the connection, quoted in another: `isQuoted`. */
const tableOf = (schema: string, name: string): string =>
  `IF(${schema} = DATABASE(), ${name}, ${qualified(schema, name)})`

const qualified = (schema: string, name: string): string => `CONCAT(${quoted(schema)}, '.', ${quoted(name)})`

const quoted = (name: string): string => `CONCAT('\`', REPLACE(${name}, '\`', '\`\`'), '\`')`

const MYSQL: Texts = {
  columns: (
    condition,
  ) => `SELECT ${tableOf('c.TABLE_SCHEMA', 'c.TABLE_NAME')} AS \`table\`, c.COLUMN_NAME AS name,
      c.COLUMN_TYPE AS type, c.IS_NULLABLE = 'YES' AS isNullable, c.COLUMN_DEFAULT IS NOT NULL AS hasDefault,
      c.TABLE_SCHEMA <> DATABASE() AS isQuoted, t.TABLE_TYPE = 'VIEW' AS isView
    FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
      ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
    WHERE ${condition}
    ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION`,
  // In the definition of another database's table, a bare name is one of that database.
  foreignKeys: `SELECT ${tableOf('k.TABLE_SCHEMA', 'k.TABLE_NAME')} AS \`table\`, k.CONSTRAINT_NAME AS name,
      k.COLUMN_NAME AS \`column\`, ${tableOf('k.REFERENCED_TABLE_SCHEMA', 'k.REFERENCED_TABLE_NAME')} AS target,
      k.REFERENCED_COLUMN_NAME AS targetColumn, NULLIF(k.TABLE_SCHEMA, DATABASE()) AS \`schema\`,
      NULLIF(k.REFERENCED_TABLE_SCHEMA, DATABASE()) AS targetSchema,
      IF(k.TABLE_SCHEMA = k.REFERENCED_TABLE_SCHEMA, NULL,
        ${qualified('k.REFERENCED_TABLE_SCHEMA', 'k.REFERENCED_TABLE_NAME')}) AS reference,
      r.DELETE_RULE AS onDelete, r.UPDATE_RULE AS onUpdate
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
        AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.REFERENCED_TABLE_SCHEMA IS NOT NULL
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
  indexes: (
    condition,
  ) => `SELECT s.*, ${tableOf('s.TABLE_SCHEMA', 's.TABLE_NAME')} AS \`table\`, s.INDEX_NAME AS name,
      IF(s.SUB_PART IS NULL, s.COLUMN_NAME, NULL) AS \`column\`,
      CONCAT('LEFT(', ${quoted('s.COLUMN_NAME')}, ', ', s.SUB_PART, ')') AS expression, s.NON_UNIQUE = 0 AS isUnique
    FROM information_schema.STATISTICS s WHERE ${condition} AND s.INDEX_TYPE IN ('BTREE', 'HASH')
    ORDER BY s.TABLE_SCHEMA, s.TABLE_NAME, s.INDEX_NAME <> 'PRIMARY', s.INDEX_NAME, s.SEQ_IN_INDEX`,
  allTables: (schemas) => ({
    columns: `c.TABLE_SCHEMA IN (${['DATABASE()', ...schemas].join(', ')}) AND t.TABLE_TYPE <> 'VIEW'`,
    indexes: 's.TABLE_SCHEMA = DATABASE()',
  }),
  // A model's table is always in the database of the connection: Sequelize makes a schema a part of the name.
  oneTable: (table, escape) => ({
    columns: `c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = ${escape(unquoted(table))}`,
    indexes: `s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = ${escape(unquoted(table))}`,
  }),
}

/** Without the backticks; Sequelize lets no name contain one. */
function unquoted(table: string): string {
  return table.replaceAll('`', '')
}

/** SQLite gives a foreign key a number in place of a name, and counts from the last to the first. */
const SQLITE: Texts = {
  columns: (
    condition,
  ) => `SELECT t.name AS "table", c.name, c.type, NOT c."notnull" AS "isNullable", c.pk > 0 AS "isKey",
      c.dflt_value IS NOT NULL AS "hasDefault", 0 AS "isQuoted", t.type = 'view' AS "isView"
    FROM sqlite_master t, pragma_table_info(t.name) c WHERE ${condition} ORDER BY t.name, c.pk, c.cid`,
  foreignKeys: `SELECT t.name AS "table", k.id AS name, k."from" AS "column", k."table" AS target, k."to" AS "targetColumn",
      k.on_delete AS "onDelete", k.on_update AS "onUpdate"
    FROM sqlite_master t, pragma_foreign_key_list(t.name) k WHERE t.type = 'table' ORDER BY t.name, k.id, k.seq`,
  indexes: (
    condition,
  ) => `SELECT t.name AS "table", l.name, i.name AS "column", l."unique" AS "isUnique", d.sql AS definition,
      CASE WHEN i.coll <> 'BINARY' THEN '"' || replace(i.name, '"', '""') || '" COLLATE ' || i.coll END AS expression
    FROM sqlite_master t, pragma_index_list(t.name) l, pragma_index_xinfo(l.name) i
      LEFT JOIN sqlite_master d ON d.type = 'index' AND d.name = l.name
    WHERE ${condition} AND i.key = 1 ORDER BY t.name, l.name, i.seqno`,
  allTables: () => ({ columns: `t.type = 'table'`, indexes: `t.type = 'table'` }),
  oneTable(table, escape) {
    const condition = `t.type IN ('table', 'view') AND t.name = ${escape(unquoted(table))} COLLATE NOCASE`
    return { columns: condition, indexes: condition }
  },
}

const TEXTS: Readonly<Record<Dialect['kind'], Texts>> = {
  postgres: POSTGRES,
  mysql: MYSQL,
  sqlite: SQLITE,
}
