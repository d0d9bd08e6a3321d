import type { Model, ModelStatic, Transaction } from 'sequelize'
import { quotedField, quotedTable, sequelizeOf } from '../../database/columns.js'
import { runPrepared, statement } from '../../database/prepared.js'
import { findKeys } from './find-keys.js'
import { isPostgres } from '../../database/dialect.js'

/** How rows are deleted. */
export interface DeleteOptions {
  readonly transaction: Transaction
  /** Whether the application's hooks run: those of the batch, or also those of each row; without it none do. */
  readonly hooks?: 'bulk' | 'individual' | undefined
}

type Key = number | string

/**
 * Deletes rows by their keys, for good also where rows are only marked as deleted.
 *
 * @returns the keys of those that are gone: hooks, triggers and policies can let a row stay without an error
 */
export async function deleteByKey(
  model: ModelStatic<Model>,
  key: string,
  keys: readonly Key[],
  { transaction, hooks }: DeleteOptions,
): Promise<readonly Key[]> {
  const sequelize = sequelizeOf(model)
  if (hooks === undefined && isPostgres(sequelize)) {
    const column = quotedField(model, key)
    const text = `DELETE FROM ${quotedTable(model)} WHERE ${column} = ANY($1) RETURNING ${column} AS key`
    const rows = await runPrepared(sequelize, statement(text), [keys], { transaction })
    // A key can be spelt otherwise there, as in another case where that makes no difference.
    return rows.length === keys.length ? keys : rows.map((row) => row['key'] as Key)
  }
  const deleted: unknown = await model.unscoped().destroy({
    where: { [key]: [...keys] },
    force: true,
    hooks: hooks !== undefined,
    individualHooks: hooks === 'individual',
    transaction,
  })
  return deleted === keys.length ? keys : await without(model, key, keys, transaction)
}

async function without(
  model: ModelStatic<Model>,
  key: string,
  keys: readonly Key[],
  transaction: Transaction,
): Promise<readonly Key[]> {
  const there = await findKeys(model, key, keys, { transaction })
  return keys.filter((each) => !there.has(String(each)))
}
