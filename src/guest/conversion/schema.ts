import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Model, ModelStatic } from 'sequelize'
import { declaredLength } from '../../database/columns.js'
import type { FormValues } from '../../pages/form.js'
import type { FormField } from '../../pages/form-page.js'
import { fieldMessages as say } from '../../pages/messages.js'
import { judgeEmail, judgeUsername, LONGEST_ADDRESS } from '../../pages/typed-text.js'

/** What the form's schema makes of it. Further values are saved where `User` has attributes of their names. */
export interface ConvertValues {
  /** For the model's `usernameField`. @default the guest keeps the name that they have */
  readonly username?: string
  /** As it was typed: it is hashed, and goes to `passwordField`. */
  readonly password?: string
  readonly email?: string
}

/** Checks and shapes the form: anything that implements Standard Schema 1. */
export type ConvertSchema = StandardSchemaV1<unknown, ConvertValues>

/** What the form asks for by default. */
export interface DefaultForm {
  readonly User: ModelStatic<Model>
  readonly usernameField: string
  /** The attribute for the e-mail address; `undefined`: it is not asked for. */
  readonly emailField: string | undefined
}

/** Whether the address is the username: then it is asked for once, and there is no other name. */
function isByAddress({ usernameField, emailField }: DefaultForm): boolean {
  return usernameField === emailField
}

/** ASVS 5.0, 6.2.1 and 6.2.9. No other rules of composition (6.2.5). */
const SHORTEST_PASSWORD = 8
const LONGEST_PASSWORD = 128

export function defaultFields(form: DefaultForm): readonly FormField[] {
  const email: FormField = {
    name: 'email',
    label: 'E-mail address',
    type: 'email',
    autocomplete: 'email',
    maxLength: longestAddress(form),
  }
  const username: FormField = {
    name: 'username',
    label: 'Username',
    type: 'text',
    autocomplete: 'username',
    maxLength: longestUsername(form),
  }
  return [
    ...(isByAddress(form) ? [] : [username]),
    ...(form.emailField === undefined ? [] : [email]),
    {
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'new-password',
      hint: `At least ${String(SHORTEST_PASSWORD)} characters, of any kind`,
    },
    {
      name: 'passwordAgain',
      label: 'The same password again',
      type: 'password',
      autocomplete: 'new-password',
    },
  ]
}

export function defaultSchema(form: DefaultForm): ConvertSchema {
  return {
    '~standard': {
      version: 1,
      vendor: 'passport-ephemeral',
      validate(typed) {
        const { username = '', email = '', password = '', passwordAgain = '' } = typed as FormValues
        const name = isByAddress(form) ? undefined : judgeUsername(username, longestUsername(form))
        const address = form.emailField === undefined ? undefined : judgeEmail(email, longestAddress(form))
        const issues = [
          issue('username', name?.problem),
          issue('email', address?.problem),
          issue('password', wrongPassword(password)),
          password !== passwordAgain && issue('passwordAgain', 'This is not the same password'),
        ].filter((found) => typeof found === 'object')
        if (issues.length > 0) return { issues }
        return {
          value: {
            password,
            ...(name?.value !== undefined && { username: name.value }),
            ...(address?.value !== undefined && { email: address.value }),
          },
        }
      },
    },
  }
}

function issue(field: string, message: string | undefined): StandardSchemaV1.Issue | undefined {
  return message === undefined ? undefined : { message, path: [field] }
}

/** Counted in characters rather than UTF-16 units, and left as it was typed (ASVS 5.0, 6.2.8). */
function wrongPassword(password: string): string | undefined {
  const { length } = Array.from(password) // code points
  if (length === 0) return say.required
  if (length < SHORTEST_PASSWORD) return say.tooShort(SHORTEST_PASSWORD)
  return length > LONGEST_PASSWORD ? say.tooLong(LONGEST_PASSWORD) : undefined
}

function longestUsername({ User, usernameField }: DefaultForm): number {
  return declaredLength(User, usernameField) ?? 255
}

function longestAddress({ User, emailField }: DefaultForm): number {
  return Math.min(LONGEST_ADDRESS, declaredLength(User, emailField ?? '') ?? LONGEST_ADDRESS)
}
