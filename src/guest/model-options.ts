import { type Attributes, type Model, type ModelAttributes, type ModelStatic } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import {
  aBoolean,
  aFunction,
  anObject,
  aString,
  checkOptions,
  oneOf,
  positiveSeconds,
  type Rule,
} from '../options.js'
import {
  Guest,
  GUEST_ALIAS,
  guestSettings,
  OWN_ATTRIBUTES,
  USER_ALIAS,
  type ConvertContext,
} from './guest.js'
import { hasBinaryKey } from './user-key.js'

/** Options of `defineGuestModel`. */
export interface GuestModelOptions<U extends Model, G extends Guest = Guest> {
  /** Your users' model. Its primary key is one attribute: a number, a text, a UUID. Binary keys are refused. */
  User: ModelStatic<U>
  /** The attribute of `User` that holds the username. @default 'username' */
  usernameField?: Extract<keyof Attributes<U>, string>
  /** How long a guest lives, in seconds. @default 1209600 (14 days) */
  maxAge?: number
  /** Whether `maxAge` counts from when the guest was made, or was last seen. @default 'absolute' */
  expiry?: 'absolute' | 'sliding'
  /**
   * With `expiry: 'sliding'`, how long a guest lives at most, however often it is seen, in seconds (ASVS 5.0, 7.3.2). Its sessions
   * end then; the clean-up deletes it `maxAge` after it was last seen.
   * @default 31536000 (365 days), or `maxAge` if that is more
   */
  maxLifetime?: number
  /**
   * With `expiry: 'sliding'`, how often it is written down at most that a guest was seen, in seconds. A guest may expire that
   * much early.
   * @default 3600, or a 24th of `maxAge` if that is less
   */
  touchInterval?: number
  /** Runs in the transaction of every conversion; a throw undoes the conversion. */
  onConvert?: (context: ConvertContext<U>) => unknown
  /** A class of yours that extends `Guest`, for methods and for the types of `attributes`. @default Guest */
  model?: new () => G
  /**
   * Further columns of the model, with null allowed or a default: guests are made without them. `onCreate` can fill them in.
   * `sequelize.sync()` makes them; where you migrate, add them by a migration of yours.
   * @default none
   */
  attributes?: ModelAttributes<G>
  /**
   * The name of the database in sessions, which keeps its users apart from those of another database. Set it where two
   * servers have a database of one name, or to the old name after the database was renamed.
   * @default the database that Sequelize connects to
   */
  databaseName?: string
  /**
   * Whether every session that holds a primary key alone is of a user of this model: one that another serializer wrote,
   * before this package was there. Otherwise `Guest.deserializeUser` leaves it to the next deserializer.
   * @default false
   */
  bareKeys?: boolean
  /** Keep hot statements prepared on PostgreSQL. Turn off for a pooler that cannot. @default true */
  preparedStatements?: boolean
  /** Name of the model, for an application with guests of two users models. @default 'Guest' */
  modelName?: string
  /** Table of the guests. @default what Sequelize makes of the model's name by your conventions */
  tableName?: string
  /** Table of what guests have asked to become, with `convertRouter({ verifyEmail })`. @default as of `tableName` */
  pendingConversionTableName?: string
  /** Table of how guests ended, by day. @default as of `tableName` */
  outcomeTableName?: string
  /** Database schema of all three. @default your Sequelize instance's */
  schema?: string
}

const userModel: Rule = {
  expected:
    'a Sequelize model with a single primary key, initialised; the key a number or a text, not binary',
  test: (value) =>
    typeof value === 'function' &&
    'primaryKeyAttributes' in value &&
    Array.isArray(value.primaryKeyAttributes) &&
    value.primaryKeyAttributes.length === 1 &&
    !hasBinaryKey(value as unknown as ModelStatic<Model>),
}

const guestClass: Rule = {
  expected: 'a class that extends Guest, not initialised',
  test: (value) =>
    typeof value === 'function' && value.prototype instanceof Guest && !Object.hasOwn(value, guestSettings),
}

/**
 * Checks what `defineGuestModel` was given, before anything is changed.
 *
 * @throws {TypeError} naming the option that is wrong
 */
export function checkGuestModelOptions<U extends Model, G extends Guest>(
  options: GuestModelOptions<U, G>,
): void {
  checkOptions(
    'defineGuestModel',
    options,
    {
      User: userModel,
      usernameField: aString,
      maxAge: positiveSeconds,
      expiry: oneOf('absolute', 'sliding'),
      maxLifetime: positiveSeconds,
      touchInterval: positiveSeconds,
      onConvert: aFunction,
      model: guestClass,
      attributes: anObject,
      databaseName: aString,
      bareKeys: aBoolean,
      preparedStatements: aBoolean,
      modelName: aString,
      tableName: aString,
      pendingConversionTableName: aString,
      outcomeTableName: aString,
      schema: aString,
    },
    ['User'],
  )
  const { User, usernameField = 'username', attributes = {} } = options
  if (!Object.hasOwn(User.getAttributes(), usernameField)) {
    throw new InvalidOption(
      `defineGuestModel: option 'usernameField' names '${usernameField}', which User does not have`,
    )
  }
  checkAttributes(attributes)
}

/** Every guest is made without the columns of the application's own. */
function checkAttributes(attributes: ModelAttributes): void {
  for (const [name, attribute] of Object.entries(attributes)) {
    const what = `defineGuestModel: option 'attributes' has '${name}', which`
    if (OWN_ATTRIBUTES.includes(name) || name === USER_ALIAS || name in Guest.prototype)
      throw new InvalidOption(`${what} Guest has already`)
    const { allowNull = true, defaultValue } =
      typeof attribute === 'string' || !('type' in attribute) ? {} : attribute
    if (!allowNull && defaultValue === undefined) {
      throw new InvalidOption(`${what} must allow null or have a defaultValue: guests are made without it`)
    }
  }
}

/** A second definition would leave the first one without its table's model, so this is checked before anything is changed. */
export function checkOnlyOne(User: ModelStatic<Model>): void {
  const association = User.associations[GUEST_ALIAS]
  if (association === undefined) return
  throw new InvalidOption(
    guestSettings in association.target
      ? `defineGuestModel: ${User.name} has guests already, of the model '${association.target.name}': define it once, beside ` +
          `${User.name}, and import it (where ${User.name} is defined anew, as for each test, so are its guests)`
      : `defineGuestModel: ${User.name} has an association '${GUEST_ALIAS}' of yours already: give it another name by 'as'`,
  )
}
