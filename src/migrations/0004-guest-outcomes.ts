import { DataTypes } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { guestSettings, type GuestModel } from '../guest/guest.js'
import { addIndex, inColumns, queryInterfaceOf, tableOptions, type Migration } from './migration.js'
import { dialectOf } from '../database/dialect.js'

/**
 * How guests ended, by day. What is written here stays as it was published: a later change to the model is a later
 * migration. Only names and the schema are read from the models.
 */
export function guestOutcomes(Guests: GuestModel): Migration {
  const { Outcome } = Guests[guestSettings]
  return {
    name: 'passport-ephemeral-0004-guest-outcomes',
    async up(target) {
      const queryInterface = queryInterfaceOf(target)
      await queryInterface.createTable(
        Outcome.getTableName(),
        inColumns(Outcome, {
          id: { type: dialectOf(sequelizeOf(Outcome)).wideKeyType, primaryKey: true, autoIncrement: true },
          outcome: { type: DataTypes.STRING(16), allowNull: false },
          guests: { type: DataTypes.INTEGER, allowNull: false },
          createdOn: { type: DataTypes.DATEONLY, allowNull: false },
          endedOn: { type: DataTypes.DATEONLY, allowNull: false },
        }),
        tableOptions(Outcome),
      )
      await addIndex(queryInterface, Outcome, ['endedOn'])
      await addIndex(queryInterface, Outcome, ['createdOn'])
    },
    async down(target) {
      await queryInterfaceOf(target).dropTable(Outcome.getTableName())
    },
  }
}
