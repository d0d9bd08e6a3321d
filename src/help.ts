const PACKAGE = 'node_modules/passport-ephemeral/'
const PROJECT = 'https://github.com/passport-ephemeral/passport-ephemeral/blob/main/'

/**
 * The address of the section that explains a code, in the documentation that comes with the package.
 *
 * @param page `doctor.md` explains every finding and warning, `errors.md` every error
 */
export function helpFor(code: string, page: 'doctor.md' | 'errors.md' = 'doctor.md'): string {
  return `${PACKAGE}docs/${page}#${code.toLowerCase()}`
}

/**
 * The same section at the project's own address, for clients that do not have the package: the `type` of a problem should be an absolute
 * URI, because a client would resolve a relative one against the address that it has asked for (RFC 9457 §3.1.1).
 */
export function publicHelp(help: string): string {
  return help.startsWith(PACKAGE) ? PROJECT + help.slice(PACKAGE.length) : help
}
