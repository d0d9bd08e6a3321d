import type { Model, ModelStatic, QueryInterface } from 'sequelize'
import { TablesMissing } from '../errors.js'
import { quotedTable } from './columns.js'
import { explainMissingTable } from './driver-error.js'

/** Whether a model's table is there, found as the migrations find it: on PostgreSQL, by the search path. */
export async function hasTable(
  Table: ModelStatic<Model>,
  { sequelize }: Pick<QueryInterface, 'sequelize'>,
): Promise<boolean> {
  try {
    await sequelize.query(`SELECT 1 FROM ${quotedTable(Table)} WHERE 1 = 0`)
    return true
  } catch (error) {
    if (explainMissingTable(error) instanceof TablesMissing) return false
    throw error
  }
}

/** The name of a model's table, without its schema. */
export function tableNameOf(Table: ModelStatic<Model>): string {
  const name: string | { tableName: string } = Table.getTableName()
  return typeof name === 'string' ? name : name.tableName
}
