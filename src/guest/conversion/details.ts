import { DataTypes, type Model, type ValidationErrorItem } from 'sequelize'
import { buildStored } from '../../database/stored.js'
import { UNKEEPABLE, type FormErrors } from '../../pages/form.js'
import { guestSettings } from '../guest.js'
import { keyOf } from '../user-key.js'
import type { ConvertValues } from './schema.js'
import { WHO, type ConversionSettings } from './settings.js'
import { isAddressTaken, isTaken, uniqueAttributes } from './taken.js'

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
    usernameField === emailFieldOf(settings) &&
    username !== email
  )
    throw new TypeError(
      `${WHO}: the schema's result has a username and an email, which are the same attribute '${usernameField}' here: give one of them`,
    )
  const named = {
    ...more,
    ...(email !== undefined && { [emailFieldOf(settings)]: email }),
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
  const draft = buildStored(User, { ...(user.dataValues as Details) })
  draft.set(details)
  const untouched = Object.keys(attributes).filter((name) => !Object.hasOwn(details, name))
  await draft.validate({ skip: untouched, hooks: false })
}

/**
 * Which of the form's fields somebody else has already. Asks the database: what a constraint's error says of it, every
 * dialect says in its own way.
 */
export async function takenFields<U extends Model>(
  settings: ConversionSettings<U>,
  user: U,
  details: Details,
): Promise<FormErrors> {
  const { User, usernameField } = settings.Guest[guestSettings]
  const candidates = [usernameField, emailFieldOf(settings), ...uniqueAttributes(User, details)]
  const errors: Record<string, string> = {}
  for (const attribute of new Set(candidates)) {
    if (!Object.hasOwn(details, attribute)) continue
    const field = fieldOf(settings, attribute)
    const value = details[attribute]
    const question = { except: keyOf(user) }
    const taken =
      attribute === emailFieldOf(settings) && typeof value === 'string'
        ? await isAddressTaken(User, attribute, value, question)
        : await isTaken(User, attribute, value, question)
    if (taken) errors[field] = TAKEN[field] ?? 'This belongs to somebody else already'
  }
  return errors
}

const TAKEN: FormErrors = {
  username: 'This username is taken',
  email: 'This address belongs to an account already',
}

/** The attribute of `User` for the e-mail address. */
function emailFieldOf<U extends Model>({ verification }: ConversionSettings<U>): string {
  return verification?.emailField ?? 'email'
}

/** The field of the form in which an attribute of `User` is typed. */
export function fieldOf<U extends Model>(settings: ConversionSettings<U>, attribute: string): string {
  const names = [
    attribute === settings.Guest[guestSettings].usernameField && 'username',
    attribute === emailFieldOf(settings) && 'email',
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
  return isSequelizes ? UNKEEPABLE : message
}
