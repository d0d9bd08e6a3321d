/** The command line, the environment or the configuration module is wrong. Nothing was done; the process ends with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
