import { randomUUID } from 'node:crypto'
import { DataTypes, type ModelAttributes, type Sequelize } from 'sequelize'
import { dialectOf } from '../database/dialect.js'
import type { Rule } from '../options.js'
import { LONGEST_SCOPE } from './scope.js'
import type { Visitor } from './visitor.js'
import { visitLimits, type VisitorLog } from './visits/visitor-log.js'

/** The rule for how long a visit lasts: seconds; 0: until the browser closes; `null`: as long as the host's session. */
export const visitLength: Rule = {
  expected: '0, a positive whole number of seconds, or null',
  test: (value) => value === null || (Number.isInteger(value) && (value as number) >= 0),
}

/** The types that a migration must repeat, so that both ways to the tables give the same ones. */
export function visitorAttributes(
  sessionExpiry: number | null,
  tokenExpiry: number,
): ModelAttributes<Visitor> {
  return {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    uuid: { type: DataTypes.UUID, allowNull: false, defaultValue: () => randomUUID() },
    firstName: { type: DataTypes.STRING(150), allowNull: false, defaultValue: '', validate: text(150) },
    lastName: { type: DataTypes.STRING(150), allowNull: false, defaultValue: '', validate: text(150) },
    email: { type: DataTypes.STRING(254), allowNull: false, validate: { ...text(254), isEmail: true } },
    scope: {
      type: DataTypes.STRING(LONGEST_SCOPE),
      allowNull: false,
      validate: { ...text(LONGEST_SCOPE), notEmpty: true, notIn: [['*']] },
    },
    context: { type: DataTypes.JSON, allowNull: true },
    createdAt: { type: DataTypes.DATE(3), allowNull: false },
    updatedAt: { type: DataTypes.DATE(3), allowNull: false },
    expiresAt: {
      type: DataTypes.DATE(3),
      allowNull: false,
      defaultValue: () => new Date(Date.now() + tokenExpiry * 1000),
    },
    isActive: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
    sessionExpiry: {
      type: DataTypes.INTEGER,
      allowNull: true,
      defaultValue: () => sessionExpiry,
      validate: {
        isVisitLength: must(visitLength.test, 'sessionExpiry must be 0, a positive whole number or null'),
      },
    },
    maxUses: { type: DataTypes.INTEGER, allowNull: true, validate: { isInt: true, min: 1 } },
    uses: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
    lastUsedAt: { type: DataTypes.DATE(3), allowNull: true },
    reissuedAt: { type: DataTypes.DATE(3), allowNull: true },
    confirmedBy: { type: DataTypes.STRING(64), allowNull: true },
    codeHash: { type: DataTypes.STRING(64), allowNull: true },
    codeAttempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
    selfService: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
  }
}

export function visitorLogAttributes(sequelize: Sequelize): ModelAttributes<VisitorLog> {
  return {
    id: { type: dialectOf(sequelize).wideKeyType, primaryKey: true, autoIncrement: true },
    visitorId: { type: DataTypes.INTEGER, allowNull: false },
    createdAt: { type: DataTypes.DATE(3), allowNull: false },
    method: { type: DataTypes.STRING(visitLimits.method), allowNull: false },
    path: { type: DataTypes.STRING(visitLimits.path), allowNull: false },
    status: { type: DataTypes.INTEGER, allowNull: false },
    userAgent: { type: DataTypes.STRING(visitLimits.userAgent), allowNull: false },
    referrer: { type: DataTypes.STRING(visitLimits.referrer), allowNull: false },
    ip: { type: DataTypes.STRING(visitLimits.ip), allowNull: false },
    sessionHash: { type: DataTypes.STRING(visitLimits.sessionHash), allowNull: false },
    outcome: { type: DataTypes.STRING(visitLimits.outcome), allowNull: false },
  }
}

/** A text that the column takes whole: databases cut or throw past the limit, and PostgreSQL throws on NUL. */
function text(limit: number) {
  return {
    len: [0, limit] as [number, number],
    isStorable: must((value) => !String(value).includes('\0'), 'must not contain a NUL character'),
  }
}

function must(test: (value: unknown) => boolean, message: string) {
  return (value: unknown): void => {
    if (!test(value)) throw new Error(message)
  }
}
