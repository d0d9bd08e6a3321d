import type { Catalog, Table } from '../../database/catalog.js'
import { guestSettings } from '../../guest/guest.js'
import type { Action } from './remedies.js'
import type { Models } from './tables.js'

/** A table of which the clean-up deletes single rows, and what such a row is. */
export interface Deleted {
  readonly table: Table
  readonly what: 'guest' | 'visitor pass'
}

/** The tables of users and of passes, so far as they are there. */
export async function deletedTables(
  { Guest, Visitor: Passes }: Models,
  catalog: Catalog,
): Promise<readonly Deleted[]> {
  const users = Guest && (await catalog.tableOf(Guest[guestSettings].User))
  const passes = Passes && (await catalog.tableOf(Passes))
  return [
    ...(users ? [{ table: users, what: 'guest' } as const] : []),
    ...(passes ? [{ table: passes, what: 'visitor pass' } as const] : []),
  ]
}

/** The tables that lose rows when rows of this one are deleted: this one, and those that a cascade reaches. */
export function tablesDeletedWith(catalog: Catalog, table: Table): readonly Table[] {
  const deleted = [table]
  for (const target of deleted) {
    for (const key of catalog.foreignKeys) {
      const isReached = key.target === target && key.onDelete === 'CASCADE'
      if (isReached && !deleted.includes(key.table)) deleted.push(key.table)
    }
  }
  return deleted
}

/** Columns that refer to a row that is to be deleted. */
export interface Referrer {
  readonly table: Table
  readonly columns: readonly string[]
  /** What the row is to which they refer. */
  readonly what: Deleted['what']
  /** Tables of which no cascade may delete a row. */
  readonly roots: readonly Deleted[]
}

/**
 * A remedy that makes a row deletable to which others refer. What can be null is set to null: those rows may belong to
 * another user. Where a cascade would reach users or passes (a user who refers to a user, the owner of a tenant with members),
 * it would delete regular accounts, and no statement is given.
 *
 * @param statements those for the action
 */
export function remedyFor(
  catalog: Catalog,
  { table, columns, what, roots }: Referrer,
  statements: (action: Action) => string,
): string {
  const required = requiredOf(table, columns)
  if (required.length === 0) {
    return `-- The rows of ${table.sql} stay, without the reference.\n${statements('SET NULL')}`
  }
  const deleted = tablesDeletedWith(catalog, table)
  const reached = deleted.filter((each) => roots.some((root) => root.table === each)).map(({ sql }) => sql)
  if (reached.length > 0) {
    return `The application must decide what becomes of these rows: ON DELETE CASCADE would delete other rows of ${reached.join(', ')} with the ${what}. Let ${required.join(', ')} of ${table.sql} be null and use ON DELETE SET NULL, or refer to another row before the ${what} is deleted.`
  }
  const names = deleted.map(({ sql }) => sql).join(', ')
  return `-- Caution: the rows of ${names} that belong to it are deleted with the ${what}.\n${statements('CASCADE')}`
}

/** Those of the columns that must not be null. */
export function requiredOf(table: Table, columns: readonly string[]): string[] {
  return table.columns
    .filter(({ name, isNullable }) => columns.includes(name) && !isNullable)
    .map(({ name }) => name)
}
