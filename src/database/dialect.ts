import { DataTypes, Transaction, type Model, type ModelStatic, type Sequelize } from 'sequelize'
import { InvalidOption } from '../invalid-option.js'
import { sequelizeOf } from './columns.js'

/**
 * What differs between the databases, as this package needs it. To support another database, add
 *
 * - one of these, and its name at Sequelize to `DIALECTS`;
 * - the queries of its catalog to `catalog-texts.ts`;
 * - its driver's codes to the lists in `driver-error.ts`;
 * - its lock for migrations, if it has one, to `cli/migrate/lock.ts`;
 * - its server to `test/support/database.ts`, and to the jobs in `.ci`.
 *
 * Other files ask for a property below, and never for the name of a database.
 */
export interface Dialect {
  readonly kind: 'postgres' | 'mysql' | 'sqlite'
  /** A key that counts past 31 bits. */
  readonly wideKeyType: DataTypes.AbstractDataTypeConstructor
  /** The type that a value is cast to for the database's own spelling of it. */
  readonly textType: 'TEXT' | 'CHAR'
  /** Whether the driver rounds whole numbers past 2^53. */
  readonly roundsWideKeys: boolean
  /** Whether text columns compare without regard to case. */
  readonly comparesWithoutCase: boolean
  /** Whether names of tables that differ in case name different tables. */
  readonly hasCaseInTableNames: boolean
  /** Whether the hot statements, which are written for PostgreSQL, are prepared past the ORM. */
  readonly preparesStatements: boolean
  /** Whether the driver prepares each text with parameters, and keeps what it has prepared: 16,000 texts on one connection. */
  readonly keepsEachText: boolean
  /** Whether one statement can select rows, delete them, and tell what it has deleted (`WITH … DELETE … RETURNING`). */
  readonly hasWritingSelect: boolean
  /** Whether settings and advisory locks can be made for one transaction (`set_config`, `pg_advisory_xact_lock`). */
  readonly hasTransactionSettings: boolean
  /** Whether every foreign key gets an index by itself. */
  readonly indexesForeignKeys: boolean
  /** Whether foreign keys can be added to a table that exists. */
  readonly altersForeignKeys: boolean
  /** Whether an index can be made without blocking writers, and is named by itself. */
  readonly createsIndexConcurrently: boolean
  /** The function that tells where a text has another one in it; 0: nowhere. */
  readonly positionFunction: 'strpos' | 'instr'
  /** The join that reads its left table first. */
  readonly orderedJoin: 'INNER JOIN' | 'STRAIGHT_JOIN'
  /** Whether a plain read sees what was there at the transaction's first read, so that only a locking read sees the latest. */
  readonly needsLockingRead: boolean
  /** A transaction that sees, after waiting for a lock, what the holder of the lock has written. */
  readonly readCommitted: { readonly isolationLevel?: Transaction.ISOLATION_LEVELS }
  /** A short transaction that deletes many rows, and makes no other transaction wait for rows that it leaves alone. */
  readonly batchTransaction: {
    readonly isolationLevel?: Transaction.ISOLATION_LEVELS
    readonly type?: Transaction.TYPES
  }
  /** The end of a SELECT that locks rows of these tables, and passes over rows that are locked. */
  readonly lockFreeRows: (tables: readonly string[]) => string
}

const { READ_COMMITTED } = Transaction.ISOLATION_LEVELS

const postgres: Dialect = {
  kind: 'postgres',
  wideKeyType: DataTypes.BIGINT,
  textType: 'TEXT',
  roundsWideKeys: false,
  comparesWithoutCase: false,
  hasCaseInTableNames: true,
  preparesStatements: true,
  keepsEachText: false,
  hasWritingSelect: true,
  hasTransactionSettings: true,
  indexesForeignKeys: false,
  altersForeignKeys: true,
  createsIndexConcurrently: true,
  positionFunction: 'strpos',
  orderedJoin: 'INNER JOIN',
  needsLockingRead: false,
  readCommitted: { isolationLevel: READ_COMMITTED },
  batchTransaction: { isolationLevel: READ_COMMITTED },
  lockFreeRows: (tables) => ` FOR UPDATE OF ${tables.join(', ')} SKIP LOCKED`,
}

/** MySQL and MariaDB, by either driver. */
const mysql: Dialect = {
  kind: 'mysql',
  wideKeyType: DataTypes.BIGINT,
  textType: 'CHAR',
  roundsWideKeys: false,
  comparesWithoutCase: true,
  hasCaseInTableNames: false,
  preparesStatements: false,
  keepsEachText: true,
  hasWritingSelect: false,
  hasTransactionSettings: false,
  indexesForeignKeys: true,
  altersForeignKeys: true,
  createsIndexConcurrently: false,
  positionFunction: 'instr',
  orderedJoin: 'STRAIGHT_JOIN',
  needsLockingRead: true,
  readCommitted: {},
  batchTransaction: { isolationLevel: READ_COMMITTED }, // without gap locks, which would make new guests wait
  lockFreeRows: () => ' FOR UPDATE SKIP LOCKED',
}

/** SQLite has one writer: a transaction that writes locks the whole database file. */
const sqlite: Dialect = {
  kind: 'sqlite',
  wideKeyType: DataTypes.INTEGER, // 64 bits, and the only type by which SQLite numbers rows
  textType: 'TEXT',
  roundsWideKeys: true,
  comparesWithoutCase: false,
  hasCaseInTableNames: false,
  preparesStatements: false,
  keepsEachText: false,
  hasWritingSelect: false,
  hasTransactionSettings: false,
  indexesForeignKeys: false,
  altersForeignKeys: false,
  createsIndexConcurrently: false,
  positionFunction: 'instr',
  orderedJoin: 'INNER JOIN',
  needsLockingRead: false,
  readCommitted: {},
  batchTransaction: { type: Transaction.TYPES.IMMEDIATE },
  lockFreeRows: () => '',
}

const DIALECTS: Readonly<Record<string, Dialect>> = { postgres, mysql, mariadb: mysql, sqlite }

/**
 * The dialect of an instance. This is the only place that asks Sequelize which database it talks to.
 *
 * @throws {TypeError} if this package does not support the database
 */
export function dialectOf(sequelize: Sequelize): Dialect {
  const name = sequelize.getDialect()
  const dialect = DIALECTS[name]
  if (dialect === undefined) {
    throw new InvalidOption(
      `passport-ephemeral supports the dialects ${Object.keys(DIALECTS).join(', ')} of Sequelize, not ${name}`,
    )
  }
  return dialect
}

/** An expression as text, in the database's own spelling: a driver can round numbers, and cuts dates at milliseconds. */
export function asText(sequelize: Sequelize, expression: string): string {
  return `CAST(${expression} AS ${dialectOf(sequelize).textType})`
}

/** The dialect's own writer of literals, which Sequelize's types leave out. */
interface LiteralWriter {
  escape: (value: unknown, attribute: unknown) => string
}

/**
 * A value as a literal that compares with a column of the model: times above all.
 *
 * Time is the process's everywhere: `new Date()`, never the server's `NOW()`. It is written as Sequelize writes it into
 * the column, in the instance's `timezone` and with the column's precision. A replacement of `sequelize.query` is
 * always written in UTC and, on MySQL, without milliseconds.
 */
export function columnLiteral(model: ModelStatic<Model>, attribute: string, value: unknown): string {
  const { queryGenerator } = sequelizeOf(model).getQueryInterface()
  return (queryGenerator as LiteralWriter).escape(value, model.getAttributes()[attribute])
}
