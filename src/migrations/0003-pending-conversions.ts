import { DataTypes } from 'sequelize'
import { fieldOf } from '../database/columns.js'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { addIndex, inColumns, queryInterfaceOf, tableOptions, type Migration } from './migration.js'

/**
 * The conversions of guests that wait for the confirmation of an address. What is written here stays as it was published: a
 * later change to the model is a later migration. Only names, the schema, and the type of the User's primary key are
 * read from the models.
 */
export function pendingConversions(Guests: GuestModel): Migration {
  const { PendingConversion } = Guests[guestSettings]
  return {
    name: 'passport-ephemeral-0003-pending-conversions',
    async up(target) {
      const queryInterface = queryInterfaceOf(target)
      const { type } = Guests.getAttributes().userId
      await queryInterface.createTable(
        PendingConversion.getTableName(),
        inColumns(PendingConversion, {
          userId: {
            type,
            primaryKey: true,
            allowNull: false,
            references: { model: Guests.getTableName() as string, key: fieldOf(Guests, 'userId') },
            onDelete: 'CASCADE',
            onUpdate: 'CASCADE',
          },
          email: { type: DataTypes.STRING(254), allowNull: false },
          details: { type: DataTypes.JSON, allowNull: false },
          tokenHash: { type: DataTypes.STRING(64), allowNull: false },
          createdAt: { type: DataTypes.DATE(3), allowNull: false },
          expiresAt: { type: DataTypes.DATE(3), allowNull: false },
        }),
        tableOptions(PendingConversion),
      )
      await addIndex(queryInterface, PendingConversion, ['tokenHash'], { unique: true })
      await addIndex(queryInterface, PendingConversion, ['email'])
      await addIndex(queryInterface, PendingConversion, ['expiresAt'])
    },
    async down(target) {
      await queryInterfaceOf(target).dropTable(PendingConversion.getTableName())
    },
  }
}
