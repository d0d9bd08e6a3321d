import { DataTypes } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { tableMigration, type TableMigration } from './migration.js'
import { dialectOf } from '../database/dialect.js'

/** How guests ended, by day. */
export function guestOutcomes(Guests: GuestModel): TableMigration {
  const { Outcome } = Guests[guestSettings]
  return tableMigration('passport-ephemeral-0004-guest-outcomes', [
    {
      model: Outcome,
      attributes: {
        id: { type: dialectOf(sequelizeOf(Outcome)).wideKeyType, primaryKey: true, autoIncrement: true },
        outcome: { type: DataTypes.STRING(16), allowNull: false },
        guests: { type: DataTypes.INTEGER, allowNull: false },
        createdOn: { type: DataTypes.DATEONLY, allowNull: false },
        endedOn: { type: DataTypes.DATEONLY, allowNull: false },
      },
      indexes: [{ over: ['endedOn'] }, { over: ['createdOn'] }],
    },
  ])
}
