import { DataTypes } from 'sequelize'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { reference, tableMigration, type TableMigration } from './migration.js'

/** The conversions of guests that wait for the confirmation of an address. */
export function pendingConversions(Guests: GuestModel): TableMigration {
  return tableMigration('passport-ephemeral-0003-pending-conversions', [
    {
      model: Guests[guestSettings].PendingConversion,
      attributes: {
        userId: { primaryKey: true, ...reference(Guests, 'userId') },
        email: { type: DataTypes.STRING(254), allowNull: false },
        details: { type: DataTypes.JSON, allowNull: false },
        tokenHash: { type: DataTypes.STRING(64), allowNull: false },
        codeHash: { type: DataTypes.STRING(64), allowNull: true },
        codeAttempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
        createdAt: { type: DataTypes.DATE(3), allowNull: false },
        expiresAt: { type: DataTypes.DATE(3), allowNull: false },
      },
      indexes: [{ over: ['tokenHash'], unique: true }, { over: ['expiresAt'] }],
    },
  ])
}
