import type { Configuration } from './configuration/configuration.js'
import type { ExitCode } from './exit-code.js'
import type { Output } from './output.js'

/** Reads the configuration, does a command's work with it, and closes the database. */
export type Perform = (
  work: (configuration: Configuration, output: Output) => ExitCode | Promise<ExitCode>,
) => Promise<void>
