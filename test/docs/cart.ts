import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
} from 'sequelize'
import { sequelize } from './database.js'
import { User } from './guests-application.js'

/** A user's rows: one cart with items. */
export class Cart extends Model<InferAttributes<Cart>, InferCreationAttributes<Cart>> {
  declare id: CreationOptional<number>
  declare userId: number
}
export class CartItem extends Model<InferAttributes<CartItem>, InferCreationAttributes<CartItem>> {
  declare id: CreationOptional<number>
  declare cartId: number
}

const key = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }
Cart.init(
  { id: key, userId: { type: DataTypes.INTEGER, allowNull: false, unique: true } },
  { sequelize, modelName: 'Cart' },
)
CartItem.init(
  { id: { ...key }, cartId: { type: DataTypes.INTEGER, allowNull: false } },
  { sequelize, modelName: 'CartItem' },
)
Cart.belongsTo(User, { foreignKey: 'userId', onDelete: 'CASCADE' })
CartItem.belongsTo(Cart, { foreignKey: 'cartId', onDelete: 'CASCADE' })
