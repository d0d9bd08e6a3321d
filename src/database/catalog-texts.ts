import type { Dialect } from './dialect.js'

/** Conditions on the tables and on the indexes that are read. */
interface Conditions {
  readonly columns: string
  readonly indexes: string
}

/** The queries of a dialect's catalog. A table is named as SQL names it. */
interface Texts {
  readonly columns: (condition: string) => string
  /** @param schemas SQL: on MySQL, the databases of the server that are read */
  readonly foreignKeys: (schemas: string) => string
  readonly indexes: (condition: string) => string
  /** Finds a table by its name, a literal, and the connection's search path. Without it, the name is the catalog's. */
  readonly resolve?: (name: string) => string
  readonly allTables: (schemas: string) => Conditions
  /** Of one table or view, whose name is a literal, and so is that of its schema on MySQL, if it has one. */
  readonly oneTable: (name: string, schema?: string) => Conditions
}

const POSTGRES_SYSTEM = `n.nspname IN ('pg_catalog', 'information_schema') OR n.nspname LIKE 'pg\\_toast%'
  OR n.nspname LIKE 'pg\\_temp%'`

/** `oid::regclass::text` is a table's name as this connection would have to write it, so it tells schemas apart. */
const POSTGRES: Texts = {
  columns: (
    condition,
  ) => `SELECT c.oid::regclass::text AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
      NOT a.attnotnull AS "isNullable", c.relkind = 'p' AS "isPartitioned", c.relkind IN ('v', 'm') AS "isView"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE ${condition} AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.oid, a.attnum`,
  // A partition repeats its parent's keys; they go with it.
  foreignKeys: () => `SELECT k.conrelid::regclass::text AS "table", k.conname AS name, a.attname AS "column",
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
  resolve: (name) => `SELECT to_regclass(${name})::text AS "table"`,
  allTables: () => ({
    columns: `c.relkind IN ('r', 'p') AND NOT (${POSTGRES_SYSTEM})`,
    indexes: `NOT (${POSTGRES_SYSTEM})`,
  }),
  oneTable: (name) => ({
    columns: `c.oid = to_regclass(${name})`,
    indexes: `x.indrelid = to_regclass(${name})`,
  }),
}

/** A name from MySQL's catalog in backticks, as Sequelize quotes it. */
const quoted = (name: string): string => `CONCAT('\`', ${name}, '\`')`

/** Without its schema in the database of the connection, as Sequelize writes it. */
const tableOf = (schema: string, name: string): string =>
  `CONCAT(IF(${schema} = DATABASE(), '', CONCAT(${quoted(schema)}, '.')), ${quoted(name)})`

/** By the dialect `mariadb` a schema is another database of the server; by `mysql` it is a part of the table's name. */
const MYSQL: Texts = {
  columns: (
    condition,
  ) => `SELECT ${tableOf('c.TABLE_SCHEMA', 'c.TABLE_NAME')} AS \`table\`, c.COLUMN_NAME AS name, c.COLUMN_TYPE AS type,
      c.IS_NULLABLE = 'YES' AS isNullable, t.TABLE_TYPE = 'VIEW' AS isView
    FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
      ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
    WHERE ${condition}
    ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION`,
  foreignKeys: (
    schemas,
  ) => `SELECT ${tableOf('k.TABLE_SCHEMA', 'k.TABLE_NAME')} AS \`table\`, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS \`column\`,
      ${tableOf('k.REFERENCED_TABLE_SCHEMA', 'k.REFERENCED_TABLE_NAME')} AS target, k.REFERENCED_COLUMN_NAME AS targetColumn,
      r.DELETE_RULE AS onDelete, r.UPDATE_RULE AS onUpdate
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
        AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.TABLE_SCHEMA IN (${schemas}) AND k.REFERENCED_TABLE_SCHEMA IN (${schemas})
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
  indexes: (
    condition,
  ) => `SELECT s.*, ${tableOf('s.TABLE_SCHEMA', 's.TABLE_NAME')} AS \`table\`, s.INDEX_NAME AS name,
      IF(s.SUB_PART IS NULL, s.COLUMN_NAME, NULL) AS \`column\`,
      CONCAT('LEFT(', ${quoted('s.COLUMN_NAME')}, ', ', s.SUB_PART, ')') AS expression, s.NON_UNIQUE = 0 AS isUnique
    FROM information_schema.STATISTICS s
    WHERE ${condition} AND s.INDEX_TYPE IN ('BTREE', 'HASH')
    ORDER BY s.TABLE_SCHEMA, s.TABLE_NAME, s.INDEX_NAME <> 'PRIMARY', s.INDEX_NAME, s.SEQ_IN_INDEX`,
  allTables: (schemas) => ({
    columns: `c.TABLE_SCHEMA IN (${schemas}) AND t.TABLE_TYPE <> 'VIEW'`,
    indexes: `s.TABLE_SCHEMA IN (${schemas})`,
  }),
  oneTable: (name, schema = 'DATABASE()') => ({
    columns: `c.TABLE_SCHEMA = ${schema} AND c.TABLE_NAME = ${name}`,
    indexes: `s.TABLE_SCHEMA = ${schema} AND s.TABLE_NAME = ${name}`,
  }),
}

/** SQLite gives a foreign key a number in place of a name, and counts from the last to the first. */
const SQLITE: Texts = {
  columns: (
    condition,
  ) => `SELECT '\`' || t.name || '\`' AS "table", c.name, c.type, NOT c."notnull" AS "isNullable",
      c.pk > 0 AS "isKey", t.type = 'view' AS "isView"
    FROM sqlite_master t, pragma_table_info(t.name) c WHERE ${condition} ORDER BY t.name, c.pk, c.cid`,
  foreignKeys: () => `SELECT '\`' || t.name || '\`' AS "table", k.id AS name, k."from" AS "column",
      '\`' || k."table" || '\`' AS target, k."to" AS "targetColumn", k.on_delete AS "onDelete", k.on_update AS "onUpdate"
    FROM sqlite_master t, pragma_foreign_key_list(t.name) k WHERE t.type = 'table' ORDER BY t.name, k.id, k.seq`,
  indexes: (
    condition,
  ) => `SELECT '\`' || t.name || '\`' AS "table", l.name, i.name AS "column", l."unique" AS "isUnique",
      d.sql AS definition,
      CASE WHEN i.coll <> 'BINARY' THEN '"' || replace(i.name, '"', '""') || '" COLLATE ' || i.coll END AS expression
    FROM sqlite_master t, pragma_index_list(t.name) l, pragma_index_xinfo(l.name) i
      LEFT JOIN sqlite_master d ON d.type = 'index' AND d.name = l.name
    WHERE ${condition} AND i.key = 1 ORDER BY t.name, l.name, i.seqno`,
  allTables: () => ({ columns: `t.type = 'table'`, indexes: `t.type = 'table'` }),
  oneTable(name) {
    const condition = `t.type IN ('table', 'view') AND t.name = ${name} COLLATE NOCASE`
    return { columns: condition, indexes: condition }
  },
}

/** The queries of each dialect's catalog. */
export const TEXTS: Readonly<Record<Dialect['kind'], Texts>> = {
  postgres: POSTGRES,
  mysql: MYSQL,
  sqlite: SQLITE,
}
