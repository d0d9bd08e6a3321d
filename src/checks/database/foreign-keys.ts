import type { Sequelize } from 'sequelize'
import { type Catalog, type ForeignKey, type Table } from '../../database/catalog.js'
import { isMysql, isPostgres } from '../../database/dialect.js'
import type { Report } from '../finding.js'
import { cascade, createIndex } from './remedies.js'
import { quoterOf } from '../../database/columns.js'

/** A table whose rows the clean-up deletes. */
export interface Root {
  readonly table: Table
  /** What one of its rows is. */
  readonly what: 'guest' | 'visitor pass'
}

/**
 * Foreign keys that prevent the deletion of rows, or make it slow: those to the roots, and to what a cascade deletes with
 * their rows.
 *
 * @param known foreign keys that have a finding already
 */
export function checkForeignKeys(
  sequelize: Sequelize,
  { foreignKeys }: Catalog,
  roots: readonly Root[],
  known: readonly ForeignKey[],
  report: Report,
): void {
  const checked = new Set<ForeignKey>(known)
  for (const { table, what } of roots) {
    const deleted = [table]
    for (const target of deleted) {
      for (const key of foreignKeys.filter((each) => each.target === target)) {
        if (key.onDelete === 'CASCADE' && !deleted.includes(key.table)) deleted.push(key.table)
        if (checked.has(key)) continue
        checked.add(key)
        checkAction(sequelize, key, what, report)
        checkIndex(sequelize, key, what, report)
      }
    }
  }
}

function checkAction(sequelize: Sequelize, key: ForeignKey, what: Root['what'], report: Report): void {
  if (key.onDelete === 'NO ACTION' || key.onDelete === 'RESTRICT') {
    report(
      'FOREIGN_KEY_BLOCKS',
      'error',
      `${describe(key)} ON DELETE ${key.onDelete}: a ${what} to which such a row refers cannot be deleted, by clean-up or by a merge.`,
      cascade(sequelize, key),
    )
  }
  const required = key.table.columns
    .filter(({ name, isNullable }) => key.columns.includes(name) && !isNullable)
    .map(({ name }) => name)
  if (key.onDelete !== 'SET NULL' || required.length === 0) return
  report(
    'FOREIGN_KEY_SETS_NULL',
    'error',
    `${describe(key)} ON DELETE SET NULL, and ${required.join(', ')} must not be null: a ${what} to which such a row refers cannot be deleted.`,
    `${dropNotNull(sequelize, key, required)} Or delete the rows too: ${cascade(sequelize, key)}`,
  )
}

function checkIndex(sequelize: Sequelize, key: ForeignKey, what: Root['what'], report: Report): void {
  // InnoDB creates an index for every foreign key by itself.
  if (isMysql(sequelize) || hasIndexOn(key.table, key.columns)) return
  report(
    'FOREIGN_KEY_WITHOUT_INDEX',
    'warning',
    `${describe(key)} and has no index that begins with it: for each ${what} that is deleted, the database reads all of ${key.table.sql}.`,
    createIndex(sequelize, key.table, key.columns),
  )
}

function describe(key: ForeignKey): string {
  return `${key.table.sql} (${key.columns.join(', ')}) refers to ${key.target.sql}`
}

function dropNotNull(sequelize: Sequelize, key: ForeignKey, names: readonly string[]): string {
  const quote = quoterOf(sequelize)
  return isPostgres(sequelize)
    ? `ALTER TABLE ${key.table.sql} ${names.map((name) => `ALTER COLUMN ${quote(name)} DROP NOT NULL`).join(', ')};`
    : `Let ${names.join(', ')} of ${key.table.sql} be null.`
}

/** Whether looking rows up by these columns is quick: an index that begins with them, in any order, and leaves out none. */
export function hasIndexOn(table: Table, columns: readonly string[], { unique = false } = {}): boolean {
  return table.indexes.some(({ parts, predicate, isUnique, isUsable }) => {
    if (!isUsable || (unique && !(isUnique && parts.length === columns.length))) return false
    const leading = parts.slice(0, columns.length).map(({ field }) => field)
    if (!columns.every((column) => leading.includes(column))) return false
    return predicate === undefined || (!unique && coversAllReferences(predicate, columns))
  })
}

/** An index of the rows that refer to something at all serves as well as one of all rows. */
function coversAllReferences(predicate: string, columns: readonly string[]): boolean {
  const bare = predicate.replace(/[()"]/g, '')
  return columns.some((column) => bare === `${column} IS NOT NULL`)
}
