import type { Request, Response } from 'express'
import { html, type Html } from './html.js'
import type { Page } from './page.js'

/** One field of a form, as the page shows it. */
export interface FormField {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'email' | 'password'
  /** What browsers fill in by themselves (HTML's `autocomplete`). */
  readonly autocomplete?: string
  readonly maxLength?: number
  /** @default true */
  readonly required?: boolean
  /** A line between label and field. */
  readonly hint?: string
}

/** A field with what was typed into it and what is wrong with that. */
export interface FilledField extends FormField {
  /** Never of a password. */
  readonly value: string
  readonly error: string | undefined
}

/** The hidden field that carries the application's own CSRF token. */
export interface CsrfField {
  readonly name: string
  readonly value: string
}

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

/** A page with a form. */
export interface FormPage extends Page {
  /** What stands above the form. */
  readonly text: string | undefined
  /** What is wrong with the whole of it, rather than with a field. */
  readonly error: string | undefined
  readonly fields: readonly FilledField[]
  /** Where the form is posted to, as `application/x-www-form-urlencoded`. */
  readonly action: string
  /** What the button says. */
  readonly button: string
  readonly csrf: CsrfField | undefined
}

/** The form in HTML; each error stands beside its field and is read out with it (WCAG 2.2, 3.3.1 and 1.3.1). */
export function formBody({ text, error, fields, action, button, csrf }: FormPage): Html {
  const firstWrong = fields.find((field) => field.error !== undefined)
  return html`
    ${text !== undefined && html`<p>${text}</p>`}
    ${error !== undefined && html`<p class="error" role="alert">${error}</p>`}
    <form method="post" action="${action}">
      ${csrf !== undefined && html`<input type="hidden" name="${csrf.name}" value="${csrf.value}" />`}
      ${fields.map((field) => fieldHtml(field, field === firstWrong))}
      <button>${button}</button>
    </form>
  `
}

function fieldHtml(field: FilledField, isFirstWrong: boolean): Html {
  const { name, label, type, value, hint, error, autocomplete, maxLength, required = true } = field
  const described = [hint !== undefined && `${name}-hint`, error !== undefined && `${name}-error`].filter(
    (id) => id !== false,
  )
  return html`
    <label for="${name}">${label}</label>
    ${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${type === 'password' ? '' : value}"
      ${autocomplete !== undefined && html`autocomplete="${autocomplete}"`}
      ${maxLength !== undefined && html`maxlength="${maxLength}"`}
      ${required && html`required`}
      ${described.length > 0 && html`aria-describedby="${described.join(' ')}"`}
      ${error !== undefined && html`aria-invalid="true"`}
      ${isFirstWrong && html`autofocus`}
    />
    ${error !== undefined && html`<p class="error" id="${name}-error">${error}</p>`}
  `
}
