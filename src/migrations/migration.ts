import type { ModelStatic, Model, QueryInterface } from 'sequelize'
import { fieldOf } from '../database/columns.js'

/**
 * One step of the schema. `up` and `down` take a `QueryInterface`, as sequelize-cli passes it, or an object with it as
 * `context`, as umzug does.
 */
export interface Migration {
  readonly name: string
  readonly up: (target: MigrationTarget) => Promise<void>
  readonly down: (target: MigrationTarget) => Promise<void>
}

export type MigrationTarget = QueryInterface | { readonly context: QueryInterface }

/** The database that a runner hands over, whichever runner it is. */
export function queryInterfaceOf(target: MigrationTarget): QueryInterface {
  return 'context' in target ? target.context : target
}

/** Renames attributes to the columns that the host's conventions give them. */
export function inColumns<T>(
  Table: ModelStatic<Model>,
  attributes: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(attributes).map(([attribute, definition]) => [fieldOf(Table, attribute), definition]),
  )
}

/** Adds an index over attributes, under the name that `sequelize.sync()` would give it. */
export async function addIndex(
  queryInterface: QueryInterface,
  Table: ModelStatic<Model>,
  attributes: readonly string[],
  { unique = false }: { unique?: boolean } = {},
): Promise<void> {
  const fields = attributes.map((attribute) => fieldOf(Table, attribute))
  await queryInterface.addIndex(Table.getTableName(), { fields, unique })
}
