import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { FormValues } from '../../pages/form.js'
import type { FieldsOf } from '../../pages/form-page.js'
import { judgedForm, judgeEmail, judgePersonName, LONGEST_ADDRESS } from '../../pages/typed-text.js'
import type { VisitorContext } from '../scope.js'

/** What the form's schema must make of it: the pass that a person asks for. */
export interface SelfServiceValues {
  readonly email: string
  readonly firstName?: string
  readonly lastName?: string
  /** Kept with the pass: answers to further fields, for example. */
  readonly context?: VisitorContext
}

/** Checks and shapes the form: anything that implements Standard Schema 1. */
export type SelfServiceSchema = StandardSchemaV1<unknown, SelfServiceValues>

const LONGEST_NAME = 150

export const defaultFields: FieldsOf = ({ words: { fields: labels } }) => [
  {
    name: 'firstName',
    label: labels.firstName,
    type: 'text',
    autocomplete: 'given-name',
    maxLength: LONGEST_NAME,
  },
  {
    name: 'lastName',
    label: labels.lastName,
    type: 'text',
    autocomplete: 'family-name',
    maxLength: LONGEST_NAME,
  },
  {
    name: 'email',
    label: labels.email,
    type: 'email',
    autocomplete: 'email',
    maxLength: LONGEST_ADDRESS,
  },
]

/** Both names and an e-mail address. The pass's own validators run as well. */
export const defaultSchema: SelfServiceSchema = {
  '~standard': {
    version: 1,
    vendor: 'passport-ephemeral',
    validate(form) {
      const { firstName = '', lastName = '', email = '' } = form as FormValues
      return judgedForm({
        firstName: judgePersonName(firstName, LONGEST_NAME),
        lastName: judgePersonName(lastName, LONGEST_NAME),
        email: judgeEmail(email),
      })
    },
  },
}
