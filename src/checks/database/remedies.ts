import type { Sequelize } from 'sequelize'
import { type ForeignKey, type Table } from '../../database/catalog.js'
import { dialectOf } from '../../database/dialect.js'
import { quoterOf } from '../../database/columns.js'

/** The statements that make a foreign key delete what refers to a deleted row. */
export function cascade(sequelize: Sequelize, key: ForeignKey): string {
  const quote = quoterOf(sequelize)
  const columns = (names: readonly string[]): string => names.map(quote).join(', ')
  const targets = key.targetColumns.length > 0 ? ` (${columns(key.targetColumns)})` : ''
  const definition = `FOREIGN KEY (${columns(key.columns)}) REFERENCES ${key.target.sql}${targets} ON DELETE CASCADE ON UPDATE ${key.onUpdate}`
  if (!dialectOf(sequelize).altersForeignKeys) return rebuild(key.table, definition)
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

/** The statements that add a foreign key. No database takes one while rows refer to nothing: those are deleted first. */
export function addForeignKey(
  sequelize: Sequelize,
  { table, column, target, targetColumn }: MissingKey,
): string {
  const quote = quoterOf(sequelize)
  const definition = `FOREIGN KEY (${quote(column)}) REFERENCES ${target.sql} (${quote(targetColumn)}) ON DELETE CASCADE ON UPDATE CASCADE`
  if (!dialectOf(sequelize).altersForeignKeys) return rebuild(table, definition)
  const referred = `SELECT 1 FROM ${target.sql} WHERE ${target.sql}.${quote(targetColumn)} = ${table.sql}.${quote(column)}`
  const clear = `DELETE FROM ${table.sql} WHERE ${quote(column)} IS NOT NULL AND NOT EXISTS (${referred});`
  return `${clear} ALTER TABLE ${table.sql} ADD ${definition};`
}

function rebuild(table: Table, definition: string): string {
  return `SQLite cannot change a foreign key: create ${table.sql} anew with ${definition}, and copy its rows, without those that refer to nothing.`
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
