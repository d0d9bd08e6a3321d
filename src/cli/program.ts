import { Command, Help, type Option } from 'commander'
import { defineCleanup } from './commands/cleanup.js'
import { defineDoctor } from './commands/doctor.js'
import { defineInvite } from './commands/invite.js'
import { defineMigrate } from './commands/migrate.js'
import { defineRevoke } from './commands/revoke.js'
import { defineStats } from './commands/stats.js'
import { defineVisitors } from './commands/visitors.js'
import { defineVisits } from './commands/visits.js'
import { makeTableOptions } from './configuration/table-options.js'
import type { Io } from './io.js'
import type { Perform } from './perform.js'
import { terminalWidth } from './terminal-width.js'
import { printableLines } from './text/printable.js'
import { version } from './version.js'

const COMMANDS = [
  defineMigrate,
  defineInvite,
  defineRevoke,
  defineVisitors,
  defineVisits,
  defineCleanup,
  defineStats,
  defineDoctor,
]

const AFTER_HELP = `
What to work on, the first of these that is there:
  1. --config <module>: a module of yours that exports any of sequelize, Guest and
     Visitor, and if you like app (for doctor) and cleanup (options of every clean-up)
  2. the one that package.json names, here or in a folder above:
     "passport-ephemeral": "./src/upkeep.js"; or passport-ephemeral.config.js beside it
  3. DATABASE_URL, and VISITOR_SECRET (several separated by commas) to make links

Exit codes:
  0  done
  1  a problem was found, nothing matched, or the work failed
  2  the command line or the configuration is wrong; nothing was done

Examples:
  $ passport-ephemeral migrate
  $ passport-ephemeral cleanup --time-budget 10m
  $ passport-ephemeral doctor --config ./src/upkeep.js
  $ DATABASE_URL=postgres://… passport-ephemeral visitors --json

All of it: docs/operations.md, in the package.`

/** Every command, with its help. Parsing throws a `CommanderError` in place of ending the process. */
export function makeProgram(io: Io, perform: Perform): Command {
  const program = new Command('passport-ephemeral')
    .description('Looks after the guests and visitors of an application that uses passport-ephemeral.')
    .version(version(), '-V, --version', 'print the version')
    .option('--config <module>', 'the module that exports your models')
    .option('--no-config', 'look for no module: DATABASE_URL alone')
    .option('--json', 'print one JSON document on stdout, and nothing else there')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: optionsOfEveryCommand })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => {
        write(printableLines(text.replace(/^error:/, 'passport-ephemeral:')))
      },
      getOutHelpWidth: () => terminalWidth(io.stdout),
      getErrHelpWidth: () => terminalWidth(io.stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
  for (const option of makeTableOptions()) program.addOption(option)
  for (const define of COMMANDS) define(program, perform)
  // Set after the commands, which would inherit it: theirs have a help of their own.
  program.showHelpAfterError('passport-ephemeral --help lists the commands and options.')
  return program.addHelpText('after', AFTER_HELP)
}

/** The names of tables are said once, in the root's help. */
function optionsOfEveryCommand(this: Help, command: Command): Option[] {
  return Help.prototype.visibleGlobalOptions
    .call(this, command)
    .filter(({ long, helpGroupHeading }) => helpGroupHeading === undefined && long !== '--version')
}
