import type { Request } from 'express'
import type { Model } from 'sequelize'
import { checkBody, checkPassportSession, limiterCheck } from '../../checks/runtime/order-checks.js'
import { requestChecks, validationsRule } from '../../checks/runtime/request-checks.js'
import { trustedOriginsRule } from '../../http/origin.js'
import {
  aBoolean,
  aFunction,
  aList,
  aLocalUrl,
  anObject,
  aString,
  checkOptions,
  positiveSeconds,
  strings,
} from '../../options.js'
import { aBaseUrl } from '../../http/base-url.js'
import { aLimiterFailure } from '../../http/limiter.js'
import { aSchema } from '../../pages/form.js'
import { aFormLimiter, FormLimits } from '../../pages/form-limits.js'
import { conventionalCsrfField, type CsrfFieldOf, type FormField } from '../../pages/form-page.js'
import { aRenderer } from '../../pages/renderers.js'
import { guestModel, guestSettings, type GuestModel } from '../guest.js'
import { CONVERT_PAGES, type RenderConvert } from './pages.js'
import { defaultFields, defaultSchema, type ConvertSchema, type DefaultForm } from './schema.js'
import type { ConvertRouterOptions, VerifyEmailOptions } from './options.js'

export const WHO = 'convertRouter'

/** What the pages of the conversion work with, defaults filled in. */
export interface ConversionSettings<U extends Model> {
  readonly Guest: GuestModel<U>
  readonly hashPassword: ((password: string) => string | Promise<string>) | undefined
  readonly passwordField: string | undefined
  /** The attribute of `User` for the e-mail address. */
  readonly emailField: string
  readonly fields: readonly FormField[]
  readonly schema: ConvertSchema
  readonly prefillUsername: boolean
  readonly loginUrl: string
  readonly registeredUrl: string
  readonly limits: FormLimits
  readonly keepSessionData: readonly string[]
  readonly render: RenderConvert | undefined
  readonly csrf: CsrfFieldOf
  readonly trustedOrigins: readonly string[] | undefined
  readonly look: (req: Request) => void
  readonly lookAtForm: (req: Request) => void
  readonly verification: Verification<U> | undefined
}

/** How addresses are proven, defaults filled in. */
export type Verification<U extends Model> = Required<
  Pick<VerifyEmailOptions<U>, 'send' | 'baseUrl' | 'expiresIn'>
> &
  Pick<VerifyEmailOptions<U>, 'sendTaken'>

/** @throws {TypeError} naming the option that is wrong */
export function settingsOf<U extends Model>(options: ConvertRouterOptions<U>): ConversionSettings<U> {
  checkOptions(
    WHO,
    options,
    {
      Guest: guestModel,
      hashPassword: aFunction,
      passwordField: aString,
      verifyEmail: anObject,
      fields: aList,
      schema: aSchema,
      prefillUsername: aBoolean,
      loginUrl: aLocalUrl,
      registeredUrl: aLocalUrl,
      limiter: aFormLimiter,
      limiterFailure: aLimiterFailure,
      keepSessionData: strings,
      trustedOrigins: trustedOriginsRule,
      render: aRenderer(...CONVERT_PAGES),
      csrf: aFunction,
      validations: validationsRule,
    },
    options.schema === undefined ? ['Guest', 'hashPassword'] : ['Guest'],
  )
  const { Guest, hashPassword, verifyEmail } = options
  if (verifyEmail !== undefined) checkVerification(Guest, verifyEmail)
  const form = defaultForm(Guest, verifyEmail && (verifyEmail.emailField ?? 'email'))
  checkFields(options, defaultFields(form))
  return {
    Guest,
    hashPassword,
    passwordField: hashPassword && passwordFieldOf(Guest, options.passwordField),
    emailField: verifyEmail?.emailField ?? 'email',
    fields: options.fields ?? defaultFields(form),
    schema: options.schema ?? defaultSchema(form),
    prefillUsername: options.prefillUsername ?? false,
    loginUrl: options.loginUrl ?? '/login',
    registeredUrl: options.registeredUrl ?? '/',
    limits: new FormLimits(options.limiter, options.limiterFailure),
    keepSessionData: options.keepSessionData ?? [],
    render: options.render,
    csrf: options.csrf ?? conventionalCsrfField,
    trustedOrigins: options.trustedOrigins,
    look: requestChecks(WHO, [checkPassportSession, limiterCheck(options.limiter)], options.validations),
    lookAtForm: requestChecks(WHO, [checkBody], options.validations),
    verification: verifyEmail && { expiresIn: DAY, ...verifyEmail },
  }
}

/** Refuses a form that could never be valid. */
function checkFields<U extends Model>(
  { fields, schema, verifyEmail }: ConvertRouterOptions<U>,
  asked: readonly FormField[],
): void {
  if (fields === undefined) return
  const missing = asked.filter(({ name }) => !fields.some((field) => field.name === name))
  if (schema === undefined && missing.length > 0) {
    throw new TypeError(
      `${WHO}: option 'fields' leaves out ${missing.map(({ name }) => name).join(', ')}, which the default schema wants: ` +
        `give a 'schema' with it`,
    )
  }
  if (verifyEmail !== undefined && !fields.some(({ name, type }) => name === 'email' || type === 'email')) {
    throw new TypeError(
      `${WHO}: option 'fields' must have a field for the e-mail address, because of 'verifyEmail'`,
    )
  }
}

const DAY = 24 * 60 * 60

function checkVerification<U extends Model>(Guest: GuestModel<U>, options: VerifyEmailOptions<U>): void {
  checkOptions(
    `${WHO}({ verifyEmail })`,
    options,
    {
      send: aFunction,
      sendTaken: aFunction,
      baseUrl: aBaseUrl,
      expiresIn: positiveSeconds,
      emailField: aString,
    },
    ['send', 'baseUrl'],
  )
  requireAttribute(Guest, `${WHO}({ verifyEmail }): option 'emailField'`, options.emailField ?? 'email')
}

function passwordFieldOf<U extends Model>(Guest: GuestModel<U>, given: string | undefined): string {
  const attributes = Guest[guestSettings].User.getAttributes()
  const name = given ?? (Object.hasOwn(attributes, 'passwordHash') ? 'passwordHash' : 'password')
  requireAttribute(Guest, `${WHO}: option 'passwordField'`, name)
  return name
}

function requireAttribute<U extends Model>(Guest: GuestModel<U>, option: string, name: string): void {
  const { User } = Guest[guestSettings]
  if (Object.hasOwn(User.getAttributes(), name)) return
  throw new TypeError(`${option} must name an attribute of ${User.name}: it has no '${name}'`)
}

/** An address that `User` requires, or uses as the username, is asked for without a proof as well. */
function defaultForm<U extends Model>(Guest: GuestModel<U>, verified: string | undefined): DefaultForm {
  const { User, usernameField } = Guest[guestSettings]
  const attributes: Readonly<Record<string, { allowNull?: boolean }>> = User.getAttributes()
  const isRequired = attributes['email']?.allowNull === false || usernameField === 'email'
  return { User, usernameField, emailField: verified ?? (isRequired ? 'email' : undefined) }
}
