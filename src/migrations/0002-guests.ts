import { DataTypes } from 'sequelize'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { reference, tableMigration, type TableMigration } from './migration.js'

/** The `Guest` rows. */
export function guests(Guests: GuestModel): TableMigration {
  const { User } = Guests[guestSettings]
  return tableMigration('passport-ephemeral-0002-guests', [
    {
      model: Guests,
      attributes: {
        userId: { primaryKey: true, ...reference(User, User.primaryKeyAttribute) },
        createdAt: { type: DataTypes.DATE(3), allowNull: false },
        lastSeenAt: { type: DataTypes.DATE(3), allowNull: false },
        sessionHash: { type: DataTypes.STRING(64), allowNull: true },
      },
      indexes: [{ over: ['sessionHash'], unique: true }, { over: ['createdAt'] }, { over: ['lastSeenAt'] }],
    },
  ])
}
