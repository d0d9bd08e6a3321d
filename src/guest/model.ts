import {
  DataTypes,
  type Attributes,
  type Model,
  type ModelAttributes,
  type ModelStatic,
  type Sequelize,
} from 'sequelize'
import { initOwnModel } from '../database/own-model.js'
import { Events } from '../events/events.js'
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
import { createGuestUser } from './create.js'
import { convertGuest } from './conversion/convert.js'
import { PendingConversion, initPendingConversionModel } from './conversion/pending-conversion.js'
import {
  Guest,
  GUEST_ALIAS,
  guestSettings,
  OWN_ATTRIBUTES,
  USER_ALIAS,
  type ConvertContext,
  type GuestModel,
  type GuestSettings,
} from './guest.js'
import { deleteGuest } from './delete-guest.js'
import type { GuestEvents } from './events.js'
import { GuestOutcome, initOutcomeModel } from './outcome.js'
import { deserializeUser, serializeUser } from './session.js'
import { hasBinaryKey } from './user-key.js'

/** Options of {@link defineGuestModel}. */
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

const HOUR = 60 * 60
const DAY = 24 * HOUR

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
 * Defines `Guest` on your Sequelize instance, beside your `User`. A users row with a `Guest` row is a guest; one
 * without is a regular user. The table comes from `passport-ephemeral/migrations` or from `sequelize.sync()`, alike.
 *
 * @example
 * const Guest = defineGuestModel(sequelize, { User, maxAge: 30 * 24 * 60 * 60 })
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function defineGuestModel<U extends Model, G extends Guest = Guest>(
  sequelize: Sequelize,
  options: GuestModelOptions<U, G>,
): GuestModel<U, G> {
  checkOptions(
    'defineGuestModel',
    options,
    {
      User: userModel,
      usernameField: aString,
      maxAge: positiveSeconds,
      expiry: oneOf('absolute', 'sliding'),
      touchInterval: positiveSeconds,
      onConvert: aFunction,
      model: guestClass,
      attributes: anObject,
      preparedStatements: aBoolean,
      modelName: aString,
      tableName: aString,
      pendingConversionTableName: aString,
      outcomeTableName: aString,
      schema: aString,
    },
    ['User'],
  )
  const { User, usernameField = 'username', modelName = 'Guest', schema } = options
  const { model: Base = Guest, attributes = {} } = options
  const { maxAge = 14 * DAY, touchInterval = Math.min(HOUR, maxAge / 24) } = options
  if (!Object.hasOwn(User.getAttributes(), usernameField)) {
    throw new TypeError(
      `defineGuestModel: option 'usernameField' names '${usernameField}', which User does not have`,
    )
  }
  if (touchInterval >= maxAge) {
    throw new TypeError(
      "defineGuestModel: option 'touchInterval' must be less than maxAge, or guests expire while they are here",
    )
  }
  checkAttributes(attributes)
  checkOnlyOne(User)

  class DefinedPendingConversion extends PendingConversion {}
  class DefinedOutcome extends GuestOutcome {}
  const settings: GuestSettings<U> = {
    User,
    PendingConversion: DefinedPendingConversion,
    Outcome: DefinedOutcome,
    usernameField,
    maxAge,
    expiry: options.expiry ?? 'absolute',
    touchInterval,
    preparedStatements: options.preparedStatements ?? true,
    ...(options.onConvert && { onConvert: options.onConvert }),
  }
  class DefinedGuest extends (Base as typeof Guest) {
    static override readonly [guestSettings] = settings as unknown as GuestSettings
  }
  const conventions = { schema, underscored: User.options.underscored } // its tables stand beside the users
  initOwnModel(
    DefinedGuest,
    sequelize,
    {
      // A foreign key has the type of what it points to, down to the length.
      userId: {
        type: User.getAttributes()[User.primaryKeyAttribute]?.type ?? DataTypes.INTEGER,
        primaryKey: true,
        allowNull: false,
      },
      createdAt: { type: DataTypes.DATE(3), allowNull: false },
      lastSeenAt: { type: DataTypes.DATE(3), allowNull: false, defaultValue: () => new Date() },
      sessionHash: { type: DataTypes.STRING(64), allowNull: true },
      ...(attributes as ModelAttributes<Guest>),
    },
    {
      modelName,
      tableName: options.tableName,
      ...conventions,
      updatedAt: false,
      indexes: [
        { attributes: ['sessionHash'], unique: true },
        { attributes: ['createdAt'] },
        { attributes: ['lastSeenAt'] },
      ],
    },
  )
  const cascade = { onDelete: 'CASCADE', onUpdate: 'CASCADE' }
  DefinedGuest.belongsTo(User, {
    as: USER_ALIAS,
    foreignKey: { name: 'userId', allowNull: false },
    ...cascade,
  })
  User.hasOne(DefinedGuest, { as: GUEST_ALIAS, foreignKey: 'userId', ...cascade })
  initPendingConversionModel(DefinedPendingConversion, sequelize, DefinedGuest, {
    modelName: `${modelName === 'Guest' ? '' : modelName}PendingConversion`,
    tableName: options.pendingConversionTableName,
    ...conventions,
  })
  initOutcomeModel(DefinedOutcome, sequelize, {
    modelName: `${modelName}Outcome`,
    tableName: options.outcomeTableName,
    ...conventions,
  })

  const Model = DefinedGuest as unknown as GuestModel<U, G>
  type Method = 'events' | 'createGuestUser' | 'convert' | 'delete' | 'serializeUser' | 'deserializeUser'
  const methods: Pick<GuestModel<U, G>, Method> = {
    events: new Events<GuestEvents<U>>(),
    createGuestUser: (createOptions) => createGuestUser(Model, createOptions),
    convert: (user, values, convertOptions) => convertGuest(Model, user, values, convertOptions),
    delete: (user, deleteOptions) => deleteGuest(Model, user, deleteOptions),
    serializeUser: serializeUser(Model),
    deserializeUser: deserializeUser(Model),
  }
  return Object.assign(Model, methods)
}

/** Every guest is made without the columns of the application's own. */
function checkAttributes(attributes: ModelAttributes): void {
  for (const [name, attribute] of Object.entries(attributes)) {
    const what = `defineGuestModel: option 'attributes' has '${name}', which`
    if (OWN_ATTRIBUTES.includes(name) || name === USER_ALIAS || name in Guest.prototype)
      throw new TypeError(`${what} Guest has already`)
    const { allowNull = true, defaultValue } =
      typeof attribute === 'string' || !('type' in attribute) ? {} : attribute
    if (!allowNull && defaultValue === undefined) {
      throw new TypeError(`${what} must allow null or have a defaultValue: guests are made without it`)
    }
  }
}

/** A second definition would leave the first one without its table's model, so this is checked before anything is changed. */
function checkOnlyOne(User: ModelStatic<Model>): void {
  const association = User.associations[GUEST_ALIAS]
  if (association === undefined) return
  throw new TypeError(
    guestSettings in association.target
      ? `defineGuestModel: ${User.name} has guests already, of the model '${association.target.name}': define it once, beside ` +
          `${User.name}, and import it (where ${User.name} is defined anew, as for each test, so are its guests)`
      : `defineGuestModel: ${User.name} has an association '${GUEST_ALIAS}' of yours already: give it another name by 'as'`,
  )
}
