import passport from 'passport'
import { defineGuestModel } from 'passport-ephemeral'
import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
} from 'sequelize'
import { sequelize } from '../database.js'

export { passport, sequelize }
export const hashPassword = (password: string): Promise<string> => Promise.resolve(`hash of ${password}`)

/** A users model that requires more than a username. */
export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<number>
  declare username: string
  declare email: string
  declare passwordHash: string
}
User.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
    email: { type: DataTypes.STRING(254), allowNull: false, unique: true },
    passwordHash: { type: DataTypes.STRING, allowNull: false },
  },
  { sequelize, modelName: 'User' },
)
export const Guest = defineGuestModel(sequelize, { User })
