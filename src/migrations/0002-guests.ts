import { DataTypes } from 'sequelize'
import { fieldOf } from '../database/columns.js'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { addIndex, inColumns, queryInterfaceOf, tableOptions, type Migration } from './migration.js'

/**
 * The table of guests. What is written here stays as it was published: a later change to the model is a later
 * migration. Only names, the schema, and the type of the User's primary key are read from the models.
 */
export function guests(Guests: GuestModel): Migration {
  return {
    name: 'passport-ephemeral-0002-guests',
    async up(target) {
      const queryInterface = queryInterfaceOf(target)
      const { User } = Guests[guestSettings]
      const key = User.primaryKeyAttribute
      const { type = DataTypes.INTEGER } = User.getAttributes()[key] ?? {}
      await queryInterface.createTable(
        Guests.getTableName(),
        inColumns(Guests, {
          userId: {
            type,
            primaryKey: true,
            allowNull: false,
            references: { model: User.getTableName() as string, key: fieldOf(User, key) },
            onDelete: 'CASCADE',
            onUpdate: 'CASCADE',
          },
          createdAt: { type: DataTypes.DATE(3), allowNull: false },
          lastSeenAt: { type: DataTypes.DATE(3), allowNull: false },
          sessionHash: { type: DataTypes.STRING(64), allowNull: true },
        }),
        tableOptions(Guests),
      )
      await addIndex(queryInterface, Guests, ['sessionHash'], { unique: true })
      await addIndex(queryInterface, Guests, ['createdAt'])
      await addIndex(queryInterface, Guests, ['lastSeenAt'])
    },
    async down(target) {
      await queryInterfaceOf(target).dropTable(Guests.getTableName())
    },
  }
}
