import { InvalidOption } from '../invalid-option.js'

/**
 * The application's scopes, and what the passes of each carry as their `context`. Empty until the application declares
 * them, by declaration merging:
 *
 * ```ts
 * declare module 'passport-ephemeral' {
 *   interface VisitorScopes {
 *     REFERENCE_REQUEST: { about: string }
 *     INTERVIEW: { candidate: number }
 *     DEMO: null // no context
 *   }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled in by declaration merging
export interface VisitorScopes {}

/** A scope that a pass can have: one of {@link VisitorScopes}, or any string if the application declares none. */
export type VisitorScope = [keyof VisitorScopes] extends [never]
  ? string
  : Extract<keyof VisitorScopes, string>

/** The context of a pass with scope `S`; `unknown` if the application declares no scopes. */
export type VisitorContext<S extends VisitorScope = VisitorScope> = S extends keyof VisitorScopes
  ? VisitorScopes[S]
  : unknown

/** Admits a visitor of any scope. */
export const SCOPE_ANY = '*'

/** What a guard can admit. */
// eslint-disable-next-line @typescript-eslint/no-redundant-type-constituents -- not once scopes are declared
export type AdmittedScope = VisitorScope | typeof SCOPE_ANY

/** One scope, several, or {@link SCOPE_ANY}. */
export type Scope<S extends AdmittedScope = AdmittedScope> = S | readonly S[]

/**
 * The scopes that a guard admits.
 *
 * @throws {TypeError} if there is none: an unscoped guard is a mistake
 */
export function parseScope(scope: unknown): readonly string[] {
  const wanted: unknown[] = Array.isArray(scope) ? scope : [scope]
  if (wanted.length === 0 || !wanted.every((item) => typeof item === 'string' && item.trim() !== '')) {
    throw new InvalidOption(
      'ensureVisitor: scope must be a non-empty string or an array of them (SCOPE_ANY admits every visitor)',
    )
  }
  return wanted as string[]
}

/** Characters that a scope has at most. */
export const LONGEST_SCOPE = 100
