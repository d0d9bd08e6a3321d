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
  readonly help?: string
}

/** A failure that a command detects itself. */
export class CommandError extends Error implements Failure {
  override readonly name: string = 'CommandError'
  readonly exitCode: ExitCode = ExitCode.PROBLEM
  declare readonly help?: string

  constructor(
    readonly code: string,
    message: string,
    { help, ...options }: ErrorOptions & { help?: string | undefined } = {},
  ) {
    super(message, options)
    if (help !== undefined) this.help = help
  }
}

/** The command line is wrong. Nothing was done. */
export class UsageError extends CommandError {
  override readonly name: string = 'UsageError'
  override readonly exitCode = ExitCode.USAGE

  constructor(message: string, options?: ErrorOptions & { help?: string }) {
    super('ERR_USAGE', message, options)
  }
}

/** The configuration file is missing or wrong. Nothing was done. */
export class ConfigurationError extends CommandError {
  override readonly name = 'ConfigurationError'
  override readonly exitCode = ExitCode.USAGE

  constructor(message: string, options?: ErrorOptions & { help?: string | undefined }) {
    super('ERR_CONFIGURATION', message, options)
  }
}
