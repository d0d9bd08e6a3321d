import type { Command } from 'commander'
import type { Umzug } from 'umzug'
import type { QueryInterface } from 'sequelize'
import { ExitCode } from '../exit-code.js'
import { explainFailure } from '../migrations/explain-failure.js'
import { withLock } from '../migrations/lock.js'
import { makeMigrator } from '../migrations/migrator.js'
import { checkUsersFirst } from '../migrations/users-first.js'
import type { GuestModel } from '../../guest/guest.js'
import { migrationsFor } from '../../migrations/index.js'
import { modelsOf } from '../models.js'
import type { Output } from '../output.js'
import type { Perform } from '../perform.js'
import { UsageError } from '../usage-error.js'

interface MigrateOptions {
  readonly to?: string
  readonly down?: boolean
  readonly status?: boolean
}

const AFTER_HELP = `
What has run is written down in the table passport_ephemeral_migrations. Any
number of processes may start this at once on PostgreSQL, MySQL and MariaDB: one
migrates, the others wait and find it done. SQLite has no such lock: start one.

Examples:
  $ passport-ephemeral migrate --status
  $ passport-ephemeral migrate
  $ passport-ephemeral migrate --down --to passport-ephemeral-0002-guests`

/** `migrate`: makes the tables, or takes them away. */
export function defineMigrate(program: Command, perform: Perform): void {
  program
    .command('migrate')
    .summary('make or change the tables')
    .description('Runs the migrations that have not run yet.')
    .option('--to <name>', 'stop after this migration; with --down, revert down to it, and it too')
    .option('--down', 'revert the last migration: its tables go, with everything in them')
    .option('--status', 'say which have run and which have not, and change nothing')
    .addHelpText('after', AFTER_HELP)
    .action((options: MigrateOptions) => {
      if (options.status === true && (options.down === true || options.to !== undefined)) {
        throw new UsageError('--status changes nothing: leave out --down and --to')
      }
      return perform(async (configuration, output) => {
        const { sequelize } = configuration
        const models = modelsOf(configuration)
        const migrator = makeMigrator(sequelize, models, {
          isReadOnly: options.status === true,
          onBegin: (name) => {
            output.note(`${options.down === true ? 'Reverting' : 'Running'} ${name} …`)
          },
        })
        await checkName(migrator, options.to)
        if (options.status === true) await printStatus(migrator, output)
        else {
          const onWait = (): void => {
            output.note('Another process is migrating this database: waiting for it …')
          }
          const names = await withLock(sequelize, { onWait }, () => run(migrator, models.Guest, options))
          printRun(output, options, names)
        }
        return ExitCode.DONE
      })
    })
}

async function checkName(migrator: Umzug<QueryInterface>, name: string | undefined): Promise<void> {
  if (name === undefined) return
  const known = (await migrator.migrations(migrator.options.context as QueryInterface)).map(
    (each) => each.name,
  )
  if (known.includes(name)) return
  throw new UsageError(`--to: there is no migration '${name}'; there are ${known.join(', ')}`)
}

async function run(
  migrator: Umzug<QueryInterface>,
  Guest: GuestModel | undefined,
  { to, down }: MigrateOptions,
): Promise<string[]> {
  const bound = to === undefined ? {} : { to }
  try {
    const hasRun = (await migrator.executed()).some(({ name }) => name === to)
    if (down === true && to !== undefined && !hasRun) {
      throw new UsageError(`--down --to: '${to}' has not run, so that it cannot be reverted`)
    }
    // Somebody else of the fleet was first, and umzug would not find it among those that are left.
    if (down !== true && hasRun) return []
    if (down !== true && Guest !== undefined && (await leadsToGuests(migrator, Guest, to))) {
      await checkUsersFirst(Guest)
    }
    const done = await (down === true ? migrator.down(bound) : migrator.up(bound))
    return done.map(({ name }) => name)
  } catch (error) {
    throw explainFailure(error)
  }
}

/** Whether any of those that are about to run is one of the guests'. */
async function leadsToGuests(
  migrator: Umzug<QueryInterface>,
  Guest: GuestModel,
  to: string | undefined,
): Promise<boolean> {
  const pending = (await migrator.pending()).map(({ name }) => name)
  const next = to === undefined ? pending : pending.slice(0, pending.indexOf(to) + 1)
  return migrationsFor({ Guest }).some(({ name }) => next.includes(name))
}

async function printStatus(migrator: Umzug<QueryInterface>, output: Output): Promise<void> {
  const executed = (await migrator.executed()).map(({ name }) => name)
  const pending = (await migrator.pending()).map(({ name }) => name)
  if (output.isJson) {
    output.document({ executed, pending })
    return
  }
  const { colours } = output
  output.print(
    ...executed.map((name) => `${colours.green('done')}     ${name}`),
    ...pending.map((name) => `${colours.yellow('pending')}  ${name}`),
  )
}

function printRun(output: Output, { down, to }: MigrateOptions, names: readonly string[]): void {
  const isDown = down === true
  if (output.isJson) output.document(isDown ? { reverted: names } : { executed: names })
  else if (names.length === 0 && isDown) output.print('Nothing to revert.')
  else if (names.length === 0) {
    output.print(`Nothing to do: ${to === undefined ? 'all migrations have' : `${to} has`} run.`)
  } else output.print(...names.map((name) => `${isDown ? 'reverted' : 'done'}  ${name}`))
}
