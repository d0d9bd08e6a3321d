import type { Sequelize } from 'sequelize'
import type { ForeignKey, Table } from '../../database/catalog.js'
import { dialectOf } from '../../database/dialect.js'
import { quoterOf } from '../../database/columns.js'

/** What becomes of rows when the row to which they refer is deleted. */
export type Action = 'CASCADE' | 'SET NULL'

/** The statements that change what a foreign key does when the row to which it refers is deleted. */
export function changeForeignKey(sequelize: Sequelize, key: ForeignKey, action: Action): string {
  const quote = quoterOf(sequelize)
  const columns = (names: readonly string[]): string => names.map(quote).join(', ')
  const targets = key.targetColumns.length > 0 ? ` (${columns(key.targetColumns)})` : ''
  const definition = `FOREIGN KEY (${columns(key.columns)}) REFERENCES ${key.target.sql}${targets} ON DELETE ${action} ON UPDATE ${key.onUpdate}`
  if (!dialectOf(sequelize).altersForeignKeys) return rebuild(key.table, definition, action)
  const name = quote(key.name)
  return `ALTER TABLE ${key.table.sql} DROP CONSTRAINT ${name}; ALTER TABLE ${key.table.sql} ADD CONSTRAINT ${name} ${definition};`
}

/** A foreign key that is missing. */
export interface MissingKey {
  readonly table: Table
  readonly column: string
  readonly target: Table
  readonly targetColumn: string
}

/**
 * The statements that add a foreign key. No database takes one while rows refer to nothing: those are deleted first, or
 * their reference is.
 */
export function addForeignKey(
  sequelize: Sequelize,
  { table, column, target, targetColumn }: MissingKey,
  action: Action,
): string {
  const quote = quoterOf(sequelize)
  const [from, to] = [quote(column), quote(targetColumn)]
  const definition = `FOREIGN KEY (${from}) REFERENCES ${target.sql} (${to}) ON DELETE ${action} ON UPDATE CASCADE`
  if (!dialectOf(sequelize).altersForeignKeys) return rebuild(table, definition, action)
  // DISTINCT: MySQL reads the table that it changes only if the subquery must be stored first.
  const referred = `SELECT 1 FROM (SELECT DISTINCT ${to} FROM ${target.sql}) AS referred WHERE referred.${to} = ${table.sql}.${from}`
  const clear = action === 'CASCADE' ? `DELETE FROM ${table.sql}` : `UPDATE ${table.sql} SET ${from} = NULL`
  return `${clear} WHERE ${from} IS NOT NULL AND NOT EXISTS (${referred}); ALTER TABLE ${table.sql} ADD ${definition};`
}

function rebuild(table: Table, definition: string, action: Action): string {
  const rows =
    action === 'CASCADE' ? 'without those that refer to nothing' : 'with NULL for what refers to nothing'
  return `SQLite cannot change a foreign key: create ${table.sql} anew with ${definition}, and copy its rows, ${rows}.`
}

/** MySQL's limit is 64; the other databases allow as much. */
const LONGEST_NAME = 60

/** The statement that creates an index; on PostgreSQL without blocking writers, where that is possible. */
export function createIndex(
  sequelize: Sequelize,
  table: Table,
  columns: readonly string[],
  { unique = false, lower = false } = {},
): string {
  const quote = quoterOf(sequelize)
  const kind = unique ? 'UNIQUE INDEX' : 'INDEX'
  const list = columns.map((column) => (lower ? `lower(${quote(column)})` : quote(column))).join(', ')
  if (dialectOf(sequelize).createsIndexConcurrently) {
    // A partitioned table refuses CONCURRENTLY.
    return `CREATE ${kind}${table.isPartitioned ? '' : ' CONCURRENTLY'} ON ${table.sql} (${list});`
  }
  const name = quote(`${table.sql.replaceAll('`', '')}_${columns.join('_')}`.slice(0, LONGEST_NAME))
  return `CREATE ${kind} ${name} ON ${table.sql} (${list});`
}
