import type { Model, ModelStatic, QueryInterface, Sequelize } from 'sequelize'
import type { Umzug } from 'umzug'
import { explainMissingTable } from '../../database/driver-error.js'
import { TablesMissing } from '../../errors.js'
import { migrationsFor, type MigratedModels } from '../../migrations/index.js'
import { CommandError, ExitCode } from '../failure.js'

/** How the migrations are run. */
export interface MigratorOptions {
  /** Whether nothing may be changed, the table of executed migrations included. */
  readonly isReadOnly: boolean
  /** Called as each migration begins. */
  readonly onBegin: (name: string) => void
}

/** Apart from the application's own list of migrations, which may be umzug's too. */
const TABLE = 'passport_ephemeral_migrations'

/** `migrate` needs umzug, which is an optional peer dependency, and it is not installed. */
class UmzugMissing extends CommandError {
  override readonly name = 'UmzugMissing'
  override readonly exitCode = ExitCode.USAGE

  constructor(options: ErrorOptions) {
    super('ERR_UMZUG_MISSING', 'migrate needs umzug 3.8 or newer, which is not installed', {
      ...options,
      help: 'Install it: npm install umzug. Or run the migrations of passport-ephemeral/migrations by your own runner.',
    })
  }
}

/**
 * Umzug with the migrations of the models that are in use.
 *
 * @throws {UmzugMissing} if umzug is not installed
 */
export async function makeMigrator(
  sequelize: Sequelize,
  models: MigratedModels,
  { isReadOnly, onBegin }: MigratorOptions,
): Promise<Umzug<QueryInterface>> {
  const { SequelizeStorage, Umzug } = await importUmzug()
  const schema = schemaOf(models.Visitor ?? models.Guest)
  const storage = new SequelizeStorage({
    sequelize,
    modelName: 'PassportEphemeralMigration',
    tableName: TABLE,
    ...(schema !== undefined && { schema }),
  })
  // Umzug's own would create the table.
  if (isReadOnly) storage.executed = () => readExecuted(sequelize.model('PassportEphemeralMigration'))
  const umzug = new Umzug<QueryInterface>({
    migrations: migrationsFor(models).map(({ name, up, down }) => ({ name, up, down })),
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
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'umzug'")) {
      throw new UmzugMissing({ cause: error })
    }
    throw error
  }
}

/** The table stands beside the others. */
function schemaOf(Table: ModelStatic<Model> | undefined): string | undefined {
  const name: string | { schema?: string } | undefined = Table?.getTableName()
  return typeof name === 'object' && name.schema ? name.schema : undefined
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
