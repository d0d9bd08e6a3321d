import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
} from 'sequelize'
import { startApplication, type TestApp, type TestAppOptions, type User } from '../support/application.js'
import { DAY } from '../support/clock.js'

/** Something that a guest makes, and that goes with them. */
export class Todo extends Model<InferAttributes<Todo>, InferCreationAttributes<Todo>> {
  declare id: CreationOptional<number>
  declare title: string
  declare userId: number
}

export interface Stage extends TestApp {
  readonly Todo: typeof Todo
}

/** An application whose guests have to-dos. */
export async function stageOf(options: TestAppOptions = {}): Promise<Stage> {
  const app = await startApplication(options)
  class Todos extends Todo {}
  Todos.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      title: { type: DataTypes.STRING, allowNull: false },
      userId: { type: DataTypes.INTEGER, allowNull: false },
    },
    { sequelize: app.sequelize, modelName: 'Todo', indexes: [{ fields: ['userId'] }] },
  )
  Todos.belongsTo(app.User, { foreignKey: 'userId', onDelete: 'CASCADE' })
  await Todos.sync()
  return { ...app, Todo: Todos }
}

/** Guests who were made so many days ago, each with two to-dos. */
export async function guestsOf(stage: Stage, howMany: number, daysAgo = 20): Promise<User[]> {
  const made = new Date(Date.now() - daysAgo * DAY * 1000)
  const users = await stage.User.bulkCreate(
    Array.from({ length: howMany }, (_, place) => ({
      username: `guest-${String(daysAgo)}-${String(place)}-${crypto.randomUUID()}`,
    })),
  )
  await stage.Guest.bulkCreate(users.map(({ id }) => ({ userId: id, createdAt: made, lastSeenAt: made })))
  await stage.Todo.bulkCreate(
    users.flatMap(({ id }) => ['one', 'two'].map((title) => ({ title, userId: id }))),
  )
  return users
}

export async function emptied(stage: Stage): Promise<void> {
  await stage.User.destroy({ where: {} })
  await stage.Visitor.destroy({ where: {} })
  await stage.sequelize.model('GuestOutcome').destroy({ where: {} })
}
