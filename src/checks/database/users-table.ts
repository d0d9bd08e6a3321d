import type { Catalog, Table } from '../../database/catalog.js'
import { columnNamed, isSameColumn } from '../../database/catalog.js'
import { columnNameOf, sequelizeOf } from '../../database/columns.js'
import { dialectOf } from '../../database/dialect.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import type { Report } from '../finding.js'
import { createIndex } from './remedies.js'

/** Checks the indexes of the application's users table: only a unique one keeps two requests from taking one value at once. */
export async function checkUsersTable(Guest: GuestModel, catalog: Catalog, report: Report): Promise<void> {
  const { User, usernameField } = Guest[guestSettings]
  const sequelize = sequelizeOf(User)
  const users = await catalog.tableOf(User)
  if (users === undefined) return // has a finding
  const username = columnNameOf(User, usernameField)
  if (!hasUniqueIndex(users, username)) {
    report(
      'USERNAME_NOT_UNIQUE',
      'warning',
      `${users.sql} has no unique index on ${username}: two people who convert at once can take the same username.`,
      createIndex(sequelize, users, [username], { unique: true }),
    )
  }
  const email = Object.hasOwn(User.getAttributes(), 'email') ? columnNameOf(User, 'email') : ''
  const column = columnNamed(users, email)
  if (column === undefined) return
  if (!hasUniqueIndex(users, email)) {
    report(
      'EMAIL_NOT_UNIQUE',
      'note',
      `${users.sql} has no unique index on ${email}: two people who convert at once can take the same address.`,
      createIndex(sequelize, users, [email], { unique: true }),
    )
  }
  if (
    !dialectOf(sequelize).comparesWithoutCase &&
    column.type !== 'citext' &&
    !hasLoweredIndex(users, email)
  ) {
    report(
      'EMAIL_WITHOUT_LOWER_INDEX',
      'note',
      `${users.sql} has no index on lower(${email}): the form of convertRouter, which ignores the case of addresses, reads the whole table.`,
      createIndex(sequelize, users, [email], { lower: true }),
    )
  }
}

/** Of the column alone, with others (the tenant, say), of some rows, or of its lower case. */
function hasUniqueIndex(table: Table, field: string): boolean {
  return table.indexes.some(
    ({ isUnique, parts }) =>
      isUnique && parts.some((part) => isSameColumn(part.field, field) || isLowered(part.sql, field)),
  )
}

/** Whether a lookup in any letter case is quick. */
export function hasLoweredIndex(table: Table, field: string): boolean {
  return table.indexes.some(
    ({ parts: [first], predicate }) =>
      first !== undefined && predicate === undefined && isLowered(first.sql, field),
  )
}

/** PostgreSQL writes `lower((email)::text)`. */
function isLowered(expression: string, field: string): boolean {
  const column = expression.toLowerCase().replace(/["'`()\s]|::text/g, '')
  return column === `lower${field.toLowerCase()}`
}
