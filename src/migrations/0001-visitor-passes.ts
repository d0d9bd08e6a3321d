import { DataTypes } from 'sequelize'
import { fieldOf, sequelizeOf } from '../database/columns.js'
import type { Visitor } from '../visitor/visitor.js'
import type { VisitorLog } from '../visitor/visits/visitor-log.js'
import { addIndex, inColumns, queryInterfaceOf, tableOptions, type Migration } from './migration.js'
import { dialectOf } from '../database/dialect.js'

/**
 * The passes and their visits. What is written here stays as it was published: a later change to the models is a later
 * migration. Only names and the schema are read from the models.
 */
export function visitorPasses(Passes: typeof Visitor, Visits: typeof VisitorLog): Migration {
  return {
    name: 'passport-ephemeral-0001-visitor-passes',
    async up(target) {
      const queryInterface = queryInterfaceOf(target)
      const passes = Passes.getTableName() as string
      await queryInterface.createTable(
        passes,
        inColumns(Passes, {
          id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
          uuid: { type: DataTypes.UUID, allowNull: false },
          firstName: { type: DataTypes.STRING(150), allowNull: false, defaultValue: '' },
          lastName: { type: DataTypes.STRING(150), allowNull: false, defaultValue: '' },
          email: { type: DataTypes.STRING(254), allowNull: false },
          scope: { type: DataTypes.STRING(100), allowNull: false },
          context: { type: DataTypes.JSON, allowNull: true },
          createdAt: { type: DataTypes.DATE(3), allowNull: false },
          updatedAt: { type: DataTypes.DATE(3), allowNull: false },
          expiresAt: { type: DataTypes.DATE(3), allowNull: false },
          isActive: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
          sessionExpiry: { type: DataTypes.INTEGER, allowNull: true },
          maxUses: { type: DataTypes.INTEGER, allowNull: true },
          uses: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
          lastUsedAt: { type: DataTypes.DATE(3), allowNull: true },
          reissuedAt: { type: DataTypes.DATE(3), allowNull: true },
          confirmedBy: { type: DataTypes.STRING(64), allowNull: true },
          selfService: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
        }),
        tableOptions(Passes),
      )
      await addIndex(queryInterface, Passes, ['uuid'], { unique: true })
      await addIndex(queryInterface, Passes, ['email'])
      await addIndex(queryInterface, Passes, ['expiresAt'])

      await queryInterface.createTable(
        Visits.getTableName(),
        inColumns(Visits, {
          id: { type: dialectOf(sequelizeOf(Visits)).wideKeyType, primaryKey: true, autoIncrement: true },
          visitorId: {
            type: DataTypes.INTEGER,
            allowNull: false,
            references: { model: Passes.getTableName() as string, key: fieldOf(Passes, 'id') },
            onDelete: 'CASCADE',
            onUpdate: 'CASCADE',
          },
          createdAt: { type: DataTypes.DATE(3), allowNull: false },
          method: { type: DataTypes.STRING(16), allowNull: false },
          path: { type: DataTypes.STRING(2048), allowNull: false },
          status: { type: DataTypes.INTEGER, allowNull: false },
          userAgent: { type: DataTypes.STRING(512), allowNull: false },
          referrer: { type: DataTypes.STRING(512), allowNull: false },
          ip: { type: DataTypes.STRING(64), allowNull: false },
          sessionHash: { type: DataTypes.STRING(64), allowNull: false },
          outcome: { type: DataTypes.STRING(32), allowNull: false },
        }),
        tableOptions(Visits),
      )
      await addIndex(queryInterface, Visits, ['visitorId', 'createdAt'])
      await addIndex(queryInterface, Visits, ['createdAt'])
    },
    async down(target) {
      const queryInterface = queryInterfaceOf(target)
      await queryInterface.dropTable(Visits.getTableName())
      await queryInterface.dropTable(Passes.getTableName())
    },
  }
}
