/** The page that explains every finding and warning; it comes with the package. */
const HELP_PAGE = 'node_modules/passport-ephemeral/docs/doctor.md'

/** The address of the section that explains a code. */
export function helpFor(code: string): string {
  return `${HELP_PAGE}#${code.toLowerCase()}`
}

/**
 * Emits a warning of the process for the operator. Every warning of this package is one of these, so that
 * `process.on('warning', …)` can tell them by `name` and `code`.
 *
 * @param advice what to do about it
 */
export function warn(code: string, message: string, advice?: string): void {
  process.emitWarning(message, {
    type: 'PassportEphemeralWarning',
    code,
    detail: `${advice === undefined ? '' : `${advice}\n`}See ${helpFor(code)}`,
  })
}
