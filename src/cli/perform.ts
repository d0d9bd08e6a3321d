import type { Configuration } from './configuration/configuration.js'
import type { ExitCode } from './exit-code.js'
import type { Output } from './output.js'

/** How a command's work is done. */
interface PerformOptions {
  /** Whether the command has something to say of a database that cannot be reached. @default false */
  readonly isForUnreachable?: boolean
}

/** Reads the configuration, does a command's work with it, and closes the database. */
export type Perform = (
  work: (configuration: Configuration, output: Output) => ExitCode | Promise<ExitCode>,
  options?: PerformOptions,
) => Promise<void>
