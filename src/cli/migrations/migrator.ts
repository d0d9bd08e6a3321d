import type { Model, ModelStatic, QueryInterface, Sequelize } from 'sequelize'
import { Umzug } from 'umzug'
import { migrationsFor, type MigratedModels } from '../../migrations/index.js'
import { Ledger } from './ledger.js'

/** How migrations are gone through. */
export interface MigratorOptions {
  /** Whether only to look. */
  readonly isReadOnly: boolean
  /** Told as each begins. */
  readonly onBegin: (name: string) => void
}

/** Umzug with the migrations of the models that are in use. */
export function makeMigrator(
  sequelize: Sequelize,
  models: MigratedModels,
  { isReadOnly, onBegin }: MigratorOptions,
): Umzug<QueryInterface> {
  const umzug = new Umzug<QueryInterface>({
    migrations: migrationsFor(models).map(({ name, up, down }) => ({ name, up, down })),
    context: sequelize.getQueryInterface(),
    storage: new Ledger({ sequelize, schema: schemaOf(models.Visitor ?? models.Guest), isReadOnly }),
    logger: undefined,
  })
  for (const event of ['migrating', 'reverting'] as const) {
    umzug.on(event, ({ name }) => {
      onBegin(name)
    })
  }
  return umzug
}

/** The ledger stands beside the other tables. */
function schemaOf(Table: ModelStatic<Model> | undefined): string | undefined {
  const name: string | { schema?: string } | undefined = Table?.getTableName()
  return typeof name === 'object' && name.schema ? name.schema : undefined
}
