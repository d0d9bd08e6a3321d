/**
 * What the process ends with. `DONE`: all is well. `PROBLEM`: something was found to be wrong, nothing matched, or the work
 * failed. `USAGE`: the command line or the configuration is wrong, and nothing was done.
 */
export const ExitCode = { DONE: 0, PROBLEM: 1, USAGE: 2 } as const

/** One of the three. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
