import type { Sequelize } from 'sequelize'
import { columnNamed, type Catalog, type ForeignKey } from '../../database/catalog.js'
import { columnNameOf } from '../../database/columns.js'
import { dialectOf } from '../../database/dialect.js'
import { guestSettings } from '../../guest/guest.js'
import { referencesIn, tableOf, type Reference } from '../../guest/merge/references.js'
import type { Report } from '../finding.js'
import { deletedTables, remedyFor, type Deleted } from './deletions.js'
import { addForeignKey, changeForeignKey, createIndex, type MissingKey } from './remedies.js'
import { hasIndexOn, ownModels, type Models } from './tables.js'

/** A column that refers to a row by a model's declaration, and what the database has of that. */
interface StoredReference extends MissingKey {
  readonly reference: Reference
  readonly key: ForeignKey | undefined
}

/**
 * Checks that the database deletes the rows of this package with the rows to which they refer, and that it has a foreign
 * key for every other model that refers to `User`: without one, rows stay behind when a guest is deleted.
 *
 * @returns the foreign keys that have a finding
 */
export async function checkReferences(
  models: Models,
  catalog: Catalog,
  report: Report,
): Promise<readonly ForeignKey[]> {
  const own = ownModels(models)
  const wrong = new Map<string, StoredReference>()
  for (const reference of referencesIn(models.sequelize)) {
    const stored = await storedReference(models, catalog, reference)
    if (stored === undefined) continue
    const { table, column, key } = stored
    if (own.includes(reference.model) ? key?.onDelete === 'CASCADE' : key !== undefined) continue
    const place = JSON.stringify([table.sql, column])
    // Of two associations over one column, the one that declares a foreign key tells more.
    if (wrong.get(place)?.reference.isEnforced !== true) wrong.set(place, stored)
  }
  const roots = await deletedTables(models, catalog)
  for (const stored of wrong.values()) {
    if (own.includes(stored.reference.model)) reportOwn(models.sequelize, stored, report)
    else reportOrphans(models, { ...stored, catalog, roots }, report)
  }
  return [...wrong.values()].flatMap(({ key }) => key ?? [])
}

/** `undefined` if it is none of those, or if a table or column is missing, which has a finding. */
async function storedReference(
  models: Models,
  catalog: Catalog,
  reference: Reference,
): Promise<StoredReference | undefined> {
  const { Guest, Visitor: Passes } = models
  const User = Guest?.[guestSettings].User
  const targets = ownModels(models).includes(reference.model) ? [User, Guest, Passes] : [User]
  const Target = targets.find((model) => model !== undefined && tableOf(model) === reference.table)
  const target = Target && (await catalog.tableOf(Target))
  const table = await catalog.tableOf(reference.model)
  const column = table && columnNamed(table, columnNameOf(reference.model, reference.foreignKey))?.name
  if (Target === undefined || target === undefined || table === undefined || column === undefined)
    return undefined
  const keys = catalog.foreignKeys.filter(
    (key) => key.table === table && key.target === target && key.columns.includes(column),
  )
  const key = keys.find(({ onDelete }) => onDelete === 'CASCADE') ?? keys[0]
  const targetColumn = columnNameOf(Target, reference.key ?? Target.primaryKeyAttribute)
  return { reference, table, column, target, targetColumn, key }
}

function reportOwn(sequelize: Sequelize, stored: StoredReference, report: Report): void {
  const { reference, table, column, target, key } = stored
  const problem =
    key === undefined
      ? `has no foreign key to ${target.sql}`
      : `refers to ${target.sql} ON DELETE ${key.onDelete}, not CASCADE`
  report(
    'OWN_FOREIGN_KEY_MISSING',
    'error',
    `${table.sql} (${column}) ${problem}: deleting what rows of ${reference.model.name} belong to fails, or leaves them behind.`,
    key === undefined
      ? addForeignKey(sequelize, stored, 'CASCADE')
      : changeForeignKey(sequelize, key, 'CASCADE'),
  )
}

function reportOrphans(
  { sequelize, Guest }: Models,
  stored: StoredReference & { readonly catalog: Catalog; readonly roots: readonly Deleted[] },
  report: Report,
): void {
  const { reference, table, column, catalog, roots } = stored
  const referrer = { table, columns: [column], what: 'guest', roots } as const
  const User = Guest?.[guestSettings].User.name ?? ''
  report(
    'ROWS_ORPHANED',
    reference.isEnforced ? 'warning' : 'note',
    `${reference.model.name} refers to ${User} by ${column}, and ${table.sql} has no foreign key for it: its rows stay behind when a guest is deleted.`,
    reference.isEnforced
      ? remedyFor(catalog, referrer, (action) =>
          [addForeignKey(sequelize, stored, action), ...indexFor(sequelize, stored)].join('\n'),
        )
      : `The association has constraints: false. Delete such rows yourself, in a beforeDestroy hook of ${User} with cleanup({ individualHooks: true }), or by a trigger.`,
  )
}

/** The index that the foreign key needs, unless there is one, or the database makes it. */
function indexFor(sequelize: Sequelize, { table, column }: StoredReference): string[] {
  const isThere = dialectOf(sequelize).indexesForeignKeys || hasIndexOn(table, [column])
  return isThere ? [] : [createIndex(sequelize, table, [column])]
}
