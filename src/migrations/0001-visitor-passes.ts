import { DataTypes } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import type { Visitor } from '../visitor/visitor.js'
import type { VisitorLog } from '../visitor/visits/visitor-log.js'
import { reference, tableMigration, type TableMigration } from './migration.js'
import { dialectOf } from '../database/dialect.js'

/** The passes and their visits. */
export function visitorPasses(Passes: typeof Visitor, Visits: typeof VisitorLog): TableMigration {
  return tableMigration('passport-ephemeral-0001-visitor-passes', [
    {
      model: Passes,
      attributes: {
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
        codeHash: { type: DataTypes.STRING(64), allowNull: true },
        codeAttempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
        selfService: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      },
      indexes: [
        { over: ['uuid'], unique: true },
        { over: ['email'], lowerCase: true },
        { over: ['expiresAt'] },
      ],
    },
    {
      model: Visits,
      attributes: {
        id: { type: dialectOf(sequelizeOf(Visits)).wideKeyType, primaryKey: true, autoIncrement: true },
        visitorId: reference(Passes, 'id'),
        createdAt: { type: DataTypes.DATE(3), allowNull: false },
        method: { type: DataTypes.STRING(16), allowNull: false },
        path: { type: DataTypes.STRING(2048), allowNull: false },
        status: { type: DataTypes.INTEGER, allowNull: false },
        userAgent: { type: DataTypes.STRING(512), allowNull: false },
        referrer: { type: DataTypes.STRING(512), allowNull: false },
        ip: { type: DataTypes.STRING(64), allowNull: false },
        sessionHash: { type: DataTypes.STRING(64), allowNull: false },
        outcome: { type: DataTypes.STRING(32), allowNull: false },
      },
      indexes: [{ over: ['visitorId', 'createdAt'] }, { over: ['createdAt'] }],
    },
  ])
}
