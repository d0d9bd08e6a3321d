import type { QueryInterface, Sequelize } from 'sequelize'
import type { Umzug } from 'umzug'
import { driverCode } from '../../database/driver-error.js'
import { hasTable, tableNameOf } from '../../database/table.js'
import type { GuestModel } from '../../guest/guest.js'
import type { TableMigration } from '../../migrations/migration.js'
import { tableMigrationsFor } from '../../migrations/migrations-for.js'
import { requireUsersTable } from '../../migrations/users-table.js'
import { requireModels, type Configuration } from '../configuration.js'
import { CommandError, ExitCode, UsageError } from '../failure.js'
import type { Output } from '../output.js'
import { counted } from '../text.js'
import { withLock } from './lock.js'
import { makeMigrator } from './migrator.js'

/** Flags of `migrate`. */
interface MigrateOptions {
  readonly to?: string
  readonly down?: boolean
  readonly yes?: boolean
  readonly status?: boolean
}

/** What a run of the migrations works with. */
interface MigrationRun {
  readonly sequelize: Sequelize
  readonly migrator: Umzug<QueryInterface>
  readonly migrations: readonly TableMigration[]
  readonly Guest: GuestModel | undefined
  readonly options: MigrateOptions
  readonly output: Output
}

const TABLE_EXISTS = ['42P07', 'ER_DUP_KEYNAME', 'ER_TABLE_EXISTS_ERROR']
/** PostgreSQL's, and MySQL's; MariaDB has `errno: 150` in the message. */
const KEYS_DIFFER = ['42804', 'ER_FK_INCOMPATIBLE_COLUMNS']

/** Runs migrations, reverts them, or lists which have run. */
export async function migrate(
  configuration: Configuration,
  output: Output,
  options: MigrateOptions,
): Promise<ExitCode> {
  const { sequelize } = configuration
  const models = requireModels(configuration)
  const migrations = tableMigrationsFor(models)
  const isDown = options.down === true
  checkFlags(options, migrations)
  const migrator = await makeMigrator({
    sequelize,
    migrations,
    isReadOnly: options.status === true,
    onBegin: (name) => {
      output.note(`${isDown ? 'Reverting' : 'Running'} ${name} …`)
    },
  })
  if (options.status === true) {
    await printStatus({ sequelize, migrator, migrations, output })
    return ExitCode.DONE
  }
  const run: MigrationRun = { sequelize, migrator, migrations, Guest: models.Guest, options, output }
  const onWait = (): void => {
    output.note('Another process is migrating this database: waiting for it …')
  }
  printRun(run, await withLock(sequelize, onWait, () => (isDown ? goDown(run) : goUp(run))))
  return ExitCode.DONE
}

function checkFlags(
  { status, down, to, yes }: MigrateOptions,
  migrations: readonly { readonly name: string }[],
): void {
  if (status === true && (down === true || to !== undefined)) {
    throw new UsageError('--status changes nothing: leave out --down and --to')
  }
  if (yes === true && down !== true) {
    throw new UsageError('--yes is for --down: running migrations needs none')
  }
  const names = migrations.map(({ name }) => name)
  if (to !== undefined && !names.includes(to)) {
    throw new UsageError(`--to: there is no migration '${to}'; there are ${names.join(', ')}`)
  }
}

async function goUp({ sequelize, migrator, Guest, options: { to } }: MigrationRun): Promise<string[]> {
  const executed = await namesOf(migrator.executed())
  // Another process ran it; umzug would not find it among the pending ones.
  if (to !== undefined && executed.includes(to)) return []
  const pending = await namesOf(migrator.pending())
  const next = to === undefined ? pending : pending.slice(0, pending.indexOf(to) + 1)
  if (Guest !== undefined && tableMigrationsFor({ Guest }).some(({ name }) => next.includes(name))) {
    await requireUsersTable(Guest, sequelize.getQueryInterface())
  }
  try {
    return await namesOf(migrator.up(to === undefined ? {} : { to }))
  } catch (error) {
    throw explainFailure(error)
  }
}

async function goDown(run: MigrationRun): Promise<string[]> {
  const { migrator, options, output } = run
  const { to, yes } = options
  const executed = await namesOf(migrator.executed())
  if (to !== undefined && !executed.includes(to)) {
    throw new UsageError(`--down --to: '${to}' has not run, so it cannot be reverted`)
  }
  const loss = await describeLoss(run, executed.slice(to === undefined ? -1 : executed.indexOf(to)))
  if (loss !== undefined && yes !== true) {
    throw new UsageError(`Nothing was reverted: ${loss}`, { help: 'Add --yes to drop these tables anyway.' })
  }
  if (loss !== undefined) output.note(`With --yes: ${loss}.`)
  return await namesOf(migrator.down(to === undefined ? {} : { to }))
}

/** What is lost if these migrations are reverted, in one sentence; `undefined` if their tables are empty. */
async function describeLoss(
  { sequelize, migrations, Guest }: MigrationRun,
  names: readonly string[],
): Promise<string | undefined> {
  const lost: string[] = []
  let consequence = ''
  for (const { model } of migrations.flatMap(({ name, tables }) => (names.includes(name) ? tables : []))) {
    const rows = (await hasTable(model, { sequelize })) ? await model.unscoped().count() : 0
    if (rows === 0) continue
    lost.push(`${counted(rows, 'row')} of ${tableNameOf(model)}`)
    if (model === Guest) {
      consequence = `; ${counted(rows, 'guest')} would be regular users from then on, and never expire`
    }
  }
  return lost.length === 0 ? undefined : `${lost.join(', ')} would be lost${consequence}`
}

async function namesOf(migrations: Promise<readonly { readonly name: string }[]>): Promise<string[]> {
  return (await migrations).map(({ name }) => name)
}

/** Explains the two ways in which a migration is likely to fail; other errors stay as they are. */
function explainFailure(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  const code = driverCode(cause) ?? ''
  const message = error instanceof Error ? error.message : ''
  const text = cause instanceof Error ? cause.message : ''
  if (TABLE_EXISTS.includes(code) || text.includes('already exists')) {
    return new CommandError('ERR_TABLES_EXIST', `The tables exist already: ${message}`, {
      cause: error,
      help:
        'sequelize.sync(), migrations of your own, or a run that was cut short created them. ' +
        'If it is an index (Duplicate key name), drop that index or the table, if it is empty, and run migrate again. ' +
        'See "Tables that exist already" in docs/operations.md.',
    })
  }
  if (KEYS_DIFFER.includes(code) || /errno: 150\b/.test(text)) {
    return new CommandError(
      'ERR_KEYS_DIFFER',
      `The column that refers to the users has another type, character set or collation than their primary key: ${message}`,
      { cause: error, help: 'See "A users table in another character set" in docs/operations.md.' },
    )
  }
  return error
}

async function printStatus({
  sequelize,
  migrator,
  migrations,
  output,
}: Pick<MigrationRun, 'sequelize' | 'migrator' | 'migrations' | 'output'>): Promise<void> {
  const executed = await namesOf(migrator.executed())
  const pending = await namesOf(migrator.pending())
  if (output.isJson) output.document({ executed, pending })
  else {
    output.print(...executed.map((name) => `done     ${name}`), ...pending.map((name) => `pending  ${name}`))
  }
  for (const { model } of migrations.flatMap(({ name, tables }) => (pending.includes(name) ? tables : [])))
    if (await hasTable(model, { sequelize })) {
      output.note(
        'Tables of pending migrations exist: sequelize.sync(), or a runner of your own such as sequelize-cli, created them. ' +
          'Go on with that one. migrate does not see what it ran, and would stop at the first of them.',
      )
      return
    }
}

function printRun({ output, options: { down, to } }: MigrationRun, names: readonly string[]): void {
  const isDown = down === true
  if (output.isJson) output.document(isDown ? { reverted: names } : { executed: names })
  else if (names.length === 0 && isDown) output.print('Nothing to revert.')
  else if (names.length === 0) {
    output.print(`Nothing to do: ${to === undefined ? 'all migrations have' : `${to} has`} run.`)
  } else output.print(...names.map((name) => `${isDown ? 'reverted' : 'done'}  ${name}`))
}
