import { literal, type QueryInterface } from 'sequelize'
import type { Umzug } from 'umzug'
import { driverCode, explainMissingTable } from '../../database/driver-error.js'
import { TablesMissing } from '../../errors.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { migrationsFor, type MigratedModels } from '../../migrations/index.js'
import { requireModels, type Configuration } from '../configuration.js'
import { CommandError, ExitCode, UsageError } from '../failure.js'
import type { Output } from '../output.js'
import { describeLoss } from './data-loss.js'
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
  readonly migrator: Umzug<QueryInterface>
  readonly models: MigratedModels
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
  checkFlags(options)
  const { sequelize } = configuration
  const models = requireModels(configuration)
  const migrator = await makeMigrator(sequelize, models, {
    isReadOnly: options.status === true,
    onBegin: (name) => {
      output.note(`${options.down === true ? 'Reverting' : 'Running'} ${name} …`)
    },
  })
  checkName(models, options.to)
  if (options.status === true) {
    await printStatus(migrator, output)
    return ExitCode.DONE
  }
  const run: MigrationRun = { migrator, models, options, output }
  const onWait = (): void => {
    output.note('Another process is migrating this database: waiting for it …')
  }
  const names = await withLock(sequelize, { onWait }, () => (options.down === true ? goDown(run) : goUp(run)))
  printRun(run, names)
  return ExitCode.DONE
}

function checkFlags({ status, down, to, yes }: MigrateOptions): void {
  if (status === true && (down === true || to !== undefined)) {
    throw new UsageError('--status changes nothing: leave out --down and --to')
  }
  if (yes === true && down !== true)
    throw new UsageError('--yes is for --down: running migrations needs none')
}

function checkName(models: MigratedModels, name: string | undefined): void {
  const known = migrationsFor(models).map((migration) => migration.name)
  if (name === undefined || known.includes(name)) return
  throw new UsageError(`--to: there is no migration '${name}'; there are ${known.join(', ')}`)
}

async function goUp({ migrator, models: { Guest }, options: { to } }: MigrationRun): Promise<string[]> {
  const executed = await namesOf(migrator.executed())
  // Another process ran it; umzug would not find it among the pending ones.
  if (to !== undefined && executed.includes(to)) return []
  const pending = await namesOf(migrator.pending())
  const next = to === undefined ? pending : pending.slice(0, pending.indexOf(to) + 1)
  if (Guest !== undefined && migrationsFor({ Guest }).some(({ name }) => next.includes(name))) {
    await requireUsersTable(Guest)
  }
  try {
    return await namesOf(migrator.up(to === undefined ? {} : { to }))
  } catch (error) {
    throw explainFailure(error)
  }
}

async function goDown({ migrator, models, options, output }: MigrationRun): Promise<string[]> {
  const { to, yes } = options
  const executed = await namesOf(migrator.executed())
  if (to !== undefined && !executed.includes(to)) {
    throw new UsageError(`--down --to: '${to}' has not run, so it cannot be reverted`)
  }
  const loss = await describeLoss(models, executed.slice(to === undefined ? -1 : executed.indexOf(to)))
  if (loss !== undefined && yes !== true) {
    throw new UsageError(`Nothing was reverted: ${loss}`, { help: 'Add --yes to drop these tables anyway.' })
  }
  if (loss !== undefined) output.note(`With --yes: ${loss}.`)
  return await namesOf(migrator.down(to === undefined ? {} : { to }))
}

async function namesOf(migrations: Promise<readonly { readonly name: string }[]>): Promise<string[]> {
  return (await migrations).map(({ name }) => name)
}

/**
 * Migrations of guests refer to the users table. Some of them would have run before the database refuses.
 *
 * @throws {CommandError} if that table is not there
 */
async function requireUsersTable(Guest: GuestModel): Promise<void> {
  const { User } = Guest[guestSettings]
  try {
    // Found as the migrations find it: on PostgreSQL, by the search path.
    await User.unscoped().findAll({
      attributes: [User.primaryKeyAttribute],
      where: literal('1 = 0'),
      paranoid: false,
      raw: true,
    })
  } catch (error) {
    if (!(explainMissingTable(error) instanceof TablesMissing)) throw error
    const table: string | { tableName: string } = User.getTableName()
    throw new CommandError(
      'ERR_USERS_TABLE_MISSING',
      `The users table '${typeof table === 'string' ? table : table.tableName}' is missing, and guests refer to it. ` +
        'Nothing was run: run the migrations of your application first',
      { cause: error },
    )
  }
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

async function printStatus(migrator: Umzug<QueryInterface>, output: Output): Promise<void> {
  const executed = await namesOf(migrator.executed())
  const pending = await namesOf(migrator.pending())
  if (output.isJson) output.document({ executed, pending })
  else {
    output.print(
      ...executed.map((name) => `${output.paint('green', 'done')}     ${name}`),
      ...pending.map((name) => `${output.paint('yellow', 'pending')}  ${name}`),
    )
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
