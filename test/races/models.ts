import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize'
import { defineGuestModel, defineVisitorModels, type GuestModel } from '../../src/index.js'
import { defineUser, SECRET, type User } from '../support/application.js'

/** A row of a guest that must not be lost. */
export class Todo extends Model<InferAttributes<Todo>, InferCreationAttributes<Todo>> {
  declare id: CreationOptional<number>
  declare title: string
  declare userId: number
}

export interface Models {
  readonly User: typeof User
  readonly Guest: GuestModel<User>
  readonly Todo: typeof Todo
  readonly Visitor: ReturnType<typeof defineVisitorModels>['Visitor']
  readonly VisitorLog: ReturnType<typeof defineVisitorModels>['VisitorLog']
}

export function defineModels(sequelize: Sequelize): Models {
  const Users = defineUser(sequelize)
  const Todos = defineTodo(sequelize, Users)
  const Guest = defineGuestModel(sequelize, { User: Users })
  return { User: Users, Guest, Todo: Todos, ...defineVisitorModels(sequelize, { secret: SECRET }) }
}

/** Rows that a guest owns, and of which two with one title meet in a merge. */
export function defineTodo(sequelize: Sequelize, Users: typeof User): typeof Todo {
  class Todos extends Todo {}
  Todos.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      title: { type: DataTypes.STRING, allowNull: false },
      userId: { type: DataTypes.INTEGER, allowNull: false },
    },
    { sequelize, modelName: 'Todo', indexes: [{ fields: ['userId', 'title'], unique: true }] },
  )
  Todos.belongsTo(Users, { foreignKey: 'userId', onDelete: 'CASCADE' })
  Users.hasMany(Todos, { foreignKey: 'userId', onDelete: 'CASCADE' })
  return Todos
}
