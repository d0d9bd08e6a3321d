import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Request } from 'express'
import type { Model, ModelStatic, ValidationError } from 'sequelize'
import type { Rule } from '../options.js'
import type { FilledField, FormField } from './form-page.js'
import type { Messages } from './messages/catalog.js'
import { showProblem, type Problem } from './problem.js'
import type { OwnIssue } from './typed-text.js'

export const aSchema: Rule = {
  expected: 'a Standard Schema, as of zod or valibot',
  test: (value) =>
    typeof (value as { '~standard'?: { validate?: unknown } } | null)?.['~standard']?.validate === 'function',
}

/** What was typed, by the names of the fields. */
export type FormValues = Readonly<Record<string, string>>

/** What is wrong: with a field, beside which it is shown, or with the whole form (`''`). */
export type FormErrors = Readonly<Record<string, Problem>>

/** A posted form after validation: what the schema made of it, or what to tell the person. */
export type Checked<T> =
  { readonly value: T; readonly errors?: never } | { readonly errors: FormErrors; readonly value?: never }

/**
 * The named fields of a posted form as text. A missing or repeated one counts as empty. What no text can hold (NUL,
 * which PostgreSQL refuses, and halves of surrogate pairs) becomes U+FFFD.
 */
export function readForm(req: Request, fields: readonly string[]): FormValues {
  const body: unknown = req.body
  const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  return Object.fromEntries(
    fields.map((name) => {
      const value = Object.hasOwn(given, name) ? given[name] : undefined
      return [name, typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : '']
    }),
  )
}

/** Asks a schema (Standard Schema 1: zod, valibot, ArkType and others) what it makes of a form. */
export async function checkForm<T>(
  schema: StandardSchemaV1<unknown, T>,
  values: FormValues,
): Promise<Checked<T>> {
  const result = await schema['~standard'].validate(values)
  if (result.issues === undefined) return { value: result.value }

  const errors: Record<string, Problem> = {}
  for (const issue of result.issues) {
    const [first] = issue.path ?? []
    errors[String(typeof first === 'object' ? first.key : (first ?? ''))] ??= (issue as Partial<OwnIssue>)
      .problem ?? { text: issue.message }
  }
  return { errors }
}

/** An error that belongs to no field of the form stands above it: a schema may make a username of something else. */
export function placeErrors(errors: FormErrors, fields: readonly string[]): FormErrors {
  const placed: Record<string, Problem> = {}
  for (const [name, problem] of Object.entries(errors)) placed[fields.includes(name) ? name : ''] ??= problem
  return placed
}

/** The fields as the page shows them again. */
export function fillForm(
  fields: readonly FormField[],
  values: FormValues,
  errors: FormErrors,
  words: Messages,
): FilledField[] {
  return fields.map((field) => {
    const { name, type, hint } = field
    const typed = values[name] ?? ''
    const shown = { ...field, ...showProblem(errors[name], words) }
    if (type !== 'password') return { ...shown, value: typed }
    // A password is not sent back, and the person is told so unless something is wrong with it.
    const again = typed !== '' && errors[name] === undefined ? [words.form.typeAgain] : []
    const hints = [...again, ...(hint === undefined ? [] : [hint])]
    return { ...shown, value: '', ...(hints.length > 0 && { hint: hints.join(' ') }) }
  })
}

/**
 * What a model's own validators found, beside the fields that are to blame; what one of the whole model found stands above the form.
 *
 * @param fieldOf the field of the form in which an attribute was typed
 * @param fields the names of the form's fields
 * @param problemOf what an error means for the person
 * @throws {ValidationError} if no field is to blame: nothing that the person could type would help
 */
export function errorsOf(
  error: ValidationError,
  fields: readonly string[],
  problemOf: (item: ValidationError['errors'][number]) => Problem,
  fieldOf: (attribute: string) => string = (attribute) => attribute,
): FormErrors {
  const errors: Record<string, Problem> = {}
  for (const item of error.errors) {
    if (item.path === null) continue
    const name = isOfWholeModel(item) ? '' : fieldOf(item.path)
    if (name !== '' && !fields.includes(name)) throw error
    errors[name] = problemOf(item)
  }
  if (Object.keys(errors).length === 0) throw error
  return errors
}

/** A validator of the whole model (`options.validate`) names itself in place of an attribute. */
function isOfWholeModel({ instance, path }: ValidationError['errors'][number]): boolean {
  return (
    instance !== null &&
    path !== null &&
    !Object.hasOwn((instance.constructor as ModelStatic<Model>).getAttributes(), path)
  )
}
