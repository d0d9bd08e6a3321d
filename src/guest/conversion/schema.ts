import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Model, ModelStatic } from 'sequelize'
import { declaredLength } from '../../database/columns.js'
import { normalizeEmail } from '../../pages/email-address.js'
import type { FormValues } from '../../pages/form.js'
import type { FormField } from '../../pages/form-page.js'

/** What the form's schema makes of it. What else it gives is saved as attributes of `User`, as far as there are such. */
export interface ConvertValues {
  /** For the model's `usernameField`. @default the guest keeps the name that they have */
  readonly username?: string
  /** As it was typed: it is hashed, and goes to `passwordField`. */
  readonly password?: string
  readonly email?: string
}

/** Checks and shapes the form: anything that implements Standard Schema 1. */
export type ConvertSchema = StandardSchemaV1<unknown, ConvertValues>

/** What the form asks for, unless the application says otherwise. */
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
const LONGEST_ADDRESS = 254

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
        const name = oneLine(username)
        const address = normalizeEmail(email.trim())
        const issues = [
          !isByAddress(form) && issue('username', wrongUsername(name, longestUsername(form))),
          form.emailField !== undefined && issue('email', wrongAddress(email, address, longestAddress(form))),
          issue('password', wrongPassword(password)),
          password !== passwordAgain && issue('passwordAgain', 'This is not the same password'),
        ].filter((found) => typeof found === 'object')
        if (issues.length > 0) return { issues }
        return {
          value: {
            ...(!isByAddress(form) && { username: name }),
            password,
            ...(form.emailField !== undefined && address !== undefined && { email: address }),
          },
        }
      },
    },
  }
}

/** The message beside an e-mail address that is none. */
export const NO_ADDRESS = 'This is not an e-mail address'

/**
 * The one spelling of an address to which a message can be sent; `undefined` if it is none. Commas, brackets and the like
 * would make it several, or another, in a mail's header.
 */
export function mailboxOf(address: string): string | undefined {
  if (!/^[^\s@<>",;:\\()[\]]+@[^\s@<>",;:\\()[\]]+$/.test(address)) return undefined
  const spelling = normalizeEmail(address)
  const longest = Math.max(spelling?.length ?? 0, spelling?.toLowerCase().length ?? 0)
  return longest <= LONGEST_ADDRESS ? spelling : undefined
}

function issue(field: string, message: string | undefined): StandardSchemaV1.Issue | undefined {
  return message === undefined ? undefined : { message, path: [field] }
}

function wrongUsername(username: string, longest: number): string | undefined {
  if (username === '') return 'Please fill this in'
  if (username.length > longest) return `At most ${String(longest)} characters, please`
  // Two names that look alike must not be two people.
  return /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\u2800]/u.test(username)
    ? 'Please use no invisible characters'
    : undefined
}

function wrongAddress(typed: string, address: string | undefined, longest: number): string | undefined {
  if (typed.trim() === '') return 'Please fill this in'
  if (address !== undefined && address.length > longest)
    return `At most ${String(longest)} characters, please`
  return mailboxOf(typed.trim()) === undefined ? NO_ADDRESS : undefined
}

/** Counted in characters rather than UTF-16 units, and left as it was typed (ASVS 5.0, 6.2.8). */
function wrongPassword(password: string): string | undefined {
  const { length } = Array.from(password) // code points
  if (length === 0) return 'Please fill this in'
  if (length < SHORTEST_PASSWORD) return `At least ${String(SHORTEST_PASSWORD)} characters, please`
  return length > LONGEST_PASSWORD ? `At most ${String(LONGEST_PASSWORD)} characters, please` : undefined
}

/** In one spelling, and without the many kinds of blanks that look like one. */
function oneLine(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim()
}

function longestUsername({ User, usernameField }: DefaultForm): number {
  return declaredLength(User, usernameField) ?? 255
}

function longestAddress({ User, emailField }: DefaultForm): number {
  return Math.min(LONGEST_ADDRESS, declaredLength(User, emailField ?? '') ?? LONGEST_ADDRESS)
}
