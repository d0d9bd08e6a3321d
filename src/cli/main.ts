import { CommanderError } from 'commander'
import type { ConfigurationOptions } from './configuration/configuration.js'
import { readConfiguration } from './configuration/read-configuration.js'
import { ExitCode } from './exit-code.js'
import { explain } from './explain.js'
import type { Io } from './io.js'
import { Output } from './output.js'
import type { Perform } from './perform.js'
import { makeProgram } from './program.js'
import { UsageError } from './usage-error.js'

/**
 * The command line. Prints to `io`, and closes the database that it worked on.
 *
 * @param argv without the program's name
 * @returns what the process should end with; never throws
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = ExitCode.DONE
  const perform: Perform = async (work, { isForUnreachable = false } = {}) => {
    const { json, ...options } = program.opts<ConfigurationOptions & { json?: boolean }>()
    const configuration = await readConfiguration(options, io)
    try {
      if (configuration.unreachable && !isForUnreachable) throw configuration.unreachable
      code = await work(configuration, new Output(io, { json }))
    } finally {
      await configuration.close()
    }
  }
  const program = makeProgram(io, perform)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE
    io.stderr.write(`passport-ephemeral: ${explain(error, { isDebugging: Boolean(io.env['DEBUG']) })}\n`)
    return error instanceof UsageError ? ExitCode.USAGE : ExitCode.PROBLEM
  }
}
