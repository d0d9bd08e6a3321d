import type { Model, ModelStatic } from 'sequelize'
import { SequelizeStorage } from 'umzug'
import { TablesMissing } from '../../errors.js'
import { explainMissingTable } from '../../database/driver-error.js'

/** Where it is written down which migrations have run: apart from the application's own, which may be umzug's too. */
const TABLE = 'passport_ephemeral_migrations'

/** How to find the table, and whether it may be made. */
export interface LedgerOptions {
  readonly sequelize: NonNullable<ModelStatic<Model>['sequelize']>
  readonly schema: string | undefined
  /** Whether only to look: where there is no table, nothing has run. */
  readonly isReadOnly: boolean
}

/** Umzug's storage in a table of our own, which is left unmade as long as nobody migrates. */
export class Ledger extends SequelizeStorage {
  readonly #isReadOnly: boolean

  constructor({ sequelize, schema, isReadOnly }: LedgerOptions) {
    super({
      sequelize,
      modelName: 'PassportEphemeralMigration',
      tableName: TABLE,
      ...(schema !== undefined && { schema }),
    })
    this.#isReadOnly = isReadOnly
  }

  override async executed(): Promise<string[]> {
    if (!this.#isReadOnly) return await super.executed()
    try {
      // Umzug's own type of the model knows it as something that is called like a function.
      const Rows = this.model as unknown as ModelStatic<Model>
      const rows = await Rows.findAll({ order: ['name'] })
      return rows.map((row) => row.get('name') as string)
    } catch (error) {
      if (error instanceof Error && explainMissingTable(error) instanceof TablesMissing) return []
      throw error
    }
  }
}
