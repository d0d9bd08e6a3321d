import { Op, type Transaction, type WhereOptions } from 'sequelize'
import { sequelizeOf } from '../../database/columns.js'
import { isCheckViolation } from '../../database/driver-error.js'
import { decide, type MergeConflict } from './conflicts.js'
import type { Scope } from './references.js'
import { anyOf, findRows, forEachBatch, type Ownership, type RowKey } from './rows.js'

/**
 * Makes the guest's rows the account's. A row that a CHECK constraint refuses, such as that of an account that follows
 * itself, is deleted.
 *
 * @param rule `undefined` if no row may be deleted
 */
export async function moveRows(
  ownership: Ownership,
  scope: Scope,
  rule: MergeConflict | undefined,
  transaction: Transaction,
): Promise<void> {
  const { model, foreignKey, guest } = ownership
  const conditions = [scope as WhereOptions, { [foreignKey]: guest }]
  if (await tryToMove(ownership, conditions, transaction, rule === undefined)) return
  for (const row of await findRefused(
    ownership,
    await findRows(model, conditions, transaction),
    transaction,
  )) {
    if (typeof rule === 'function') {
      await decide(model, { guest: row, account: row }, rule, transaction)
      if (await tryToMove(ownership, [anyOf([row])], transaction)) continue
    }
    await model.unscoped().destroy({ where: anyOf([row]), force: true, transaction })
  }
}

/** Moves the rows that can be moved, and returns the others. */
async function findRefused(
  ownership: Ownership,
  rows: readonly RowKey[],
  transaction: Transaction,
): Promise<RowKey[]> {
  const refused: RowKey[] = []
  await forEachBatch(rows, async (where, batch) => {
    if (await tryToMove(ownership, [where], transaction)) return
    const [only, ...others] = batch
    if (only !== undefined && others.length === 0) refused.push(only)
    const middle = Math.ceil(batch.length / 2)
    for (const half of others.length === 0 ? [] : [batch.slice(0, middle), batch.slice(middle)])
      refused.push(...(await findRefused(ownership, half, transaction)))
  })
  return refused
}

/** In a savepoint: on PostgreSQL, a refused statement ends the transaction otherwise. */
async function tryToMove(
  { model, foreignKey, account }: Ownership,
  conditions: readonly WhereOptions[],
  outer: Transaction,
  mustSucceed = false,
): Promise<boolean> {
  try {
    await sequelizeOf(model).transaction({ transaction: outer }, async (transaction) => {
      await model.unscoped().update(
        { [foreignKey]: account },
        {
          where: { [Op.and]: [...conditions] },
          validate: false, // it would run the validators of attributes that are not there
          silent: true, // the owner of a row has changed, not its contents
          paranoid: false,
          transaction,
        },
      )
    })
    return true
  } catch (error) {
    // Without a primary key no row can be named.
    if (mustSucceed || !isCheckViolation(error) || model.primaryKeyAttributes.length === 0) throw error
    return false
  }
}
