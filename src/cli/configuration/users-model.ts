import type { Model, ModelAttributes, ModelStatic, Sequelize } from 'sequelize'
import { UsageError } from '../usage-error.js'
import { columnType } from './column-type.js'
import type { TableOptions } from './configuration.js'
import { GUEST_ALIAS } from '../../guest/guest.js'
import { withExactTypes } from './exact-types.js'
import { findTable, type ExistingTable } from './existing-tables.js'
import { dialectOf } from '../../database/dialect.js'

/** What a users table is usually called. */
export const USERS: readonly string[] = ['Users', 'users']

/**
 * The users table, if there is one.
 *
 * @throws {UsageError} if one was named, and is not there
 */
export async function findUsers(
  sequelize: Sequelize,
  { usersTable, schema }: TableOptions,
): Promise<ExistingTable | undefined> {
  const found = await findTable(sequelize, usersTable, USERS, schema)
  if (found === undefined && usersTable !== undefined) {
    throw new UsageError(`--users-table: there is no table '${usersTable}'${where(schema)}`)
  }
  if (found === undefined) return undefined
  return { ...found, columns: await withExactTypes(sequelize, found.name, schema, found.columns) }
}

/** A model of the users as their table has them: every column by its own name, except one that ours needs. */
export function defineUsers(
  sequelize: Sequelize,
  { name, columns }: ExistingTable,
  { schema, underscored = false, usernameField }: TableOptions,
): { User: ModelStatic<Model>; usernameField: string } {
  const keys = Object.keys(columns).filter((column) => columns[column]?.primaryKey === true)
  const [key] = keys
  if (key === undefined || keys.length > 1) {
    throw new UsageError(`The users table '${name}' must have a primary key of one column`)
  }
  if (usernameField !== undefined && !(usernameField in columns)) {
    throw new UsageError(
      `--username-field: '${name}' has no column '${usernameField}'; it has ${Object.keys(columns).join(', ')}`,
    )
  }
  const dialect = dialectOf(sequelize).kind
  const attributes: ModelAttributes = Object.fromEntries(
    Object.entries(columns).map(([column, { type, primaryKey, allowNull }]) => [
      attributeOf(column),
      {
        type: columnType(type, dialect),
        field: column,
        primaryKey,
        allowNull: primaryKey ? false : allowNull,
      },
    ]),
  )
  const User = sequelize.define('User', attributes, {
    tableName: name,
    timestamps: false,
    underscored,
    ...(schema !== undefined && { schema }),
  })
  // Nobody is made here, so that a table without usernames will do.
  const username = usernameField ?? ('username' in columns ? 'username' : key)
  return { User, usernameField: attributeOf(username) }
}

/** A user's mark is found under this name; Sequelize takes none for two things. */
function attributeOf(column: string): string {
  return column === GUEST_ALIAS ? 'column guest' : column
}

function where(schema: string | undefined): string {
  return schema === undefined ? '' : ` in schema '${schema}'`
}
