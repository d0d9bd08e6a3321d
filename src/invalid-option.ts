import { helpFor } from './help.js'

/**
 * An option, or another argument, is wrong: the message names it, and says what was expected. Mostly thrown at start-up; for a
 * function of the application's that returns a wrong value, when it is called.
 *
 * @example
 * try {
 *   app.use(mergeGuest({ Guest, reassign }))
 * } catch (error) {
 *   if (error instanceof InvalidOption) console.error(error.message, error.help)
 *   throw error
 * }
 */
export class InvalidOption extends TypeError {
  // Node prints what an uncaught error has of its own below the stack.
  readonly code = 'ERR_INVALID_OPTION'
  /** The address of the section that explains it; it comes with the package. */
  readonly help = helpFor('ERR_INVALID_OPTION', 'errors.md')
}
