import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type ModelStatic,
  type NonAttribute,
  type Sequelize,
} from 'sequelize'
import { initOwnModel, type OwnTable } from '../../database/own-model.js'
import type { UserId } from '../user-key.js'

/**
 * What a guest has asked to become, until the link in the message is followed and confirmed: one for each guest. Its
 * foreign key is the `Guest` row, with which it is deleted: by conversion, merge and clean-up.
 */
export class PendingConversion extends Model<
  InferAttributes<PendingConversion>,
  InferCreationAttributes<PendingConversion>
> {
  /** Whose it is, and the primary key. */
  declare readonly userId: UserId
  /** The address to be proven, in one spelling and in small letters, to compare pending conversions by. */
  declare readonly email: string
  /** The attributes of `User` that the conversion sets: the address as it was typed, a hashed password. */
  declare readonly details: Readonly<Record<string, unknown>>
  /** SHA-256 of the link's token. */
  declare readonly tokenHash: string
  /** Of the code in the message; `null`: there is none. */
  declare readonly codeHash: string | null
  /** How often a code was tried. */
  declare readonly codeAttempts: CreationOptional<number>
  declare readonly createdAt: Date
  /** From then on the link is invalid. */
  declare readonly expiresAt: Date

  get hasExpired(): NonAttribute<boolean> {
    return this.expiresAt.getTime() <= Date.now()
  }
}

/** Initialises the model of a guest model's pending conversions, beside it. */
export function initPendingConversionModel(
  Model: typeof PendingConversion,
  sequelize: Sequelize,
  Guest: ModelStatic<Model>,
  options: OwnTable,
): void {
  const { type = DataTypes.INTEGER } = Guest.getAttributes()['userId'] ?? {}
  initOwnModel(
    Model,
    sequelize,
    {
      userId: { type, primaryKey: true, allowNull: false },
      email: { type: DataTypes.STRING(254), allowNull: false },
      details: { type: DataTypes.JSON, allowNull: false },
      tokenHash: { type: DataTypes.STRING(64), allowNull: false },
      codeHash: { type: DataTypes.STRING(64), allowNull: true },
      codeAttempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      createdAt: { type: DataTypes.DATE(3), allowNull: false },
      expiresAt: { type: DataTypes.DATE(3), allowNull: false },
    },
    {
      ...options,
      updatedAt: false,
      indexes: [{ attributes: ['tokenHash'], unique: true }, { attributes: ['expiresAt'] }],
    },
  )
  Model.belongsTo(Guest, {
    as: 'guest',
    foreignKey: { name: 'userId', allowNull: false },
    onDelete: 'CASCADE',
    onUpdate: 'CASCADE',
  })
}
