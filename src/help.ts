/**
 * The address of the section that explains a code, in the documentation that comes with the package.
 *
 * @param page `doctor.md` explains every finding and warning, `errors.md` every error
 */
export function helpFor(code: string, page: 'doctor.md' | 'errors.md' = 'doctor.md'): string {
  return `node_modules/passport-ephemeral/docs/${page}#${code.toLowerCase()}`
}
