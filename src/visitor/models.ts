import type { Model, Sequelize, Transaction } from 'sequelize'
import { initOwnModel } from '../database/own-model.js'
import { announce, Events } from '../events/events.js'
import { redactQueryKey } from '../http/redact-tokens.js'
import {
  aBoolean,
  anObject,
  aString,
  checkOptions,
  positiveCount,
  positiveSeconds,
  type Rule,
} from '../options.js'
import { visitLength, visitorAttributes, visitorLogAttributes } from './attributes.js'
import { createTokenCodec, type Secret } from './token.js'
import type { VisitorEvents } from './events.js'
import type { VisitorScope } from './scope.js'
import type { VisitorSettings } from './settings.js'
import { PENDING, Visitor, visitorSettings, type VisitorModel, type WriteOptions } from './visitor.js'
import { parseVisitLogOptions, type VisitLogOptions } from './visits/options.js'
import { insertVisits, readSharing } from './visits/statements.js'
import type { Visits } from './visits/visit.js'
import { watchForSharing } from './visits/suspicion.js'
import { VisitBuffer } from './visits/visit-buffer.js'
import { visitBuffer, VisitorLog } from './visits/visitor-log.js'

/** Options of {@link defineVisitorModels}. */
export interface VisitorModelOptions {
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
  /** How visits are buffered until they are written. */
  visitLog?: VisitLogOptions
  /** The number of different sessions from which on a link counts as shared. @default 5 */
  sharingThreshold?: number
  /**
   * The name of the database in sessions, which keeps its visits apart from those of another database. Set it where two
   * servers have a database of one name, or to the old name after the database was renamed.
   * @default the database that Sequelize connects to
   */
  databaseName?: string
  /** Keep hot statements prepared on PostgreSQL. Turn off for a pooler that cannot. @default true */
  preparedStatements?: boolean
  /** Name of the model of the passes; that of the visits has `Log` after it. @default 'Visitor' */
  modelName?: string
  /** Name columns and tables in snake case. @default as your Sequelize instance's `define` */
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
 * @example
 * const { Visitor, VisitorLog } = defineVisitorModels(sequelize, { secret: process.env.VISITOR_SECRET })
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
      sharingThreshold: positiveCount,
      databaseName: aString,
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
  const { sharingThreshold = 5 } = options
  const { queryKey = 'vuid' } = options
  redactQueryKey(queryKey)
  const visitLog = parseVisitLogOptions('defineVisitorModels', options.visitLog)

  class DefinedLog extends VisitorLog {
    static override readonly [visitBuffer]: VisitBuffer = new VisitBuffer({
      ...visitLog,
      insert: (batch) => insertVisits(DefinedLog, batch),
      written: watchForSharing(() => DefinedVisitor, sharingThreshold),
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
      queryKey,
      tokenExpiry,
      preparedStatements,
      databaseName: options.databaseName,
      anonymizeIp: options.anonymizeIp ?? false,
      visits,
      sharingThreshold,
    }
    static override readonly events = new Events<VisitorEvents<Visitor>>()
  }

  initOwnModel(DefinedVisitor, sequelize, visitorAttributes(sessionExpiry, tokenExpiry), {
    modelName,
    tableName,
    schema,
    underscored,
    updatedAt: true,
    indexes: [
      { attributes: ['uuid'], unique: true },
      { attributes: ['email'], lowerCase: true },
      { attributes: ['expiresAt'] },
    ],
  })
  keepUuidsQuiet(DefinedVisitor)
  announceIssued(DefinedVisitor)
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

/** What the hooks of a creation are told; `req` and `actor` by those who pass them on, as the operator's pages do. */
type CreationNotes = Omit<WriteOptions, 'transaction'> & {
  readonly transaction?: Transaction | null | undefined
}

/** A pass of self-service is issued when its link is sent. */
function announceIssued(Passes: typeof Visitor): void {
  const tell = (pass: Model, { transaction, req, actor }: CreationNotes): void => {
    const visitor: Visitor | undefined = pass instanceof Passes ? pass : undefined
    if (visitor !== undefined && visitor.confirmedBy !== PENDING)
      announce(Passes.events, 'issued', { visitor, req, actor }, transaction ?? undefined)
  }
  Passes.addHook('afterCreate', (visitor, options) => {
    tell(visitor, options)
  })
  Passes.addHook('afterBulkCreate', (visitors, options) => {
    if (options.individualHooks !== true) for (const visitor of visitors) tell(visitor, options)
  })
}
