import { DataTypes, type Model, type ModelAttributes, type Sequelize } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { initOwnModel } from '../database/own-model.js'
import { Events } from '../events/events.js'
import { createGuestUser } from './create.js'
import { convertGuest } from './conversion/convert.js'
import { PendingConversion, initPendingConversionModel } from './conversion/pending-conversion.js'
import {
  Guest,
  GUEST_ALIAS,
  guestSettings,
  USER_ALIAS,
  type GuestModel,
  type GuestSettings,
} from './guest.js'
import { deleteGuest } from './delete-guest.js'
import type { GuestEvents } from './events.js'
import { GuestOutcome, initOutcomeModel } from './outcome.js'
import { checkGuestModelOptions, checkOnlyOne, type GuestModelOptions } from './model-options.js'
import { deserializeUser, serializeUser } from './session.js'

const HOUR = 60 * 60
const DAY = 24 * HOUR

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
  checkGuestModelOptions(options)
  const { User, usernameField = 'username', modelName = 'Guest', schema } = options
  const { model: Base = Guest, attributes = {} } = options
  const { maxAge = 14 * DAY, touchInterval = Math.min(HOUR, maxAge / 24) } = options
  if (touchInterval >= maxAge) {
    throw new InvalidOption(
      "defineGuestModel: option 'touchInterval' must be less than maxAge, or guests expire while they are here",
    )
  }
  const { maxLifetime = Math.max(365 * DAY, maxAge) } = options
  if (maxLifetime < maxAge)
    throw new InvalidOption("defineGuestModel: option 'maxLifetime' must not be less than maxAge")
  checkOnlyOne(options.User)

  class DefinedPendingConversion extends PendingConversion {}
  class DefinedOutcome extends GuestOutcome {}
  const settings: GuestSettings<U> = {
    User,
    PendingConversion: DefinedPendingConversion,
    Outcome: DefinedOutcome,
    usernameField,
    maxAge,
    expiry: options.expiry ?? 'absolute',
    maxLifetime,
    touchInterval,
    preparedStatements: options.preparedStatements ?? true,
    databaseName: options.databaseName,
    bareKeys: options.bareKeys ?? false,
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
