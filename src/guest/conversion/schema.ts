import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Model, ModelStatic } from 'sequelize'
import { declaredLength } from '../../database/columns.js'
import type { FormValues } from '../../pages/form.js'
import type { FormField } from '../../pages/form-page.js'
import { fieldMessages as say } from '../../pages/messages.js'
import {
  judgeEmail,
  judgeUsername,
  LONGEST_ADDRESS,
  judgedForm,
  type Judgement,
} from '../../pages/typed-text.js'

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

/** ASVS 5.0, 6.2.1 and 6.2.9. No other rules of composition (6.2.5). */
const SHORTEST_PASSWORD = 8
const LONGEST_PASSWORD = 128

const passwordFields: readonly FormField[] = [
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

/**
 * The form that is shown by default. An address that is the username is asked for once.
 *
 * @param emailField the attribute for the e-mail address; `undefined`: it is not asked for
 */
export function defaultForm(
  User: ModelStatic<Model>,
  usernameField: string,
  emailField: string | undefined,
): { readonly fields: readonly FormField[]; readonly schema: ConvertSchema } {
  const asksName = usernameField !== emailField
  const asksAddress = emailField !== undefined
  const longestName = declaredLength(User, usernameField) ?? 255
  const longestAddress = Math.min(LONGEST_ADDRESS, declaredLength(User, emailField ?? '') ?? LONGEST_ADDRESS)

  const name: FormField = {
    name: 'username',
    label: 'Username',
    type: 'text',
    autocomplete: 'username',
    maxLength: longestName,
  }
  const address: FormField = {
    name: 'email',
    label: 'E-mail address',
    type: 'email',
    autocomplete: 'email',
    maxLength: longestAddress,
  }
  return {
    fields: [...(asksName ? [name] : []), ...(asksAddress ? [address] : []), ...passwordFields],
    schema: {
      '~standard': {
        version: 1,
        vendor: 'passport-ephemeral',
        validate(typed) {
          const { username = '', email = '', password = '', passwordAgain = '' } = typed as FormValues
          const judged = {
            ...(asksName && { username: judgeUsername(username, longestName) }),
            ...(asksAddress && { email: judgeEmail(email, longestAddress) }),
            password: judgePassword(password),
            passwordAgain:
              password === passwordAgain ? { value: password } : { problem: 'This is not the same password' },
          }
          return judgedForm(judged)
        },
      },
    },
  }
}

/** Counted in characters rather than UTF-16 units, and left as it was typed (ASVS 5.0, 6.2.8). */
function judgePassword(password: string): Judgement {
  const { length } = Array.from(password) // code points
  if (length === 0) return { problem: say.required }
  if (length < SHORTEST_PASSWORD) return { problem: say.tooShort(SHORTEST_PASSWORD) }
  return length > LONGEST_PASSWORD ? { problem: say.tooLong(LONGEST_PASSWORD) } : { value: password }
}
