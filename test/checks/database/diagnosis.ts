import assert from 'node:assert/strict'
import { afterEach, beforeEach } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { diagnose } from '../../../src/checks/diagnose.js'
import type { Finding, GuestModelOptions } from '../../../src/index.js'
import type { User } from '../../support/application.js'
import { dialect, openDatabase, type TestDatabase } from '../../support/database.js'
import { itWhere } from '../../support/where.js'
import { codes, defineModels, type Models } from '../stage.js'

/** What SQLite cannot alter, and InnoDB does by itself. */
export const itOnPostgres = itWhere(dialect === 'postgres')
export const itOnServers = itWhere(dialect !== 'sqlite')
export const itNotOnMysql = itWhere(dialect !== 'mysql')

/** A database of its own for each test, with the models of a host, and what `diagnose` finds in it. */
export class Diagnosis {
  database!: TestDatabase
  models!: Models

  constructor() {
    beforeEach(() => this.open())
    afterEach(() => this.database.close())
  }

  async open(guest: Partial<GuestModelOptions<User>> = {}): Promise<void> {
    this.database = await openDatabase()
    this.models = defineModels(this.database.sequelize, guest)
  }

  /** Makes the tables, with those of the application. */
  async makeTables(): Promise<void> {
    await this.database.sequelize.sync()
    if (dialect !== 'mysql') await this.run('CREATE INDEX users_lower ON "Users" (lower("email"))')
  }

  async run(sql: string): Promise<void> {
    for (const statement of sql.split(';').filter((part) => part.trim() !== '')) {
      await this.database.sequelize.query(dialect === 'mysql' ? statement.replaceAll('"', '`') : statement)
    }
  }

  async check(): Promise<readonly Finding[]> {
    return await diagnose({ ...this.models, isProduction: false })
  }

  async only(code: string, severity: Finding['severity']): Promise<Finding> {
    const findings = await this.check()
    assert.deepEqual(codes(findings), [code], JSON.stringify(findings, undefined, 1))
    const [finding] = findings
    assert.equal(finding?.severity, severity)
    return finding
  }

  /** A model of the application whose rows refer to users. */
  defineOrders(options: {
    readonly onDelete?: string
    readonly allowNull?: boolean
    readonly isIndexed?: boolean
    readonly constraints?: boolean
  }): ModelStatic<Model> {
    const { onDelete = 'CASCADE', allowNull = false, isIndexed = true, constraints = true } = options
    const Order = this.database.sequelize.define(
      'Order',
      { userId: { type: DataTypes.INTEGER, allowNull }, what: DataTypes.STRING },
      { indexes: isIndexed ? [{ fields: ['userId'] }] : [] },
    )
    Order.belongsTo(this.models.Users, {
      foreignKey: { name: 'userId', allowNull },
      ...(constraints ? { onDelete } : { constraints }),
    })
    return Order
  }
}
