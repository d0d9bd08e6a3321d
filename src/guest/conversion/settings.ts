import { DataTypes, type Model } from 'sequelize'
import { InvalidOption } from '../../invalid-option.js'
import { baseUrlCheck, checkPassportSession } from '../../checks/runtime/order-checks.js'
import { aBaseUrl } from '../../http/base-url.js'
import {
  aBoolean,
  aFunction,
  aLocalUrl,
  anObject,
  aString,
  checkOptions,
  positiveSeconds,
  strings,
} from '../../options.js'
import {
  flowRules,
  flowSettings,
  formFields,
  type FlowSettings,
  type FormFields,
} from '../../pages/flow-options.js'
import { defaultContext } from '../../pages/context.js'
import type { FormField } from '../../pages/form-page.js'
import { guestModel, guestSettings, type GuestModel } from '../guest.js'
import type { ConvertRouterOptions, VerifyEmailOptions } from './options.js'
import { CONVERT_PAGES } from './pages.js'
import { defaultForm } from './schema.js'

export const WHO = 'convertRouter'

type Options<U extends Model> = ConvertRouterOptions<U>

type Defaulted = 'schema' | 'prefillUsername' | 'loginUrl' | 'registeredUrl' | 'keepSessionData'

/** What the pages of the conversion work with, defaults filled in. */
export interface ConversionSettings<U extends Model>
  extends
    FlowSettings,
    FormFields,
    Readonly<Pick<Options<U>, 'Guest' | 'hashPassword' | 'checkPassword' | 'render'>>,
    Readonly<Required<Pick<Options<U>, Defaulted>>> {
  /** The attribute of `User` for the hash; `undefined`: no password is asked for. */
  readonly passwordField: string | undefined
  /** The attribute of `User` for the e-mail address. */
  readonly emailField: string
  readonly verification: Verification<U> | undefined
}

/** How addresses are proven, defaults filled in. */
export type Verification<U extends Model> = VerifyEmailOptions<U> & { readonly expiresIn: number }

/** @throws {TypeError} naming the option that is wrong */
export function settingsOf<U extends Model>(options: Options<U>): ConversionSettings<U> {
  checkOptions(
    WHO,
    options,
    {
      Guest: guestModel,
      hashPassword: aFunction,
      checkPassword: aFunction,
      passwordField: aString,
      verifyEmail: anObject,
      prefillUsername: aBoolean,
      loginUrl: aLocalUrl,
      registeredUrl: aLocalUrl,
      keepSessionData: strings,
      ...flowRules(CONVERT_PAGES),
    },
    options.schema === undefined ? ['Guest', 'hashPassword'] : ['Guest'],
  )
  const { Guest, hashPassword, verifyEmail } = options
  const verification = verifyEmail && verificationOf(Guest, verifyEmail)
  const emailField = verifyEmail?.emailField ?? 'email'
  const { User, usernameField } = Guest[guestSettings]
  // An address that `User` requires, or uses as the username, is asked for without a proof as well.
  const needsEmail = User.getAttributes()['email']?.allowNull === false || usernameField === 'email'
  const form = defaultForm(User, usernameField, verifyEmail || needsEmail ? emailField : undefined)
  const fields = formFields(options.fields, form.fields)
  if (options.fields !== undefined) checkFields(options, fields, formFields(undefined, form.fields))
  return {
    ...options,
    ...flowSettings(
      WHO,
      options,
      verification === undefined
        ? [checkPassportSession]
        : [checkPassportSession, baseUrlCheck(verification.baseUrl)],
    ),
    passwordField: hashPassword && passwordFieldOf(Guest, options.passwordField),
    emailField,
    ...fields,
    schema: options.schema ?? form.schema,
    prefillUsername: options.prefillUsername ?? false,
    loginUrl: options.loginUrl ?? '/login',
    registeredUrl: options.registeredUrl ?? '/',
    keepSessionData: options.keepSessionData ?? [],
    verification,
  }
}

/** Refuses a form that could never be valid. */
function checkFields<U extends Model>(
  { schema, verifyEmail }: Options<U>,
  { fields, fieldNames }: FormFields,
  defaults: FormFields,
): void {
  const missing = defaults.fieldNames.filter((name) => !fieldNames.includes(name))
  if (schema === undefined && missing.length > 0)
    throw new InvalidOption(
      `${WHO}: option 'fields' leaves out ${missing.join(', ')}, which the default schema wants: give a 'schema' with it`,
    )
  const isForEmail = ({ name, type }: FormField): boolean => name === 'email' || type === 'email'
  if (verifyEmail !== undefined && !fields(defaultContext).some(isForEmail))
    throw new InvalidOption(
      `${WHO}: option 'fields' must have a field for the e-mail address, because of 'verifyEmail'`,
    )
}

const DAY = 24 * 60 * 60

function verificationOf<U extends Model>(
  Guest: GuestModel<U>,
  options: VerifyEmailOptions<U>,
): Verification<U> {
  checkOptions(
    `${WHO}({ verifyEmail })`,
    options,
    {
      send: aFunction,
      sendTaken: aFunction,
      baseUrl: aBaseUrl,
      code: aBoolean,
      expiresIn: positiveSeconds,
      emailField: aString,
    },
    ['send'],
  )
  requireAttribute(Guest, `${WHO}({ verifyEmail }): option 'emailField'`, options.emailField ?? 'email')
  return { ...options, expiresIn: options.expiresIn ?? DAY }
}

function passwordFieldOf(Guest: GuestModel, given: string | undefined): string {
  const { User } = Guest[guestSettings]
  const attributes = User.getAttributes()
  const name = given ?? (Object.hasOwn(attributes, 'passwordHash') ? 'passwordHash' : 'password')
  const option = `${WHO}: option 'passwordField'`
  requireAttribute(Guest, option, name)
  if (attributes[name]?.type instanceof DataTypes.VIRTUAL)
    throw new InvalidOption(
      `${option} must name the column for the hash: ${User.name} has no column for the virtual attribute '${name}'`,
    )
  return name
}

function requireAttribute(Guest: GuestModel, option: string, name: string): void {
  const { User } = Guest[guestSettings]
  if (Object.hasOwn(User.getAttributes(), name)) return
  throw new InvalidOption(`${option} must name an attribute of ${User.name}: it has no '${name}'`)
}
