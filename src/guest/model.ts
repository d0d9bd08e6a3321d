import { DataTypes, type Attributes, type Model, type ModelStatic, type Sequelize } from 'sequelize'
import { initOwnModel } from '../database/own-model.js'
import { aBoolean, aFunction, aString, checkOptions, oneOf, positiveSeconds, type Rule } from '../options.js'
import { convertGuest } from './convert.js'
import {
  Guest,
  GUEST_ALIAS,
  guestSettings,
  type ConvertContext,
  type GuestModel,
  type GuestSettings,
  type UserId,
  type WriteOptions,
} from './guest.js'
import { deserializeUser, serializeUser } from './session.js'

/** Options of {@link defineGuestModel}. */
export interface GuestModelOptions<U extends Model> {
  /** Your users' model. Any single primary key will do. */
  User: ModelStatic<U>
  /** The attribute of `User` that holds the username. @default 'username' */
  usernameField?: Extract<keyof Attributes<U>, string>
  /** How long a guest lives, in seconds. @default 1209600 (14 days) */
  maxAge?: number
  /** Whether `maxAge` counts from when the guest was made, or was last seen. @default 'absolute' */
  expiry?: 'absolute' | 'sliding'
  /** Runs in the transaction of every conversion; a throw undoes the conversion. */
  onConvert?: (context: ConvertContext<U>) => unknown
  /** Keep hot statements prepared on PostgreSQL. Turn off for a pooler that cannot. @default true */
  preparedStatements?: boolean
  /** Name of the model, for an application with guests of two users models. @default 'Guest' */
  modelName?: string
  /** Table of the guests. @default what Sequelize makes of the model's name by your conventions */
  tableName?: string
  /** Database schema of the table. @default your Sequelize instance's */
  schema?: string
}

const DAY = 24 * 60 * 60

const userModel: Rule = {
  expected: 'a Sequelize model with a single primary key, initialised',
  test: (value) =>
    typeof value === 'function' && 'primaryKeyAttribute' in value && Boolean(value.primaryKeyAttribute),
}

/**
 * Defines `Guest` on your Sequelize instance, beside your `User`. A users row with a `Guest` row is a guest; one
 * without is a regular user. The table comes from `passport-ephemeral/migrations` or from `sequelize.sync()`, alike.
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function defineGuestModel<U extends Model>(
  sequelize: Sequelize,
  options: GuestModelOptions<U>,
): GuestModel<U> {
  checkOptions(
    'defineGuestModel',
    options,
    {
      User: userModel,
      usernameField: aString,
      maxAge: positiveSeconds,
      expiry: oneOf('absolute', 'sliding'),
      onConvert: aFunction,
      preparedStatements: aBoolean,
      modelName: aString,
      tableName: aString,
      schema: aString,
    },
    ['User'],
  )
  const { User, usernameField = 'username', modelName = 'Guest', tableName, schema } = options
  if (!Object.hasOwn(User.getAttributes(), usernameField)) {
    throw new TypeError(
      `defineGuestModel: option 'usernameField' names '${usernameField}', which User does not have`,
    )
  }
  const settings: GuestSettings<U> = {
    User,
    usernameField,
    maxAge: options.maxAge ?? 14 * DAY,
    expiry: options.expiry ?? 'absolute',
    preparedStatements: options.preparedStatements ?? true,
    sessionTag: hasAnotherGuestModel(sequelize, modelName) ? modelName : undefined,
    ...(options.onConvert && { onConvert: options.onConvert }),
  }

  class DefinedGuest extends Guest {
    static override readonly [guestSettings] = settings as unknown as GuestSettings
  }
  initOwnModel(
    DefinedGuest,
    sequelize,
    {
      userId: { type: keyTypeOf(User), primaryKey: true, allowNull: false },
      createdAt: { type: DataTypes.DATE(3), allowNull: false },
      lastSeenAt: { type: DataTypes.DATE(3), allowNull: false, defaultValue: () => new Date() },
      sessionHash: { type: DataTypes.STRING(64), allowNull: true },
    },
    {
      modelName,
      tableName,
      schema,
      underscored: User.options.underscored, // its table stands beside the users
      updatedAt: false,
      indexes: [
        { attributes: ['sessionHash'], unique: true },
        { attributes: ['createdAt'] },
        { attributes: ['lastSeenAt'] },
      ],
    },
  )
  DefinedGuest.belongsTo(User, {
    as: 'user',
    foreignKey: { name: 'userId', allowNull: false },
    onDelete: 'CASCADE',
    onUpdate: 'CASCADE',
  })
  User.hasOne(DefinedGuest, {
    as: GUEST_ALIAS,
    foreignKey: 'userId',
    onDelete: 'CASCADE',
    onUpdate: 'CASCADE',
  })

  const Model = DefinedGuest as unknown as GuestModel<U>
  return Object.assign(Model, {
    convert: (user: U | UserId, values: Partial<Attributes<U>>, writeOptions?: WriteOptions) =>
      convertGuest(Model, user, values, writeOptions),
    serializeUser: serializeUser(Model),
    deserializeUser: deserializeUser(Model),
  } satisfies Pick<GuestModel<U>, 'convert' | 'serializeUser' | 'deserializeUser'>)
}

function hasAnotherGuestModel(sequelize: Sequelize, modelName: string): boolean {
  return Object.entries(sequelize.models).some(
    ([name, model]) => name !== modelName && guestSettings in model,
  )
}

/** A foreign key has the type of what it points to, down to the length. */
function keyTypeOf(User: ModelStatic<Model>) {
  const key = User.getAttributes()[User.primaryKeyAttribute]
  if (key === undefined) throw new TypeError("defineGuestModel: option 'User' must have a single primary key")
  return key.type
}
