import type { Sequelize } from 'sequelize'
import { fieldOf, quoterOf } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { referencesIn, tableOf, type Reference } from '../../guest/merge/references.js'
import type { Finding } from '../finding.js'
import { columnNamed, type Catalog, type Table } from '../../database/catalog.js'
import { isMysql, isPostgres } from '../../database/dialect.js'

/** Models that refer to `User` where the database knows nothing of it: their rows stay behind when a guest goes. */
export async function checkOrphans(
  sequelize: Sequelize,
  Guest: GuestModel,
  catalog: Catalog,
): Promise<Finding[]> {
  const { User } = Guest[guestSettings]
  const users = await catalog.tableOf(User)
  if (users === undefined) return []
  const findings = new Map<string, Finding>()
  for (const reference of referencesIn(sequelize)) {
    if (reference.table !== tableOf(User) || reference.model === Guest) continue // that of guests is looked at elsewhere
    const table = await catalog.tableOf(reference.model)
    if (table === undefined) continue
    const field = fieldOf(reference.model, reference.foreignKey)
    const column = columnNamed(table, field)?.name
    if (column === undefined || isGuarded(catalog, table, column, users)) continue
    const where = JSON.stringify([table.sql, column])
    // Of two associations over one column, the one that wants a foreign key says more.
    if (findings.get(where)?.severity === 'warning') continue
    findings.set(where, orphaned(sequelize, reference, { Guest, table, users, column }))
  }
  return [...findings.values()]
}

function isGuarded({ foreignKeys }: Catalog, table: Table, column: string, users: Table): boolean {
  return foreignKeys.some(
    (key) => key.table === table && key.target === users && key.columns.includes(column),
  )
}

interface Place {
  readonly Guest: GuestModel
  readonly table: Table
  readonly users: Table
  readonly column: string
}

function orphaned(
  sequelize: Sequelize,
  { model, isEnforced, key }: Reference,
  { Guest, table, users, column }: Place,
): Finding {
  const { User } = Guest[guestSettings]
  const message = `${model.name} refers to ${User.name} by ${column}, and ${table.sql} has no foreign key for it: its rows stay behind when a guest is deleted.`
  if (!isEnforced) {
    return {
      code: 'rows-orphaned',
      severity: 'note',
      message,
      remedy: `The association says constraints: false. Delete such rows yourself, in a beforeDestroy hook of ${User.name} with cleanup({ individualHooks: true }), or by a trigger.`,
    }
  }
  const quote = quoterOf(sequelize)
  const target = quote(fieldOf(User, key ?? User.primaryKeyAttribute))
  const canAlter = isPostgres(sequelize) || isMysql(sequelize)
  const definition = `FOREIGN KEY (${quote(column)}) REFERENCES ${users.sql} (${target}) ON DELETE CASCADE ON UPDATE CASCADE`
  return {
    code: 'rows-orphaned',
    severity: 'warning',
    message,
    remedy: canAlter
      ? `ALTER TABLE ${table.sql} ADD ${definition};`
      : `SQLite cannot add a foreign key: make ${table.sql} anew with ${definition}, and copy its rows.`,
  }
}
