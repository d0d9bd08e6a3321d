import {
  DataTypes,
  Model,
  type CreationOptional,
  type ForeignKey,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize'
import { defineGuestModel } from 'passport-ephemeral'

export const LONGEST_TITLE = 200

/** The application's own users. A guest is a user without a password. */
export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare readonly id: CreationOptional<number>
  declare username: string
  declare passwordHash: CreationOptional<string | null>
}

/** One line of a user's list. */
export class Todo extends Model<InferAttributes<Todo>, InferCreationAttributes<Todo>> {
  declare readonly id: CreationOptional<number>
  declare userId: ForeignKey<number>
  declare title: string
  declare done: CreationOptional<boolean>
}

export type Models = ReturnType<typeof defineModels>

/** @param guests the age in seconds at which guests expire */
export function defineModels(sequelize: Sequelize, guests: { maxAge?: number } = {}) {
  const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }

  User.init(
    {
      id,
      username: { type: DataTypes.STRING(64), allowNull: false, unique: true },
      passwordHash: { type: DataTypes.STRING },
    },
    { sequelize },
  )
  const Guest = defineGuestModel(sequelize, { User, ...guests })

  Todo.init(
    {
      id,
      title: { type: DataTypes.STRING(LONGEST_TITLE), allowNull: false },
      done: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
    },
    // A title is unique in a list. A merge of two lists resolves conflicts: see `mergeGuest` in setup.ts.
    { sequelize, indexes: [{ unique: true, fields: ['userId', 'title'] }] },
  )
  // The clean-up deletes an expired guest, and the list with it.
  Todo.belongsTo(User, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })

  // The table of connect-session-sequelize.
  sequelize.define('Session', {
    sid: { type: DataTypes.STRING(36), primaryKey: true },
    expires: { type: DataTypes.DATE },
    data: { type: DataTypes.TEXT },
  })

  return { User, Guest, Todo }
}
