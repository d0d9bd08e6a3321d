import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { FormValues } from '../../pages/form.js'
import { normalizeEmail } from '../../pages/email-address.js'
import type { FormField } from '../../pages/form-page.js'
import type { VisitorContext } from '../scope.js'

/** What the form's schema must make of it: the pass that somebody asks for. */
export interface SelfServiceValues {
  readonly email: string
  readonly firstName?: string
  readonly lastName?: string
  /** Kept with the pass: answers to further fields, say. */
  readonly context?: VisitorContext
}

/** Checks and shapes the form: anything that implements Standard Schema 1. */
export type SelfServiceSchema = StandardSchemaV1<unknown, SelfServiceValues>

export const defaultFields: readonly FormField[] = [
  { name: 'firstName', label: 'First name', type: 'text', autocomplete: 'given-name', maxLength: 150 },
  { name: 'lastName', label: 'Last name', type: 'text', autocomplete: 'family-name', maxLength: 150 },
  { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'email', maxLength: 254 },
]

/** Both names, and something with the shape of an e-mail address; the pass itself has the last word on that. */
export const defaultSchema: SelfServiceSchema = {
  '~standard': {
    version: 1,
    vendor: 'passport-ephemeral',
    validate(form) {
      const values = form as FormValues
      const [firstName, lastName, email] = ['firstName', 'lastName', 'email'].map((name) =>
        oneLine(values[name] ?? ''),
      ) as [string, string, string]
      const issues = [
        ...complain('firstName', firstName, 150),
        ...complain('lastName', lastName, 150),
        ...complain('email', email, 254),
      ]
      const address = /^[^\s@<>",;:\\]+@[^\s@<>",;:\\]+$/.test(email) ? normalizeEmail(email) : undefined
      if (issues.length === 0 && address === undefined) issues.push(noAddress)
      if (issues.length > 0 || address === undefined) return { issues }
      return { value: { firstName, lastName, email: address } }
    },
  },
}

/** What stands beside the field when the pass refuses the address. */
export const noAddress: StandardSchemaV1.Issue = {
  message: 'This is not an e-mail address',
  path: ['email'],
}

function complain(name: string, value: string, longest: number): StandardSchemaV1.Issue[] {
  if (value === '') return [{ message: 'Please fill this in', path: [name] }]
  if (value.length > longest)
    return [{ message: `At most ${String(longest)} characters, please`, path: [name] }]
  return []
}

/** These go into a stranger's mailbox: no line breaks, other control characters, or marks that turn the text around. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}
