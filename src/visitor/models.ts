import { randomUUID } from 'node:crypto'
import { DataTypes, type ModelAttributes, type Sequelize } from 'sequelize'
import { dialectOf } from '../database/dialect.js'
import { initOwnModel } from '../database/own-model.js'
import { aBoolean, anObject, aString, checkOptions, positiveSeconds, type Rule } from '../options.js'
import { createTokenCodec, type Secret } from './token.js'
import type { VisitorScope } from './scope.js'
import {
  LONGEST_SCOPE,
  visitLength,
  Visitor,
  visitorSettings,
  type VisitorModel,
  type VisitorSettings,
} from './visitor.js'
import { parseVisitOptions, SUSPECT_SESSIONS, type VisitOptions } from './visits/options.js'
import { insertVisits, readSharing } from './visits/statements.js'
import type { Visits } from './visits/visit.js'
import { watchForSharing } from './visits/suspicion.js'
import { VisitBuffer } from './visits/visit-buffer.js'
import { visitBuffer, VisitorLog, visitLimits } from './visits/visitor-log.js'

/** Options of {@link defineVisitorModels}. */
export interface VisitorModelOptions extends VisitOptions {
  /**
   * Signs the tokens. A string of 32 random characters or more; an array to rotate: the first signs, all verify;
   * `false`: links carry the bare UUID, and read access to the table opens every link. `[secret, false]`: new links are
   * signed, bare UUIDs that were sent out before are still accepted.
   */
  secret: Secret | undefined
  /** The query parameter that carries the token. @default 'vuid' */
  queryKey?: string
  /** How long a link can be redeemed, in seconds. @default 259200 (3 days) */
  tokenExpiry?: number
  /**
   * How long a visit lasts, in seconds from redeeming; 0: until the browser closes and a day at most; `null`: as long
   * as the host's session. Each pass can have its own. @default 0
   */
  sessionExpiry?: number | null
  /** Cut addresses in the visit log: IPv4 to /24, IPv6 to /48. @default false */
  anonymizeIp?: boolean
  /** Keep hot statements prepared on PostgreSQL. Turn off for a pooler that cannot. @default true */
  preparedStatements?: boolean
  /** Name of the model of the passes; that of the visits has `Log` after it. @default 'Visitor' */
  modelName?: string
  /** Name columns and tables in snake case. @default what your Sequelize instance's `define` says */
  underscored?: boolean
  /** Table of the passes. @default what Sequelize makes of `Visitor` by your conventions */
  tableName?: string
  /** Table of the visits. @default what Sequelize makes of `VisitorLog` by your conventions */
  logTableName?: string
  /** Database schema of both. @default your Sequelize instance's */
  schema?: string
}

const DAY = 24 * 60 * 60

const secretRule: Rule = {
  expected: 'a non-empty string, false, or a non-empty array of them (is the environment variable set?)',
  test: (value) => {
    const secrets: unknown[] = Array.isArray(value) ? value : [value]
    return secrets.length > 0 && secrets.every((secret) => secret === false || aString.test(secret))
  },
}

/**
 * Defines the two models of the visitors' half on your Sequelize instance: `Visitor`, the passes, and `VisitorLog`,
 * the visits. Their tables come from `passport-ephemeral/migrations` or from `sequelize.sync()`, alike.
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function defineVisitorModels(
  sequelize: Sequelize,
  options: VisitorModelOptions,
): { Visitor: VisitorModel; VisitorLog: typeof VisitorLog } {
  checkOptions(
    'defineVisitorModels',
    options,
    {
      secret: secretRule,
      queryKey: aString,
      tokenExpiry: positiveSeconds,
      sessionExpiry: visitLength,
      anonymizeIp: aBoolean,
      visitLog: anObject,
      sharing: anObject,
      preparedStatements: aBoolean,
      modelName: aString,
      underscored: aBoolean,
      tableName: aString,
      logTableName: aString,
      schema: aString,
    },
    ['secret'],
  )
  const { secret = '', sessionExpiry = 0, tokenExpiry = 3 * DAY, modelName = 'Visitor' } = options
  const { tableName, logTableName, schema, underscored, preparedStatements = true } = options
  const { visitLog, sharing } = parseVisitOptions('defineVisitorModels', options)

  class DefinedLog extends VisitorLog {
    static override readonly [visitBuffer]: VisitBuffer = new VisitBuffer({
      ...visitLog,
      insert: (batch) => insertVisits(DefinedLog, batch),
      written: sharing && watchForSharing(() => ({ Visitor: DefinedVisitor, visits }), sharing),
    })
  }
  const visits: Visits = {
    add: (visit) => {
      DefinedLog[visitBuffer].add(visit)
    },
    sharing: (visitorIds, queryOptions) => readSharing(DefinedLog, visitorIds, queryOptions),
  }
  class DefinedVisitor<S extends VisitorScope = VisitorScope> extends Visitor<S> {
    static override readonly [visitorSettings]: VisitorSettings = {
      codec: createTokenCodec(secret),
      queryKey: options.queryKey ?? 'vuid',
      tokenExpiry,
      preparedStatements,
      anonymizeIp: options.anonymizeIp ?? false,
      visits,
      sharingThreshold: sharing?.threshold ?? SUSPECT_SESSIONS,
    }
  }

  initOwnModel(DefinedVisitor, sequelize, visitorAttributes(sessionExpiry, tokenExpiry), {
    modelName,
    tableName,
    schema,
    underscored,
    updatedAt: true,
    indexes: [
      { attributes: ['uuid'], unique: true },
      { attributes: ['email'] },
      { attributes: ['expiresAt'] },
    ],
  })
  keepUuidsQuiet(DefinedVisitor)
  initOwnModel(DefinedLog, sequelize, visitorLogAttributes(sequelize), {
    modelName: `${modelName}Log`,
    tableName: logTableName,
    schema,
    underscored,
    updatedAt: false,
    indexes: [{ attributes: ['visitorId', 'createdAt'] }, { attributes: ['createdAt'] }],
  })
  DefinedLog.belongsTo(DefinedVisitor, {
    as: 'visitor',
    foreignKey: { name: 'visitorId', allowNull: false },
    onDelete: 'CASCADE',
    onUpdate: 'CASCADE',
  })
  DefinedVisitor.hasMany(DefinedLog, { as: 'visits', foreignKey: 'visitorId' })
  return { Visitor: DefinedVisitor, VisitorLog: DefinedLog }
}

/** With `logQueryParameters`, the ORM writes what it binds into the application's log: a bare UUID is a token. */
function keepUuidsQuiet(Model: typeof Visitor): void {
  if (!Model[visitorSettings].codec.uuidIsToken) return
  const keepQuiet = (_rows: unknown, options: { logging?: unknown } | undefined): void => {
    if (options !== undefined) options.logging = false
  }
  Model.addHook('beforeSave', keepQuiet)
  Model.addHook('beforeBulkCreate', keepQuiet)
}

/** The types that a migration must repeat, so that both ways to the tables give the same ones. */
function visitorAttributes(sessionExpiry: number | null, tokenExpiry: number): ModelAttributes<Visitor> {
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
    selfService: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
  }
}

function visitorLogAttributes(sequelize: Sequelize): ModelAttributes<VisitorLog> {
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
