import { DataTypes, Model, Sequelize, type CreationOptional, type InferAttributes } from 'sequelize'
import type { InferCreationAttributes } from 'sequelize'
import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import { POOL_SIZE, SECRET } from './settings.js'

export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<number>
  declare username: string
  declare email: CreationOptional<string | null>
  declare password: CreationOptional<string | null>
}

/** The models of an application: its users, and the package's models. */
export function openModels(databaseUrl: string) {
  const sequelize = new Sequelize(databaseUrl, { logging: false, pool: { max: POOL_SIZE } })
  User.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
      email: { type: DataTypes.STRING(254), unique: true },
      password: { type: DataTypes.STRING },
    },
    { sequelize, modelName: 'User' },
  )
  const { Visitor, VisitorLog } = defineVisitorModels(sequelize, { secret: SECRET })
  const Guest = defineGuestModel(sequelize, { User })
  return { sequelize, User, Guest, Visitor, VisitorLog }
}
