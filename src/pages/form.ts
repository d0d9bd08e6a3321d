import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Request } from 'express'
import type { ValidationError } from 'sequelize'
import type { Rule } from '../options.js'
import type { FilledField, FormField } from './form-page.js'

export const aSchema: Rule = {
  expected: 'a Standard Schema, as of zod or valibot',
  test: (value) =>
    typeof (value as { '~standard'?: { validate?: unknown } } | null)?.['~standard']?.validate === 'function',
}

/** What was typed, by the names of the fields. */
export type FormValues = Readonly<Record<string, string>>

/** What is wrong: with a field, beside which it is shown, or with the whole form (`''`). */
export type FormErrors = Readonly<Record<string, string>>

/** A posted form after validation: what the schema made of it, or what to tell the person. */
export type Checked<T> =
  { readonly value: T; readonly errors?: never } | { readonly errors: FormErrors; readonly value?: never }

/**
 * The named fields of a posted form as text. A missing or repeated one counts as empty. What no text can hold (NUL,
 * which PostgreSQL refuses, and halves of surrogate pairs) becomes U+FFFD.
 */
export function readForm(req: Request, fields: readonly FormField[]): FormValues {
  const body: unknown = req.body
  const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  return Object.fromEntries(
    fields.map(({ name }) => {
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

  const errors: Record<string, string> = {}
  for (const { message, path = [] } of result.issues) {
    const [first] = path
    errors[String(typeof first === 'object' ? first.key : (first ?? ''))] ??= message
  }
  return { errors }
}

/** An error that belongs to no field of the form stands above it: a schema may make a username of something else. */
export function placeErrors(errors: FormErrors, fields: readonly FormField[]): FormErrors {
  const isField = (name: string): boolean => fields.some((field) => field.name === name)
  const placed: Record<string, string> = {}
  for (const [name, message] of Object.entries(errors)) placed[isField(name) ? name : ''] ??= message
  return placed
}

/** The fields as the page shows them again. */
export function fillForm(
  fields: readonly FormField[],
  values: FormValues = {},
  errors: FormErrors = {},
): FilledField[] {
  return fields.map((field) => ({
    ...field,
    value: field.type === 'password' ? '' : (values[field.name] ?? ''),
    error: errors[field.name],
  }))
}

/**
 * What a model's own validators found, beside the fields that are to blame.
 *
 * @param fieldOf the field of the form in which an attribute was typed
 * @param wording what to say of an error
 * @throws {ValidationError} if no field is to blame: nothing that the person could type would help
 */
export function errorsOf(
  error: ValidationError,
  fields: readonly FormField[],
  wording: (item: ValidationError['errors'][number]) => string,
  fieldOf: (attribute: string) => string = (attribute) => attribute,
): FormErrors {
  const errors: Record<string, string> = {}
  for (const item of error.errors) {
    if (item.path === null) continue
    const name = fieldOf(item.path)
    if (!fields.some((field) => field.name === name)) throw error
    errors[name] = wording(item)
  }
  if (Object.keys(errors).length === 0) throw error
  return errors
}
