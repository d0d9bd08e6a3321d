import {
  Utils,
  type Model,
  type ModelStatic,
  type QueryInterface,
  type QueryInterfaceCreateTableOptions,
} from 'sequelize'
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

/** The `QueryInterface` that umzug or sequelize-cli passes. */
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

/** The host's options of every table: on MySQL, character set, collation and engine. */
export function tableOptions(Table: ModelStatic<Model>): QueryInterfaceCreateTableOptions {
  const { engine, charset, collate } = Table.options as QueryInterfaceCreateTableOptions
  return {
    ...(engine !== undefined && { engine }),
    ...(charset !== undefined && { charset }),
    ...(collate !== undefined && { collate }),
  }
}

/** Adds an index over attributes, under the name that `sequelize.sync()` would give it. */
export async function addIndex(
  queryInterface: QueryInterface,
  Table: ModelStatic<Model>,
  attributes: readonly string[],
  { unique = false }: { unique?: boolean } = {},
): Promise<void> {
  const table = Table.getTableName()
  const tableName = typeof table === 'string' ? table : table.tableName
  const fields = attributes.map((attribute) => fieldOf(Table, attribute))
  const name = Utils.underscoredIf(`${tableName}_${attributes.join('_')}`, true)
  await queryInterface.addIndex(table, { name, fields, unique })
}
