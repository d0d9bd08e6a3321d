import {
  DataTypes,
  Utils,
  type Model,
  type ModelAttributeColumnOptions,
  type ModelAttributes,
  type ModelStatic,
  type QueryInterface,
  type QueryInterfaceCreateTableOptions,
} from 'sequelize'
import { columnNameOf } from '../database/columns.js'
import { indexOver } from '../database/own-model.js'

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

/** A table as a migration creates it. */
interface Table {
  readonly model: ModelStatic<Model>
  readonly attributes: ModelAttributes
  /** Indexes over attributes. */
  readonly indexes: readonly {
    readonly over: readonly string[]
    readonly unique?: boolean
    readonly lowerCase?: boolean
  }[]
}

/** A migration that creates tables, and drops them when it is reverted. */
export interface TableMigration extends Migration {
  readonly tables: readonly Table[]
}

/**
 * Makes a migration of the tables that it creates. What is written in a migration stays as it was published: a later change
 * to the models is a later migration. Names, the schema, and the types of keys that are referred to are read from the models.
 */
export function tableMigration(name: string, tables: readonly Table[]): TableMigration {
  return {
    name,
    tables,
    async up(target) {
      for (const table of tables) await createTable(queryInterfaceOf(target), table)
    },
    async down(target) {
      for (const { model } of tables.toReversed()) {
        await queryInterfaceOf(target).dropTable(model.getTableName())
      }
    },
  }
}

/** A column that refers to an attribute of another table; its row is deleted with the row that it refers to. */
export function reference(model: ModelStatic<Model>, attribute: string): ModelAttributeColumnOptions {
  return {
    type: model.getAttributes()[attribute]?.type ?? DataTypes.INTEGER,
    allowNull: false,
    references: { model: model.getTableName() as string, key: columnNameOf(model, attribute) },
    onDelete: 'CASCADE',
    onUpdate: 'CASCADE',
  }
}

/** The `QueryInterface` that umzug or sequelize-cli passes. */
export function queryInterfaceOf(target: MigrationTarget): QueryInterface {
  return 'context' in target ? target.context : target
}

/** As `sequelize.sync()` would: names and options follow the host's conventions. */
async function createTable(
  queryInterface: QueryInterface,
  { model, attributes, indexes }: Table,
): Promise<void> {
  const columns = Object.entries(attributes).map(([name, definition]) => [
    columnNameOf(model, name),
    definition,
  ])
  const { engine, charset, collate } = model.options as QueryInterfaceCreateTableOptions
  const table: string | { tableName: string } = model.getTableName()
  await queryInterface.createTable(table, Object.fromEntries(columns) as ModelAttributes, {
    ...(engine !== undefined && { engine }),
    ...(charset !== undefined && { charset }),
    ...(collate !== undefined && { collate }),
  })
  const tableName = typeof table === 'string' ? table : table.tableName
  for (const { over, unique = false, lowerCase = false } of indexes) {
    const name = Utils.underscoredIf(`${tableName}_${over.join('_')}`, true)
    await queryInterface.addIndex(table, {
      name,
      unique,
      ...indexOver(model, over, lowerCase),
    })
  }
}
