import { readFileSync } from 'node:fs'
import { Command, Help, type Option } from 'commander'
import { definePassCommands } from './commands/pass-commands.js'
import { defineUpkeepCommands } from './commands/upkeep-commands.js'
import type { Run } from './configuration.js'
import type { Io, TextStream } from './output.js'
import { printableLines } from './text.js'

const AFTER_HELP = `
Configuration: passport-ephemeral.config.js (or .mjs, .cjs, .ts) in the working
folder, or the file that --config names. It exports your sequelize, Guest and
Visitor, or those of them that there are; also app and paths (for doctor) and
cleanup (options of every clean-up), if you like.

Exit codes:
  0  done
  1  a problem was found, nothing matched, or the work failed
  2  the command line or the configuration is wrong; nothing was done

Examples:
  $ passport-ephemeral migrate
  $ passport-ephemeral cleanup --time-budget 10m
  $ passport-ephemeral doctor --config ./src/upkeep.js
  $ passport-ephemeral visitors --json

More: docs/operations.md, in the package.`

/** What the program prints to, and how. */
interface ProgramOptions {
  readonly io: Io
  /** Whether failures are printed as JSON, so that Commander must not print its own. */
  readonly isJson: boolean
  /** The line after a usage error. */
  readonly help: string
}

/** Every command, with its help. A parse error throws a `CommanderError` instead of ending the process. */
export function makeProgram({ io, isJson, help }: ProgramOptions, run: Run): Command {
  const program = new Command('passport-ephemeral')
    .description('Looks after the guests and visitors of an application that uses passport-ephemeral.')
    .version(version(), '-V, --version', 'print the version')
    .option('--config <file>', 'the configuration file')
    .option('--json', 'print one JSON document on stdout, also for a failure')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'Print the help of a command.')
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions: optionsOfEveryCommand })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => {
        if (!isJson) io.stderr.write(text)
      },
      outputError: (text, write) => {
        write(printableLines(text.replace(/^error:/, 'passport-ephemeral:')))
      },
      getOutHelpWidth: () => widthOf(io.stdout),
      getErrHelpWidth: () => widthOf(io.stderr),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
  defineUpkeepCommands(program, run)
  definePassCommands(program, run)
  // Added after the commands, which would inherit it: each has a help of its own.
  program.showHelpAfterError(help)
  return program.addHelpText('after', AFTER_HELP)
}

function optionsOfEveryCommand(this: Help, command: Command): Option[] {
  return Help.prototype.visibleGlobalOptions.call(this, command).filter(({ long }) => long !== '--version')
}

/** A pipe has no width, and some terminals are 0 columns wide until they are shown. */
function widthOf({ columns = 0 }: TextStream): number {
  return columns > 0 ? columns : 80
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
