import type { Request } from 'express'
import { ValidationError } from 'sequelize'

/** What was typed, by field; kept to fill the form in again when something is wrong with it. */
export type Values<Name extends string> = Record<Name, string>

/** What is wrong, by field; shown beside it. */
export type Errors<Name extends string> = Partial<Record<Name, string>>

/** The named fields of a posted form as trimmed text; a missing or repeated one counts as empty. */
export function readForm<Name extends string>(req: Request, names: readonly Name[]): Values<Name> {
  const body = (req.body ?? {}) as Record<string, unknown>
  const read = (name: Name) => {
    const value = body[name]
    // PostgreSQL's text holds no NUL, and refuses halves of surrogate pairs.
    return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '').trim() : ''
  }
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Values<Name>
}

/** A password as it was typed: spaces count. */
export function readPassword(req: Request): string {
  const { password } = (req.body ?? {}) as { password?: unknown }
  return typeof password === 'string' ? password : ''
}

/** What is wrong with a text for its field: empty, too short or too long; `undefined` if nothing. */
export function checkLength(
  value: string,
  { min = 1, max }: { min?: number; max: number },
): string | undefined {
  if (value === '') return 'Please fill this in'
  if (value.length < min) return `At least ${min} characters, please`
  if (value.length > max) return `At most ${max} characters, please`
  return undefined
}

/** A first look at the shape; the pass has the last word, see {@link emailError}. */
export function checkEmail(value: string): string | undefined {
  if (value !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) return 'This is no e-mail address'
  return checkLength(value, { max: 254 })
}

/** What to show beside the field if making a pass failed over its e-mail address. */
export function emailError(error: unknown): string | undefined {
  const isAboutEmail = error instanceof ValidationError && error.errors.some(({ path }) => path === 'email')
  return isAboutEmail ? 'This is no e-mail address' : undefined
}

/** The errors of those fields that have one, or `undefined` if all is well. */
export function collectErrors<Name extends string>(
  checks: Record<Name, string | undefined>,
): Errors<Name> | undefined {
  const found = Object.entries(checks).filter(([, message]) => message !== undefined)
  return found.length === 0 ? undefined : (Object.fromEntries(found) as Errors<Name>)
}

/**
 * Where to go after a form, from `?next=`: a path of this site, or `fallback`. The URL parser decides as browsers do,
 * so that `//evil.test`, `/\evil.test` and the like do not pass for local.
 */
export function localPath(next: unknown, fallback: string): string {
  if (typeof next !== 'string' || !next.startsWith('/')) return fallback
  const here = 'http://here.invalid'
  if (!URL.canParse(next, here)) return fallback
  const { origin, pathname, search, hash } = new URL(next, here)
  return origin === here && !pathname.startsWith('//') ? pathname + search + hash : fallback
}
