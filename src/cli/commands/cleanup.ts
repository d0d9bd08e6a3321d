import { Option, type Command } from 'commander'
import { cleanup } from '../../cleanup/cleanup.js'
import type { CleanupModels } from '../../cleanup/options.js'
import { visitorSettings } from '../../visitor/visitor.js'
import { condition, fraction, positive, seconds, secondsOrForever } from '../arguments.js'
import { watchProgress } from '../cleanup/progress.js'
import { cleanupOptions, type CleanupFlags } from '../cleanup/flags.js'
import { checkKeep } from '../cleanup/keep.js'
import { printCleanup } from '../cleanup/print-result.js'
import { untilInterrupted } from '../cleanup/until-interrupted.js'
import type { Configuration } from '../configuration/configuration.js'
import { ExitCode } from '../exit-code.js'
import { modelsOf } from '../models.js'
import type { Perform } from '../perform.js'
import { UsageError } from '../usage-error.js'

interface OwnFlags extends CleanupFlags {
  readonly only?: 'guests' | 'visitors'
}

const AFTER_HELP = `
Durations are 90s, 12h, 3d, or a number of seconds. Any number of these may run
at once, and they share the work (on SQLite one after the other). On SIGINT or
SIGTERM it ends with the batch that it is at, prints its counts, and exits with
1; the next run goes on. It exits with 1, too, if guests could not be deleted.

Examples:
  $ passport-ephemeral cleanup --dry-run
  $ passport-ephemeral cleanup --time-budget 10m --duty-cycle 0.25
  $ passport-ephemeral cleanup --keep "email LIKE '%@example.com'" --keep-visits forever`

/** `cleanup`: deletes what is over. */
export function defineCleanup(program: Command, perform: Perform): void {
  program
    .command('cleanup')
    .summary('delete what is over')
    .description(
      'Deletes expired guests with all that is theirs, and passes and visits that were kept long enough.',
    )
    .option('--dry-run', 'count what would go, and delete nothing')
    .addOption(new Option('--only <half>', 'leave the other half alone').choices(['guests', 'visitors']))
    .option('--max-age <duration>', "how long guests live (default: the model's maxAge)", seconds)
    .option('--keep-passes <duration>', 'from when they expired; or forever (default: 30d)', secondsOrForever)
    .option(
      '--keep-visits <duration>',
      'from when they were made; or forever (default: 90d)',
      secondsOrForever,
    )
    .option(
      '--keep-outcomes <duration>',
      'how guests ended, for stats; or forever (default: 400d)',
      secondsOrForever,
    )
    .option(
      '--keep <sql>',
      'guests whose users row meets this condition stay, beside those that your configuration keeps',
      condition,
    )
    .option('--batch-size <count>', 'rows in one transaction, at most (default: 1000)', positive)
    .option(
      '--time-budget <duration>',
      'begin no batch after this long (default: as long as it takes)',
      seconds,
    )
    .option(
      '--duty-cycle <part>',
      'the part of its time to keep the database busy, to 1 (default: 1)',
      fraction,
    )
    .option('--individual-hooks', 'run beforeDestroy and afterDestroy of every user: slow')
    .addHelpText('after', AFTER_HELP)
    .action(({ only, ...flags }: OwnFlags) =>
      perform(async (configuration, output) => {
        const models = cleaned(configuration, only)
        if (models.Guest !== undefined) checkMaxAge(configuration, flags)
        const options = cleanupOptions(configuration.cleanup, flags)
        if (models.Guest !== undefined && flags.keep !== undefined) await checkKeep(models.Guest, flags.keep)
        const isDryRun = options.dryRun === true
        const progress =
          output.watched && !isDryRun ? await watchProgress(models, options, output.watched) : undefined
        const result = await untilInterrupted((signal) =>
          cleanup(models, { ...options, signal, ...(progress && { onProgress: progress.onProgress }) }),
        ).finally(() => progress?.stop())
        if (output.isJson) output.document(result)
        else printCleanup(output, models, result)
        const isUndone = result.failed > 0 || result.stoppedBy === 'signal'
        return isUndone ? ExitCode.PROBLEM : ExitCode.DONE
      }),
    )
}

function cleaned(configuration: Configuration, only: OwnFlags['only']): CleanupModels {
  const { Guest, Visitor } = modelsOf(configuration)
  const guests = only === 'visitors' || Guest === undefined ? {} : { Guest }
  const visitors =
    only === 'guests' || Visitor === undefined
      ? {}
      : { Visitor, VisitorLog: Visitor[visitorSettings].VisitorLog }
  const models = { ...guests, ...visitors }
  if (Object.keys(models).length === 0) {
    throw new UsageError(`--only: there are no ${String(only)} in ${configuration.source}`)
  }
  return models
}

/** A guest is deleted for good: how long they live is not for guessing. */
function checkMaxAge({ hasMaxAge }: Configuration, { maxAge }: CleanupFlags): void {
  if (hasMaxAge || maxAge !== undefined) return
  throw new UsageError(
    'How long guests live is in your application, and not in the database: say so by --max-age 14d or ' +
      'PASSPORT_EPHEMERAL_MAX_AGE, or leave guests out by --only visitors',
  )
}
