import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import type { CreationOptional, InferAttributes, InferCreationAttributes, NonAttribute } from 'sequelize'
import {
  AllowNull,
  BelongsTo,
  Column,
  DataType,
  ForeignKey,
  HasMany,
  Index,
  Model,
  Table,
  Unique,
} from 'sequelize-typescript'
import { openDatabase } from './database'

@Table
export class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<number> // sequelize-typescript adds the column

  @Unique
  @AllowNull(false)
  @Column(DataType.STRING(150))
  declare username: string

  /** A hash. Guests have none. */
  @Column(DataType.STRING)
  declare password: CreationOptional<string | null>

  @HasMany(() => Task, { onDelete: 'CASCADE' })
  declare tasks?: NonAttribute<Task[]>
}

@Table
export class Task extends Model<InferAttributes<Task>, InferCreationAttributes<Task>> {
  declare id: CreationOptional<number>

  @AllowNull(false)
  @Column(DataType.STRING(500))
  declare text: string

  @ForeignKey(() => User)
  @Index
  @AllowNull(false)
  @Column(DataType.INTEGER)
  declare userId: number

  @BelongsTo(() => User)
  declare user?: NonAttribute<User>
}

// Guest and Visitor are Sequelize models without decorators. They need the initialised User, so they come after it.
export const sequelize = openDatabase({ models: [User, Task], logging: false })
export const Guest = defineGuestModel(sequelize, { User })
export const { Visitor } = defineVisitorModels(sequelize, {
  secret: process.env['VISITOR_SECRET'] ?? 'only for development: at least 32 characters',
})

type AccountUser = User
declare global {
  namespace Express {
    /** `req.user` */
    interface User extends AccountUser {}
  }
}
