import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Model, ModelStatic } from 'sequelize'
import { declaredLength } from '../../database/columns.js'
import type { FormValues } from '../../pages/form.js'
import type { FieldsOf } from '../../pages/form-page.js'
import {
  judgeEmail,
  judgeUsername,
  LONGEST_ADDRESS,
  judgedForm,
  tooLong,
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
export const SHORTEST_PASSWORD = 8
const LONGEST_PASSWORD = 128

const passwordFields: FieldsOf = ({ words: { fields: labels } }) => [
  {
    name: 'password',
    label: labels.password,
    type: 'password',
    autocomplete: 'new-password',
    minLength: SHORTEST_PASSWORD,
    hint: labels.passwordHint(SHORTEST_PASSWORD),
  },
  {
    name: 'passwordAgain',
    label: labels.passwordAgain,
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
): { readonly fields: FieldsOf; readonly schema: ConvertSchema } {
  const asksName = usernameField !== emailField
  const asksAddress = emailField !== undefined
  const longestName = declaredLength(User, usernameField) ?? 255
  const longestAddress = Math.min(LONGEST_ADDRESS, declaredLength(User, emailField ?? '') ?? LONGEST_ADDRESS)

  const nameField: FieldsOf = ({ words: { fields: labels } }) => [
    {
      name: 'username',
      label: labels.username,
      type: 'text',
      autocomplete: 'username',
      maxLength: longestName,
    },
  ]
  const addressField: FieldsOf = ({ words: { fields: labels } }) => [
    {
      name: 'email',
      label: labels.email,
      type: 'email',
      autocomplete: asksName ? 'email' : 'username',
      maxLength: longestAddress,
    },
  ]
  const asked = [...(asksName ? [nameField] : []), ...(asksAddress ? [addressField] : []), passwordFields]
  return {
    fields: (context) => asked.flatMap((fields) => fields(context)),
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
              password === passwordAgain
                ? { value: password }
                : { problem: { code: 'passwordsDiffer' } as const },
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
  if (length === 0) return { problem: { code: 'required' } }
  if (length < SHORTEST_PASSWORD) return { problem: { code: 'tooShort', limit: SHORTEST_PASSWORD } }
  return length > LONGEST_PASSWORD ? tooLong(LONGEST_PASSWORD) : { value: password }
}
