import { hash } from 'node:crypto'
import { Model, type ModelStatic, type Sequelize } from 'sequelize'
import { columnNameOf, hostOptions, sequelizeOf } from './columns.js'

/**
 * The name by which sessions and cookies record a model. Models of two Sequelize instances can have one name, and two
 * applications can share a session store: a digest of database, schema and table tells their rows apart.
 *
 * Host, port, user, password and dialect are left out. They differ between the processes of one application, or change
 * while sessions last: another address of the same server, a replica, a socket, a new password, the other MariaDB driver.
 *
 * @param Table the model whose primary keys the session holds
 * @param database instead of the name by which Sequelize connects
 */
export function nameInSessions(
  { name }: ModelStatic<Model>,
  Table: ModelStatic<Model>,
  database = databaseOf(sequelizeOf(Table)),
): string {
  return `${name}@${hash('sha256', JSON.stringify([database, ...placeOf(Table)]), 'base64url').slice(0, 12)}`
}

/** Schema and name of a model's table. */
function placeOf(Table: ModelStatic<Model>): readonly [schema: string, table: string] {
  const table: string | { readonly schema: string; readonly tableName: string } = Table.getTableName()
  return typeof table === 'string' ? ['', table] : [table.schema, table.tableName]
}

/**
 * Whether a value is an instance for a row of a model's table, with the model's primary key, of whichever class: scopes of a
 * model have its rows. A model that extends another one, with a schema, a table or a Sequelize instance of its own, has other
 * rows with the same keys; and a model of the same table with another primary key has other keys.
 */
export function isRowOf<M extends Model>(Table: ModelStatic<M>, value: unknown): value is M {
  if (!(value instanceof Model)) return false
  const Own = value.constructor as ModelStatic<Model>
  if (Own === Table) return true
  const identify = (Each: ModelStatic<Model>): string =>
    JSON.stringify([...placeOf(Each), columnNameOf(Each, Each.primaryKeyAttribute)])
  return Own.sequelize === Table.sequelize && identify(Own) === identify(Table)
}

/** Whether {@link nameInSessions} made this for a model of that name, wherever its rows are. */
export function isNameInSessions(value: unknown, modelName: string): boolean {
  return typeof value === 'string' && value.replace(/@[\w-]{12}$/, '') === modelName
}

/** The database on the primary; on SQLite its file, as it is configured. */
function databaseOf(sequelize: Sequelize): string {
  const { replication, storage } = hostOptions(sequelize) as Connection
  const primary = replication ? replication.write?.database : undefined
  return primary ?? storage ?? sequelize.getDatabaseName()
}

/** What Sequelize's types leave out: no replication is `false`, and its `write` may be missing. */
interface Connection {
  readonly storage?: string
  readonly replication?: false | { readonly write?: { readonly database?: string } }
}
