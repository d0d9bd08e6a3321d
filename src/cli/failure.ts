/**
 * The exit codes of the process. `DONE`: all is well. `PROBLEM`: a problem was found, nothing matched, or the work failed.
 * `USAGE`: the command line or the configuration is wrong, and nothing was done.
 */
export const ExitCode = { DONE: 0, PROBLEM: 1, USAGE: 2 } as const

/** One of the three. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** Why a command failed, as it is printed; with `--json` under the key `error`. */
export interface Failure {
  /** Stable, for programs. */
  readonly code: string
  /** One sentence for people. */
  readonly message: string
  /** What to do next, if there is more to it than the message. */
  readonly help?: string | undefined
}

interface CommandErrorOptions extends ErrorOptions {
  readonly help?: string | undefined
  /** @default `ExitCode.PROBLEM` */
  readonly exitCode?: ExitCode
}

/** A failure that a command detects itself. */
export class CommandError extends Error implements Failure {
  readonly help: string | undefined
  readonly exitCode: ExitCode

  constructor(
    readonly code: string,
    message: string,
    { help, exitCode = ExitCode.PROBLEM, ...options }: CommandErrorOptions = {},
  ) {
    super(message, options)
    this.name = new.target.name
    this.help = help
    this.exitCode = exitCode
  }
}

/** The command line is wrong. Nothing was done. */
export class UsageError extends CommandError {
  constructor(message: string, options?: Omit<CommandErrorOptions, 'exitCode'>) {
    super('ERR_USAGE', message, { ...options, exitCode: ExitCode.USAGE })
  }
}

/** The configuration file is missing or wrong. Nothing was done. */
export class ConfigurationError extends CommandError {
  constructor(message: string, options?: Omit<CommandErrorOptions, 'exitCode'>) {
    super('ERR_CONFIGURATION', message, { ...options, exitCode: ExitCode.USAGE })
  }
}
