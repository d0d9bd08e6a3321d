import type { Request, Response } from 'express'
import { Html, html, textHtml } from './html.js'
import type { PageContext } from './context.js'
import { linkHtml, type PageLink } from './notice-page.js'
import type { Page } from './page.js'
import type { ShownError } from './problem.js'

/** One field of a form, as the page shows it. */
export interface FormField {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'email' | 'password'
  /** What browsers fill in by themselves (HTML's `autocomplete`). */
  readonly autocomplete?: string
  readonly maxLength?: number
  readonly minLength?: number
  /** Which keys a phone shows (HTML's `inputmode`). @default what the type means */
  readonly inputMode?: 'text' | 'email' | 'numeric'
  /** A regular expression for the whole of what is typed (HTML's `pattern`); the server checks by itself. */
  readonly pattern?: string
  /** What a browser offers to choose from; anything else can be typed (HTML's `datalist`). */
  readonly suggestions?: readonly string[]
  /** @default true */
  readonly required?: boolean
  /** A line between label and field. */
  readonly hint?: string
}

/** A field with what was typed into it and what is wrong with that. */
export interface FilledField extends FormField, ShownError {
  /** Never of a password. */
  readonly value: string
}

/** The fields of a form; a function of the context words them in the language of the page, under the same names. */
export type FieldsOf = (context: PageContext) => readonly FormField[]

/** The hidden field that carries the application's own CSRF token. */
export interface CsrfField {
  readonly name: string
  readonly value: string
}

/** How an application that has CSRF tokens of its own puts one into our forms. */
export type CsrfFieldOf = (req: Request, res: Response) => CsrfField | undefined

/**
 * The application's CSRF token where middleware usually leaves it: `req.csrfToken()` (csrf-csrf, csrf-sync, csurf, lusca),
 * `res.locals._csrf` or `res.locals.csrfToken`, in a field named `_csrf`. Our forms do not need it: they refuse cross-site posts by themselves.
 */
export const conventionalCsrfField: CsrfFieldOf = (req, res) => {
  const make: unknown = (req as { csrfToken?: unknown }).csrfToken
  const value: unknown =
    typeof make === 'function' ? make.call(req) : (res.locals['_csrf'] ?? res.locals['csrfToken'])
  return typeof value === 'string' ? { name: '_csrf', value } : undefined
}

/** A page with a form; its `error` concerns the whole of it, rather than a field. */
export interface FormPage extends Page, ShownError {
  /** Why the person is here; it stands above the text. */
  readonly notice?: string
  /** What stands above the form. */
  readonly text: string | undefined
  readonly fields: readonly FilledField[]
  /** Where the form is posted to, as `application/x-www-form-urlencoded`. */
  readonly action: string
  /** What the button says. */
  readonly button: string
  readonly csrf: CsrfField | undefined
  /** Where else to go; it stands below the form. */
  readonly link?: PageLink
}

/** What a form has in which nothing is typed, and nothing is wrong: a button. */
export const buttonOnly = { error: undefined, errorCode: undefined, fields: [] } as const

/** What the application adds to a form. */
export interface FormHtmlOptions {
  /** HTML that stands before the button, inside the form: a captcha, say. It is not escaped. @default nothing */
  readonly beforeButton?: string
}

/**
 * The form of a page in accessible HTML, with its texts and errors, for a `render` that puts it into a document of the
 * application's own.
 *
 * @example
 * convertRouter({ Guest, hashPassword, render: { form: (page, req, res) => res.render('join', { page, form: formHtml(page) }) } })
 */
export function formHtml(page: FormPage, { beforeButton = '' }: FormHtmlOptions = {}): string {
  return formBody(page, { beforeButton: new Html(beforeButton) }).text
}

interface FormBodyOptions {
  readonly buttonClass?: 'secondary'
  readonly beforeButton?: Html
  /** In place of the page's one button. */
  readonly buttons?: Html
}

/** The form in HTML; each error stands beside its field and is read out with it (WCAG 2.2, 3.3.1 and 1.3.1). */
export function formBody(
  { notice, text, error, fields, action, button, csrf, link }: FormPage,
  { buttonClass, beforeButton, buttons }: FormBodyOptions = {},
): Html {
  const firstWrong = fields.find((field) => field.error !== undefined)
  return html`
    ${notice !== undefined && html`<p class="notice">${notice}</p>`}
    ${text !== undefined && html`<p>${textHtml(text)}</p>`}
    ${error !== undefined && html`<p class="error" role="alert">${error}</p>`}
    <form method="post" action="${action}">
      ${csrf !== undefined && html`<input type="hidden" name="${csrf.name}" value="${csrf.value}" />`}
      ${fields.map((field) => fieldHtml(field, field === firstWrong))} ${beforeButton}
      ${buttons ?? html`<button${buttonClass !== undefined && html` class="${buttonClass}"`}>${button}</button>`}
    </form>
    ${link !== undefined && linkHtml(link)}
  `
}

function fieldHtml(field: FilledField, isFirstWrong: boolean): Html {
  const {
    name,
    label,
    type,
    value,
    hint,
    error,
    autocomplete,
    maxLength,
    minLength,
    inputMode,
    pattern,
    suggestions = [],
    required = true,
  } = field
  // No word of a language: keyboards must not change it, and its direction is its own.
  const isIdentifier = type === 'email' || autocomplete === 'username'
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
      ${minLength !== undefined && html`minlength="${minLength}"`}
      ${inputMode !== undefined && html`inputmode="${inputMode}"`}
      ${pattern !== undefined && html`pattern="${pattern}"`}
      ${suggestions.length > 0 && html`list="${name}-list"`}
      ${isIdentifier && html`autocapitalize="none" spellcheck="false"`}
      ${type !== 'password' && html`dir="auto"`}
      ${required && html`required`}
      ${described.length > 0 && html`aria-describedby="${described.join(' ')}"`}
      ${error !== undefined && html`aria-invalid="true"`}
      ${isFirstWrong && html`autofocus`}
    />
    ${datalist(name, suggestions)}
    ${error !== undefined && html`<p class="error" id="${name}-error">${error}</p>`}
  `
}

/** What the field of this name has in `list="<name>-list"`. */
export function datalist(name: string, suggestions: readonly string[]): Html | false {
  return (
    suggestions.length > 0 &&
    html`<datalist id="${name}-list">
      ${suggestions.map((each) => html`<option value="${each}"></option>`)}
    </datalist>`
  )
}
