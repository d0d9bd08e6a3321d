import { DataTypes, type Model, type ValidationErrorItem } from 'sequelize'
import { fieldMessages } from '../../pages/messages.js'
import { guestSettings } from '../guest.js'
import type { ConvertValues } from './schema.js'
import { WHO, type ConversionSettings } from './settings.js'

/** Attributes of `User`, as `Guest.convert` takes them. */
export type Details = Readonly<Record<string, unknown>>

/**
 * What the conversion sets, of what the schema made of the form: attributes of `User` and nothing else, the password hashed.
 *
 * @throws {TypeError} if there is a password and nothing to hash it with, or the schema's result has the primary key
 */
export async function detailsOf<U extends Model>(
  settings: ConversionSettings<U>,
  values: ConvertValues,
): Promise<Details> {
  const { User, usernameField } = settings.Guest[guestSettings]
  const { username, password, email, ...more } = values
  const attributes = User.getAttributes()
  if (Object.hasOwn(values, User.primaryKeyAttribute))
    throw new TypeError(
      `${WHO}: the schema's result must not have the primary key '${User.primaryKeyAttribute}'`,
    )
  if (
    username !== undefined &&
    email !== undefined &&
    usernameField === settings.emailField &&
    username !== email
  )
    throw new TypeError(
      `${WHO}: the schema's result has a username and an email, which are the same attribute '${usernameField}' here: give one of them`,
    )
  const named = {
    ...more,
    ...(email !== undefined && { [settings.emailField]: email }),
    ...(username !== undefined && { [usernameField]: username }),
  }
  return {
    ...Object.fromEntries(Object.entries(named).filter(([name]) => Object.hasOwn(attributes, name))),
    ...(password !== undefined && (await hashed(settings, password))),
  }
}

async function hashed<U extends Model>(
  { hashPassword, passwordField }: ConversionSettings<U>,
  password: unknown,
): Promise<Details> {
  if (hashPassword === undefined || passwordField === undefined) {
    throw new TypeError(`${WHO}: the schema's result has a password: option 'hashPassword' is needed`)
  }
  if (typeof password !== 'string') throw new TypeError(`${WHO}: the schema's password is not a string`)
  const hash: unknown = await hashPassword(password)
  if (typeof hash !== 'string' || hash === '') {
    throw new TypeError(`${WHO}: hashPassword must give a non-empty string`)
  }
  return { [passwordField]: hash }
}

/**
 * Asks the users model's own validators now, about what is to be saved later.
 *
 * @throws {ValidationError} Sequelize's
 * @throws {TypeError} if some of it cannot be kept until then
 */
export async function validateDetails<U extends Model>(
  { Guest }: ConversionSettings<U>,
  user: U,
  details: Details,
): Promise<void> {
  const { User } = Guest[guestSettings]
  const attributes = User.getAttributes()
  for (const name of Object.keys(details)) {
    // What a virtual attribute gets may be a secret; a column can be kept as it is.
    if (attributes[name]?.type instanceof DataTypes.VIRTUAL)
      throw new TypeError(`${WHO}: with verifyEmail, the virtual attribute '${name}' cannot be set`)
  }
  const draft = User.build({ ...(user.dataValues as Details) } as never, { raw: true, isNewRecord: false })
  draft.set(details)
  const untouched = Object.keys(attributes).filter((name) => !Object.hasOwn(details, name))
  await draft.validate({ skip: untouched, hooks: false })
}

/** The field of the form in which an attribute of `User` is typed. */
export function fieldOf<U extends Model>(settings: ConversionSettings<U>, attribute: string): string {
  const names = [
    attribute === settings.Guest[guestSettings].usernameField && 'username',
    attribute === settings.emailField && 'email',
  ].filter((name) => name !== false)
  const asked = names.find((name) => settings.fields.some((field) => field.name === name)) ?? names[0]
  if (asked !== undefined) return asked
  return attribute === settings.passwordField ? 'password' : attribute
}

/** What a validator says to people, if the application has written that; Sequelize's own words are for developers. */
export function wordingOf({ message, path, validatorKey }: ValidationErrorItem): string {
  const isSequelizes =
    validatorKey === 'not_a_string' ||
    (validatorKey === 'is_null' && message.endsWith('cannot be null')) ||
    message === `Validation ${String(validatorKey)} on ${String(path)} failed`
  return isSequelizes ? fieldMessages.unacceptable : message
}
