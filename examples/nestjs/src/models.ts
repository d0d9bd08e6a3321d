import {
  DataTypes,
  Model,
  type CreationOptional,
  type ForeignKey,
  type InferAttributes,
  type InferCreationAttributes,
} from 'sequelize'
import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from './database'

export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<number>
  declare username: string
  declare password: CreationOptional<string | null>
}
User.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
    password: { type: DataTypes.STRING }, // a hash; guests have none
  },
  { sequelize },
)

export class Note extends Model<InferAttributes<Note>, InferCreationAttributes<Note>> {
  declare id: CreationOptional<number>
  declare userId: ForeignKey<number>
  declare text: string
}
Note.init(
  {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    text: { type: DataTypes.STRING(500), allowNull: false },
  },
  { sequelize },
)
Note.belongsTo(User, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })

export const Guest = defineGuestModel(sequelize, { User })
export const { Visitor, VisitorLog } = defineVisitorModels(sequelize, {
  secret: process.env['VISITOR_SECRET'] ?? 'only for development: at least 32 characters',
})
