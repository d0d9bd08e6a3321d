import type { Request, Response } from 'express'
import type { CsrfField } from './form-page.js'

/** How an application that has CSRF tokens of its own puts one into our forms. */
export type CsrfFieldOf = (req: Request, res: Response) => CsrfField | undefined

/**
 * The application's CSRF token where middleware usually leaves it: `req.csrfToken()` (csrf-csrf, csrf-sync, csurf, lusca)
 * `res.locals._csrf` or `res.locals.csrfToken`, in a
 * field named `_csrf`. Our forms do not need it: they refuse cross-site posts by themselves.
 */
export const conventionalCsrfField: CsrfFieldOf = (req, res) => {
  const make: unknown = (req as { csrfToken?: unknown }).csrfToken
  const value: unknown =
    typeof make === 'function' ? make.call(req) : (res.locals['_csrf'] ?? res.locals['csrfToken'])
  return typeof value === 'string' ? { name: '_csrf', value } : undefined
}
