import { QueryTypes, type Sequelize } from 'sequelize'
import { dialect } from './database.js'

/** The whole catalog of a database, by table; each table's facts are sorted. */
export type Catalog = Readonly<Record<string, readonly string[]>>

/** Reads the whole catalog but for the tables named: columns, keys, indexes, foreign keys and their rules, types. */
export async function readCatalog(sequelize: Sequelize, without: readonly string[] = []): Promise<Catalog> {
  const catalog: Record<string, string[]> = {}
  const entries =
    dialect === 'postgres'
      ? await readPostgres(sequelize)
      : dialect === 'mysql'
        ? await readMysql(sequelize)
        : await readSqlite(sequelize)
  for (const { table, ...fact } of entries) {
    if (!without.includes(table)) (catalog[table] ??= []).push(JSON.stringify(fact))
  }
  for (const facts of Object.values(catalog)) facts.sort()
  return catalog
}

type Fact = Readonly<Record<string, unknown>> & { readonly table: string }

async function select(sequelize: Sequelize, sql: string): Promise<Fact[]> {
  return await sequelize.query<Fact>(sql, { type: QueryTypes.SELECT, raw: true })
}

async function readPostgres(sequelize: Sequelize): Promise<Fact[]> {
  const ours = `NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`
  const queries = [
    `SELECT 'column' AS kind, table_name AS "table", table_schema, column_name, ordinal_position, udt_name,
       character_maximum_length, datetime_precision, numeric_precision, is_nullable, column_default, is_identity
     FROM information_schema.columns WHERE table_schema ${ours}`,
    // Primary, unique and foreign keys and checks, with their columns, in order, and the rules for delete and update.
    `SELECT 'constraint' AS kind, t.relname AS "table", c.conname, c.contype, pg_get_constraintdef(c.oid) AS definition
     FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
     WHERE n.nspname ${ours}`,
    `SELECT 'index' AS kind, tablename AS "table", indexdef FROM pg_indexes WHERE schemaname ${ours}`,
    `SELECT 'sequence' AS kind, sequencename AS "table", data_type::text FROM pg_sequences WHERE schemaname ${ours}`,
    // A table's row type is dropped with it; a type that is left is an enum, a domain or a composite type.
    `SELECT 'type' AS kind, t.typname AS "table" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname ${ours} AND t.typtype IN ('e', 'd', 'r', 'm')`,
    `SELECT 'function' AS kind, p.proname AS "table" FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname ${ours}`,
  ]
  const found: Fact[] = []
  for (const query of queries) found.push(...(await select(sequelize, query)))
  return found
}

async function readMysql(sequelize: Sequelize): Promise<Fact[]> {
  const here = '= DATABASE()'
  const queries = [
    `SELECT 'table' AS kind, TABLE_NAME AS 'table', ENGINE, TABLE_COLLATION FROM information_schema.TABLES
     WHERE TABLE_SCHEMA ${here}`,
    `SELECT 'column' AS kind, TABLE_NAME AS 'table', COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, IS_NULLABLE,
       COLUMN_DEFAULT, EXTRA, COLUMN_KEY, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA ${here}`,
    `SELECT 'index' AS kind, TABLE_NAME AS 'table', INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, COLLATION
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA ${here}`,
    `SELECT 'foreign key' AS kind, k.TABLE_NAME AS 'table', k.CONSTRAINT_NAME, k.COLUMN_NAME,
       k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE
     FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
       ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.CONSTRAINT_SCHEMA = k.TABLE_SCHEMA
     WHERE k.TABLE_SCHEMA ${here}`,
  ]
  const found: Fact[] = []
  for (const query of queries) found.push(...(await select(sequelize, query)))
  return found
}

async function readSqlite(sequelize: Sequelize): Promise<Fact[]> {
  const tables = await select(
    sequelize,
    `SELECT name AS 'table', sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
  )
  const found: Fact[] = []
  for (const { table, sql } of tables) {
    found.push({ kind: 'table', table, autoIncrement: String(sql).includes('AUTOINCREMENT') })
    const columns = await select(sequelize, `SELECT * FROM pragma_table_info('${table}')`)
    found.push(...columns.map((column) => ({ ...column, kind: 'column', table })))
    const keys = await select(sequelize, `SELECT * FROM pragma_foreign_key_list('${table}') AS k`)
    found.push(...keys.map((key) => ({ ...key, kind: 'foreign key', to: key.table, table })))
    const indexes = await select(
      sequelize,
      `SELECT l.name, l."unique", l.origin, l.partial, i.seqno, i.name AS "column", i."desc", i.coll
       FROM pragma_index_list('${table}') AS l, pragma_index_xinfo(l.name) AS i WHERE i.key = 1`,
    )
    found.push(...indexes.map((index) => ({ ...index, kind: 'index', table })))
  }
  return found
}
