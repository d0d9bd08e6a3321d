import { QueryTypes, type Sequelize } from 'sequelize'
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
  /** Whether `table` is as SQL wants it, and not a bare name. */
  readonly isQuoted: boolean | number
  readonly isPartitioned?: boolean
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

/** One part of an index, in order; the column is null for an expression. */
interface IndexRow {
  readonly table: string
  readonly name: string
  readonly column: string | null
  /** The part as SQL, where the dialect tells. */
  readonly expression: string | null
  readonly isUnique: boolean | number
  /** The rows that it is about, as SQL; all if there is none. */
  readonly predicate: string | null
}

/** A database's catalog, row by row; the system's own tables are left out. */
export interface CatalogRows {
  readonly columns: readonly ColumnRow[]
  readonly foreignKeys: readonly ForeignKeyRow[]
  readonly indexes: readonly IndexRow[]
}

/** Reads what the primary says of its tables, in a few statements, however many tables there are. */
export async function readCatalogRows(sequelize: Sequelize): Promise<CatalogRows> {
  const texts = TEXTS[dialectOf(sequelize).kind]
  const foreignKeys = await select<ForeignKeyRow>(sequelize, texts.foreignKeys)
  // All databases of a server can be many; these are the ones whose tables refer to those of others.
  const schemas = foreignKeys.flatMap(({ schema, targetSchema }) =>
    schema != null && schema !== targetSchema ? sequelize.escape(schema) : [],
  )
  return {
    columns: await select<ColumnRow>(sequelize, texts.columns([...new Set(schemas)])),
    foreignKeys,
    indexes: await select<IndexRow>(sequelize, texts.indexes),
  }
}

/** What PostgreSQL means by a table's name, by the search path of the connection; `undefined` if there is no such table. */
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

/** What the server says of its version. */
export async function readVersion(sequelize: Sequelize): Promise<string> {
  const [row] = await select<{ version: string }>(sequelize, 'SELECT VERSION() AS version')
  return row?.version ?? ''
}

async function select<R extends object>(sequelize: Sequelize, text: string): Promise<R[]> {
  return await sequelize.query<R>(text, { type: QueryTypes.SELECT, raw: true, useMaster: true })
}

interface Texts {
  /** @param schemas quoted: the other databases of the server that matter */
  readonly columns: (schemas: readonly string[]) => string
  readonly foreignKeys: string
  readonly indexes: string
}

/** `oid::regclass::text` is a table's name as this connection would have to write it, so it tells schemas apart. */
const POSTGRES: Texts = {
  columns:
    () => `SELECT c.oid::regclass::text AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
      NOT a.attnotnull AS "isNullable", a.atthasdef AS "hasDefault", true AS "isQuoted", c.relkind = 'p' AS "isPartitioned"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
      AND n.nspname NOT LIKE 'pg\\_temp%'
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
  indexes: `SELECT x.indrelid::regclass::text AS "table", i.relname AS name, a.attname AS "column",
      pg_get_indexdef(x.indexrelid, p, true) AS expression, x.indisunique AS "isUnique",
      pg_get_expr(x.indpred, x.indrelid) AS predicate
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
      JOIN pg_namespace n ON n.oid = i.relnamespace
      CROSS JOIN LATERAL generate_series(1, x.indnkeyatts::int) AS p
      LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[p - 1]
    WHERE x.indisvalid AND m.amname IN ('btree', 'hash')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
    ORDER BY x.indexrelid, p`,
}

/** Bare in the database of the connection, quoted in another: `isQuoted`. */
const tableOf = (schema: string, name: string): string =>
  `IF(${schema} = DATABASE(), ${name}, ${qualified(schema, name)})`

const qualified = (schema: string, name: string): string =>
  `CONCAT('\`', REPLACE(${schema}, '\`', '\`\`'), '\`.\`', REPLACE(${name}, '\`', '\`\`'), '\`')`

const MYSQL: Texts = {
  columns: (
    schemas,
  ) => `SELECT ${tableOf('c.TABLE_SCHEMA', 'c.TABLE_NAME')} AS \`table\`, c.COLUMN_NAME AS name,
      c.COLUMN_TYPE AS type, c.IS_NULLABLE = 'YES' AS isNullable, c.COLUMN_DEFAULT IS NOT NULL AS hasDefault,
      c.TABLE_SCHEMA <> DATABASE() AS isQuoted
    FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
      ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
    WHERE c.TABLE_SCHEMA IN (${['DATABASE()', ...schemas].join(', ')}) AND t.TABLE_TYPE = 'BASE TABLE'
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
  indexes: `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS name, IF(SUB_PART IS NULL, COLUMN_NAME, NULL) AS \`column\`,
      NULL AS expression, NON_UNIQUE = 0 AS isUnique, NULL AS predicate
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND INDEX_TYPE IN ('BTREE', 'HASH')
    ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
}

/** SQLite gives a foreign key a number in place of a name, and counts from the last to the first. */
const SQLITE: Texts = {
  columns:
    () => `SELECT t.name AS "table", c.name, c.type, NOT c."notnull" AS "isNullable", c.pk > 0 AS "isKey",
      c.dflt_value IS NOT NULL AS "hasDefault", 0 AS "isQuoted"
    FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.pk, c.cid`,
  foreignKeys: `SELECT t.name AS "table", k.id AS name, k."from" AS "column", k."table" AS target, k."to" AS "targetColumn",
      k.on_delete AS "onDelete", k.on_update AS "onUpdate"
    FROM sqlite_master t, pragma_foreign_key_list(t.name) k WHERE t.type = 'table' ORDER BY t.name, k.id, k.seq`,
  // A partial index does not say here what it is about, so it counts as one that is about something else.
  indexes: `SELECT t.name AS "table", l.name, i.name AS "column", NULL AS expression, l."unique" AS "isUnique",
      CASE WHEN l.partial THEN 'partial' END AS predicate
    FROM sqlite_master t, pragma_index_list(t.name) l, pragma_index_xinfo(l.name) i
    WHERE t.type = 'table' AND i.key = 1 ORDER BY t.name, l.name, i.seqno`,
}

const TEXTS: Readonly<Record<Dialect['kind'], Texts>> = {
  postgres: POSTGRES,
  mysql: MYSQL,
  sqlite: SQLITE,
}
