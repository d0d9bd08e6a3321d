import type { Model, ModelStatic, QueryInterface, Sequelize } from 'sequelize'
import type { Umzug } from 'umzug'
import { explainMissingTable } from '../../database/driver-error.js'
import { TablesMissing } from '../../errors.js'
import type { TableMigration } from '../../migrations/migration.js'
import { CommandError, ExitCode } from '../failure.js'

/** How the migrations are run. */
export interface MigratorOptions {
  readonly sequelize: Sequelize
  readonly migrations: readonly TableMigration[]
  /** Whether nothing may be changed, the table of executed migrations included. */
  readonly isReadOnly: boolean
  /** Called as each migration begins. */
  readonly onBegin: (name: string) => void
}

/** Apart from the application's own list of migrations, which may be umzug's too. */
const TABLE = 'passport_ephemeral_migrations'

/**
 * Umzug with these migrations.
 *
 * @throws {CommandError} if umzug, which is an optional peer dependency, is not installed
 */
export async function makeMigrator({
  sequelize,
  migrations,
  isReadOnly,
  onBegin,
}: MigratorOptions): Promise<Umzug<QueryInterface>> {
  const { SequelizeStorage, Umzug } = await importUmzug()
  // The table stands beside the others.
  const beside: string | { schema?: string } | undefined = migrations[0]?.tables[0]?.model.getTableName()
  const storage = new SequelizeStorage({
    sequelize,
    modelName: 'PassportEphemeralMigration',
    tableName: TABLE,
    ...(typeof beside === 'object' && beside.schema && { schema: beside.schema }),
  })
  // Umzug's own would create the table.
  if (isReadOnly) storage.executed = () => readExecuted(sequelize.model('PassportEphemeralMigration'))
  const umzug = new Umzug<QueryInterface>({
    migrations: migrations.map(({ name, up, down }) => ({ name, up, down })),
    context: sequelize.getQueryInterface(),
    storage,
    logger: undefined,
  })
  for (const event of ['migrating', 'reverting'] as const) {
    umzug.on(event, ({ name }) => {
      onBegin(name)
    })
  }
  return umzug
}

async function importUmzug(): Promise<typeof import('umzug')> {
  try {
    return await import('umzug')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes("'umzug'")) throw error
    throw new CommandError('ERR_UMZUG_MISSING', 'migrate needs umzug 3.8 or newer, which is not installed', {
      cause: error,
      exitCode: ExitCode.USAGE,
      help: 'Install it: npm install umzug. Or run the migrations of passport-ephemeral/migrations by your own runner.',
    })
  }
}

/** Where there is no table yet, no migration has run. */
async function readExecuted(Rows: ModelStatic<Model>): Promise<string[]> {
  try {
    const rows = await Rows.findAll({ order: ['name'] })
    return rows.map((row) => String(row.get('name')))
  } catch (error) {
    if (explainMissingTable(error) instanceof TablesMissing) return []
    throw error
  }
}
