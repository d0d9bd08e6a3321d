import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize'

class User extends Model<InferAttributes<User>, InferCreationAttributes<User>> {
  declare id: CreationOptional<number>
  declare username: string
  declare email: CreationOptional<string | null>
  declare passwordHash: CreationOptional<string | null>
}

/** A users model that requires only a username. */
export function defineUser(sequelize: Sequelize): typeof User {
  User.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
      email: { type: DataTypes.STRING(254), unique: true },
      passwordHash: { type: DataTypes.STRING },
    },
    { sequelize, modelName: 'User' },
  )
  return User
}
