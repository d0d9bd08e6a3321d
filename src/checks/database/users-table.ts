import type { Model, ModelStatic, Sequelize } from 'sequelize'
import { columnNamed, type Catalog, type Table } from '../../database/catalog.js'
import { fieldOf, quotedTable, sequelizeOf } from '../../database/columns.js'
import { isPostgres } from '../../database/dialect.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { referencesIn, tableOf, type Reference } from '../../guest/merge/references.js'
import type { Report } from '../finding.js'
import { addForeignKey, createIndex } from './remedies.js'

/** Checks the application's own table of users, to which guests belong. Returns whether it is there. */
export async function checkUsersTable(Guest: GuestModel, catalog: Catalog, report: Report): Promise<boolean> {
  const { User } = Guest[guestSettings]
  const users = await catalog.tableOf(User)
  if (users === undefined) {
    report(
      'USERS_TABLE_MISSING',
      'error',
      `The table ${quotedTable(User)} of ${User.name}, to which guests belong, is not in the database.`,
      `Run your application's own migrations first. If they have run: is it the same database and schema, and is the tableName of ${User.name} right?`,
    )
    return false
  }
  checkUsername(Guest, users, report)
  checkEmail(Guest, users, report)
  return true
}

/** Only a unique index keeps two requests from taking one name at once. */
function checkUsername(Guest: GuestModel, users: Table, report: Report): void {
  const { User, usernameField } = Guest[guestSettings]
  const field = fieldOf(User, usernameField)
  if (hasUniqueIndex(users, field)) return
  report(
    'USERNAME_NOT_UNIQUE',
    'warning',
    `${users.sql} has no unique index on ${field}: two people who convert at once can take the same username.`,
    createIndex(sequelizeOf(User), users, [field], { unique: true }),
  )
}

function checkEmail(Guest: GuestModel, users: Table, report: Report): void {
  const { User } = Guest[guestSettings]
  const field = Object.hasOwn(User.getAttributes(), 'email') ? fieldOf(User, 'email') : undefined
  const column = field === undefined ? undefined : columnNamed(users, field)
  if (field === undefined || column === undefined) return
  const sequelize = sequelizeOf(User)
  if (!hasUniqueIndex(users, field)) {
    report(
      'EMAIL_NOT_UNIQUE',
      'note',
      `${users.sql} has no unique index on ${field}: two people who convert at once can take the same address.`,
      createIndex(sequelize, users, [field], { unique: true }),
    )
  }
  if (isPostgres(sequelize) && column.type !== 'citext' && !hasLoweredIndex(users, field)) {
    report(
      'EMAIL_WITHOUT_LOWER_INDEX',
      'note',
      `${users.sql} has no index on lower(${field}): the form of convertRouter, which ignores the case of addresses, reads the whole table.`,
      createIndex(sequelize, users, [field], { lower: true }),
    )
  }
}

/** Of the column alone, with others (the tenant, say), of some rows, or of its lower case. */
function hasUniqueIndex(table: Table, field: string): boolean {
  return table.indexes.some(
    ({ isUnique, parts }) =>
      isUnique && parts.some((part) => part.field === field || isLowered(part.sql, field)),
  )
}

function hasLoweredIndex(table: Table, field: string): boolean {
  return table.indexes.some(
    ({ parts: [first], predicate }) =>
      first !== undefined && predicate === undefined && isLowered(first.sql, field),
  )
}

/** PostgreSQL writes `lower((email)::text)`. */
function isLowered(expression: string, field: string): boolean {
  const column = expression.toLowerCase().replace(/["'()\s]|::text/g, '')
  return column === `lower${field.toLowerCase()}`
}

/** Models that refer to `User` without a foreign key in the database: their rows stay behind when a guest is deleted. */
export async function checkOrphans(
  sequelize: Sequelize,
  Guest: GuestModel,
  catalog: Catalog,
  report: Report,
): Promise<void> {
  const { User } = Guest[guestSettings]
  const users = await catalog.tableOf(User)
  if (users === undefined) return
  const orphans = new Map<string, Orphan>()
  for (const reference of referencesIn(sequelize)) {
    if (reference.table !== tableOf(User) || reference.model === Guest) continue // own tables have checks of their own
    const table = await catalog.tableOf(reference.model)
    const column = table && columnNamed(table, fieldOf(reference.model, reference.foreignKey))?.name
    if (table === undefined || column === undefined) continue
    const hasKey = catalog.foreignKeys.some(
      (key) => key.table === table && key.target === users && key.columns.includes(column),
    )
    const place = JSON.stringify([table.sql, column])
    // Of two associations over one column, the one that declares a foreign key tells more.
    if (hasKey || orphans.get(place)?.reference.isEnforced === true) continue
    orphans.set(place, { reference, table, users, column })
  }
  for (const orphan of orphans.values()) reportOrphan(User, orphan, report)
}

/** A column that refers to users without a foreign key in the database. */
interface Orphan {
  readonly reference: Reference
  readonly table: Table
  readonly users: Table
  readonly column: string
}

function reportOrphan(
  User: ModelStatic<Model>,
  { reference: { model, isEnforced, key }, table, users, column }: Orphan,
  report: Report,
): void {
  const targetColumn = fieldOf(User, key ?? User.primaryKeyAttribute)
  report(
    'ROWS_ORPHANED',
    isEnforced ? 'warning' : 'note',
    `${model.name} refers to ${User.name} by ${column}, and ${table.sql} has no foreign key for it: its rows stay behind when a guest is deleted.`,
    isEnforced
      ? addForeignKey(sequelizeOf(User), { table, column, target: users, targetColumn })
      : `The association has constraints: false. Delete such rows yourself, in a beforeDestroy hook of ${User.name} with cleanup({ individualHooks: true }), or by a trigger.`,
  )
}
