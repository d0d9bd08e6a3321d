import { DataTypes, ValidationError, type Model, type ModelStatic, type ValidationErrorItem } from 'sequelize'
import { InvalidOption } from '../../invalid-option.js'
import { declaredLength } from '../../database/columns.js'
import { mayChange } from '../../database/host-model.js'
import type { Problem } from '../../pages/problem.js'
import { guestSettings } from '../guest.js'
import type { ConvertValues } from './schema.js'
import { WHO, type ConversionSettings } from './settings.js'

type Values = Readonly<Record<string, unknown>>

/** What a conversion sets. */
export interface Details {
  /** Attributes of `User`, as `Guest.convert` takes them. */
  readonly values: Values
  /** The attribute for the password's hash, which is stored as it is; empty if there is no password. */
  readonly hash: Values
}

/**
 * What the conversion sets, of what the schema made of the form: attributes of `User` and nothing else, the password hashed.
 *
 * @throws {ValidationError} Sequelize's, if the model's validators refuse the password
 * @throws {TypeError} if there is a password and nothing to hash it with, or the schema's result has the primary key
 */
export async function detailsOf<U extends Model>(
  settings: ConversionSettings<U>,
  user: U,
  { username, password, email, ...more }: ConvertValues,
): Promise<Details> {
  const { User, usernameField } = settings.Guest[guestSettings]
  const { emailField } = settings
  if (Object.hasOwn(more, User.primaryKeyAttribute))
    throw new InvalidOption(
      `${WHO}: the schema's result must not have the primary key '${User.primaryKeyAttribute}'`,
    )
  if (usernameField === emailField && username !== undefined && email !== undefined && username !== email)
    throw new InvalidOption(
      `${WHO}: the schema's result has a username and an email, which are the same attribute '${usernameField}' here: give one of them`,
    )
  const named = {
    ...more,
    ...(email !== undefined && { [emailField]: email }),
    ...(username !== undefined && { [usernameField]: username }),
  }
  const attributes = User.getAttributes()
  return {
    values: Object.fromEntries(Object.entries(named).filter(([name]) => Object.hasOwn(attributes, name))),
    hash: password === undefined ? {} : await hashed(settings, user, password),
  }
}

async function hashed<U extends Model>(
  { Guest, hashPassword, passwordField }: ConversionSettings<U>,
  user: U,
  password: unknown,
): Promise<Values> {
  if (hashPassword === undefined || passwordField === undefined) {
    throw new InvalidOption(`${WHO}: the schema's result has a password: option 'hashPassword' is needed`)
  }
  if (typeof password !== 'string') throw new InvalidOption(`${WHO}: the schema's password is not a string`)
  const { User } = Guest[guestSettings]
  const refusal = await refusalOf(User, user, passwordField, password)
  // A model that hashes by itself validates passwords; any other may validate the hashes that it is given.
  if (refusal !== undefined && mayChange(User, passwordField)) throw refusal

  const hash: unknown = await hashPassword(password)
  if (typeof hash !== 'string' || hash === '') {
    throw new InvalidOption(`${WHO}: hashPassword must give a non-empty string`)
  }
  const longest = declaredLength(User, passwordField)
  if (longest !== undefined && hash.length > longest)
    throw new InvalidOption(
      `${WHO}: hashPassword gives ${String(hash.length)} characters, and ${User.name}.${passwordField} has ${String(longest)}: ` +
        'make the column longer',
    )
  if (refusal !== undefined && (await refusalOf(User, user, passwordField, hash))) throw refusal
  return { [passwordField]: hash }
}

/** What the validators of one attribute have against a value, which no setter has changed. */
async function refusalOf<U extends Model>(
  User: ModelStatic<U>,
  user: U,
  attribute: string,
  value: string,
): Promise<ValidationError | undefined> {
  const others = Object.keys({ ...User.getAttributes(), ...User.options.validate })
  const skip = others.filter((name) => name !== attribute)
  try {
    await draftOf(User, user, { [attribute]: value }).validate({ skip, hooks: false })
    return undefined
  } catch (error) {
    if (error instanceof ValidationError) return error
    throw error
  }
}

/** The user with values that no setter has changed. */
function draftOf<U extends Model>(User: ModelStatic<U>, user: U, values: Values): U {
  return User.build({ ...(user.dataValues as Values), ...values } as never, { raw: true, isNewRecord: false })
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
  { values, hash }: Details,
): Promise<void> {
  const { User } = Guest[guestSettings]
  const attributes = User.getAttributes()
  for (const name of Object.keys(values)) {
    // What a virtual attribute gets may be a secret; a column can be kept as it is.
    if (attributes[name]?.type instanceof DataTypes.VIRTUAL)
      throw new InvalidOption(`${WHO}: with verifyEmail, the virtual attribute '${name}' cannot be set`)
  }
  const draft = draftOf(User, user, hash)
  draft.set(values)
  const untouched = Object.keys(attributes).filter((name) => !Object.hasOwn(values, name))
  await draft.validate({ skip: untouched, hooks: false })
}

/** The field of the form in which an attribute of `User` is typed. */
export function formFieldOf<U extends Model>(settings: ConversionSettings<U>, attribute: string): string {
  const names = [
    attribute === settings.Guest[guestSettings].usernameField && 'username',
    attribute === settings.emailField && 'email',
  ].filter((name) => name !== false)
  const asked = names.find((name) => settings.fieldNames.includes(name)) ?? names[0]
  if (asked !== undefined) return asked
  return attribute === settings.passwordField ? 'password' : attribute
}

/** What a validator says to people, if the application has written that; Sequelize's own words are for developers. */
export function problemOf(item: ValidationErrorItem): Problem {
  const { message, path, validatorKey } = item
  const isSequelizes =
    validatorKey === 'not_a_string' ||
    (validatorKey === 'is_null' && message.endsWith('cannot be null')) ||
    message === `Validation ${String(validatorKey)} on ${String(path)} failed`
  if (!isSequelizes) return { text: message }
  const [shortest, longest]: readonly unknown[] = validatorKey === 'len' ? item.validatorArgs : []
  const { length } = String(item.value)
  if (typeof shortest === 'number' && length < shortest) return { code: 'tooShort', limit: shortest }
  if (typeof longest === 'number' && length > longest) return { code: 'tooLong', limit: longest }
  return { code: 'unacceptable' }
}
