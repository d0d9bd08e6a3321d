import { CommanderError } from 'commander'
import type { Run } from './configuration.js'
import { CommandError, ExitCode, type Failure } from './failure.js'
import { Output, type Io } from './output.js'
import { makeProgram } from './program.js'
import { printable, printableLines } from './text.js'

const NAME = 'passport-ephemeral'
const HELP = `${NAME} --help lists the commands and options.`

/**
 * Runs a command line. Prints to `io`, and closes the database connections of the configuration.
 *
 * @param argv without the program's name
 * @returns the exit code for the process; never throws
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  const output = new Output(io, { json: asksForJson(argv) })
  let code: ExitCode = ExitCode.DONE
  const run: Run =
    (load) =>
    async (...given) => {
      // Loaded now: help and usage errors do without the models and Sequelize.
      const { openConfiguration } = await import('./configuration.js')
      const configuration = await openConfiguration(program.opts<{ config?: string }>().config, io)
      try {
        const work = await load()
        code = await work(configuration, output, ...given)
      } finally {
        await configuration.sequelize.close() // the application's own connections: the process is about to end
      }
    }
  const program = makeProgram({ io, isJson: output.isJson, help: HELP }, run)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    return await report(error, output, io)
  }
}

/** Read from the arguments themselves: where they are wrong, Commander has not parsed them. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

async function report(error: unknown, output: Output, { env }: Io): Promise<ExitCode> {
  if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.DONE
  const failure = await failureOf(error)
  if (output.isJson) output.document({ error: failure })
  // Commander has printed its own errors, with the help.
  else if (!(error instanceof CommanderError)) {
    output.note(`${NAME}: ${printable(failure.message)}`)
    if (failure.help !== undefined) output.note(printableLines(failure.help))
  }
  if (error instanceof CommanderError) return ExitCode.USAGE
  if (env['DEBUG'] && error instanceof Error) output.note(printableLines(stacks(error)))
  return error instanceof CommandError ? error.exitCode : ExitCode.PROBLEM
}

async function failureOf(error: unknown): Promise<Failure> {
  if (error instanceof CommanderError) return ofUsage(error)
  if (error instanceof CommandError) {
    const { code, message, help } = error
    return { code, message, ...(help !== undefined && { help }) }
  }
  const { explain } = await import('./explain.js')
  return explain(error)
}

function ofUsage({ code, message }: CommanderError): Failure {
  const sentence = code === 'commander.help' ? 'No command was given' : message.replace(/^error: /, '')
  return { code: 'ERR_USAGE', message: printable(sentence), help: HELP }
}

/** The stack of an error, and of its causes. */
function stacks(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\nCaused by: ${stacks(error.cause)}` : own
}
