import type { Sequelize } from 'sequelize'
import type { Catalog, ForeignKey } from '../../database/catalog.js'
import { dialectOf } from '../../database/dialect.js'
import type { Report } from '../finding.js'
import { deletedTables, remedyFor, requiredOf, tablesDeletedWith, type Deleted } from './deletions.js'
import { changeForeignKey, createIndex } from './remedies.js'
import { hasIndexOn, type Models } from './tables.js'

/**
 * Foreign keys that prevent the deletion of guests and passes, or make it slow: those to their tables, and to what a
 * cascade deletes with their rows.
 *
 * @param known foreign keys that have a finding already
 */
export async function checkForeignKeys(
  models: Models,
  catalog: Catalog,
  known: readonly ForeignKey[],
  report: Report,
): Promise<void> {
  const { sequelize } = models
  const checked = new Set<ForeignKey>(known)
  const roots = await deletedTables(models, catalog)
  for (const { table, what } of roots) {
    for (const target of tablesDeletedWith(catalog, table)) {
      for (const key of catalog.foreignKeys.filter((each) => each.target === target)) {
        if (checked.has(key)) continue
        checked.add(key)
        checkAction({ sequelize, catalog, key, what, roots }, report)
        checkIndex({ sequelize, key, what }, report)
      }
    }
  }
}

/** A foreign key, and what it is checked for. */
interface Checked {
  readonly sequelize: Sequelize
  readonly catalog: Catalog
  readonly key: ForeignKey
  readonly what: Deleted['what']
  readonly roots: readonly Deleted[]
}

function checkAction({ sequelize, catalog, key, what, roots }: Checked, report: Report): void {
  const remedy = (): string =>
    remedyFor(catalog, { ...key, what, roots }, (action) => changeForeignKey(sequelize, key, action))
  if (key.onDelete === 'NO ACTION' || key.onDelete === 'RESTRICT') {
    report(
      'FOREIGN_KEY_BLOCKS',
      'error',
      `${describe(key)} ON DELETE ${key.onDelete}: a ${what} to which such a row refers cannot be deleted, by clean-up or by a merge.`,
      remedy(),
    )
  }
  const required = requiredOf(key.table, key.columns)
  if (key.onDelete !== 'SET NULL' || required.length === 0) return
  report(
    'FOREIGN_KEY_SETS_NULL',
    'error',
    `${describe(key)} ON DELETE SET NULL, and ${required.join(', ')} must not be null: a ${what} to which such a row refers cannot be deleted.`,
    `Let ${required.join(', ')} of ${key.table.sql} be null. Or:\n${remedy()}`,
  )
}

function checkIndex(
  { sequelize, key, what }: Pick<Checked, 'sequelize' | 'key' | 'what'>,
  report: Report,
): void {
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
