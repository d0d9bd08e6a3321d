import type { Request } from 'express'
import { ValidationError } from 'sequelize'

/** The posted text of each field; used to fill in the form again after an error. */
export type Values<Name extends string> = Record<Name, string>

/** The error message of each field; shown beside it. */
export type Errors<Name extends string> = Partial<Record<Name, string>>

/** The named fields of a posted form as trimmed text; a missing or repeated one counts as empty. */
export function readForm<Name extends string>(req: Request, names: readonly Name[]): Values<Name> {
  const body = (req.body ?? {}) as Record<string, unknown>
  const read = (name: Name) => {
    const value = body[name]
    // PostgreSQL's text accepts neither NUL nor lone surrogates.
    return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '').trim() : ''
  }
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Values<Name>
}

/** The password, not trimmed: spaces count. */
export function readPassword(req: Request): string {
  const { password } = (req.body ?? {}) as { password?: unknown }
  return typeof password === 'string' ? password : ''
}

/** The error message for a text that is empty, too short or too long; otherwise `undefined`. */
export function checkLength(
  value: string,
  { min = 1, max }: { min?: number; max: number },
): string | undefined {
  if (value === '') return 'Please fill this in'
  if (value.length < min) return `At least ${min} characters, please`
  if (value.length > max) return `At most ${max} characters, please`
  return undefined
}

/** A first check of the format; the pass model validates again, see {@link emailError}. */
export function checkEmail(value: string): string | undefined {
  if (value !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) return 'This is no e-mail address'
  return checkLength(value, { max: 254 })
}

/** The message for the field if the pass model refused its e-mail address. */
export function emailError(error: unknown): string | undefined {
  const isAboutEmail = error instanceof ValidationError && error.errors.some(({ path }) => path === 'email')
  return isAboutEmail ? 'This is no e-mail address' : undefined
}

/** The errors of the invalid fields, or `undefined` if all fields are valid. */
export function collectErrors<Name extends string>(
  checks: Record<Name, string | undefined>,
): Errors<Name> | undefined {
  const found = Object.entries(checks).filter(([, message]) => message !== undefined)
  return found.length === 0 ? undefined : (Object.fromEntries(found) as Errors<Name>)
}

/**
 * The target of the redirect after a form, from `?next=`: a path of this site, or `fallback`. It uses the URL parser,
 * as browsers do, so that `//evil.test` and `/\evil.test` are not taken for paths.
 */
export function localPath(next: unknown, fallback: string): string {
  if (typeof next !== 'string' || !next.startsWith('/')) return fallback
  const here = 'http://here.invalid'
  if (!URL.canParse(next, here)) return fallback
  const { origin, pathname, search, hash } = new URL(next, here)
  return origin === here && !pathname.startsWith('//') ? pathname + search + hash : fallback
}
