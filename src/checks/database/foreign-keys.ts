import type { Sequelize } from 'sequelize'
import type { Catalog, ForeignKey } from '../../database/catalog.js'
import { dialectOf } from '../../database/dialect.js'
import { guestSettings } from '../../guest/guest.js'
import type { Report } from '../finding.js'
import { cascade, createIndex } from './remedies.js'
import { hasIndexOn, type Models } from './tables.js'

/** What one of the rows is that the clean-up deletes. */
type Deleted = 'guest' | 'visitor pass'

/**
 * Foreign keys that prevent the deletion of guests and passes, or make it slow: those to their tables, and to what a
 * cascade deletes with their rows.
 *
 * @param known foreign keys that have a finding already
 */
export async function checkForeignKeys(
  { sequelize, Guest, Visitor: Passes }: Models,
  catalog: Catalog,
  known: readonly ForeignKey[],
  report: Report,
): Promise<void> {
  const checked = new Set<ForeignKey>(known)
  const roots = [
    [Guest?.[guestSettings].User, 'guest'],
    [Passes, 'visitor pass'],
  ] as const
  for (const [model, what] of roots) {
    const table = model && (await catalog.tableOf(model))
    const deleted = table === undefined ? [] : [table]
    for (const target of deleted) {
      for (const key of catalog.foreignKeys.filter((each) => each.target === target)) {
        if (key.onDelete === 'CASCADE' && !deleted.includes(key.table)) deleted.push(key.table)
        if (checked.has(key)) continue
        checked.add(key)
        checkAction(sequelize, key, what, report)
        checkIndex(sequelize, key, what, report)
      }
    }
  }
}

function checkAction(sequelize: Sequelize, key: ForeignKey, what: Deleted, report: Report): void {
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
    `Let ${required.join(', ')} of ${key.table.sql} be null. Or delete the rows too: ${cascade(sequelize, key)}`,
  )
}

function checkIndex(sequelize: Sequelize, key: ForeignKey, what: Deleted, report: Report): void {
  if (dialectOf(sequelize).indexesForeignKeys || hasIndexOn(key.table, key.columns)) return
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
