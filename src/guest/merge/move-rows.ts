import { Op, type Transaction, type WhereOptions } from 'sequelize'
import { sequelizeOf } from '../../database/columns.js'
import { withoutPreparing } from '../../database/prepared.js'
import { isCheckViolation } from '../../database/driver-error.js'
import { decide, type MergeConflict } from './conflicts.js'
import type { Scope } from './references.js'
import { anyOf, BATCH, findRows, type Ownership, type RowKey } from './rows.js'

/**
 * Makes the guest's rows the account's. `resolveConflicts` has deleted those that a unique index forbids. A row that a CHECK constraint refuses, such as that of an account that follows
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
  const mayDelete = rule !== undefined && model.primaryKeyAttributes.length > 0 // otherwise no row can be named
  if (await tryToMove(ownership, conditions, transaction, !mayDelete)) return
  const rows = await findRows(model, conditions, transaction)
  for (const row of await moveSome(ownership, rows, transaction)) {
    if (typeof rule === 'function') {
      await decide(model, { guest: row, account: row }, rule, transaction)
      if (await tryToMove(ownership, [anyOf([row])], transaction)) continue
    }
    await model.unscoped().destroy({ where: anyOf([row]), force: true, transaction })
  }
}

/** Moves the rows that can be moved, and returns the others. */
async function moveSome(
  ownership: Ownership,
  rows: readonly RowKey[],
  transaction: Transaction,
): Promise<readonly RowKey[]> {
  if (rows.length === 0) return []
  if (rows.length <= BATCH && (await tryToMove(ownership, [anyOf(rows)], transaction))) return []
  if (rows.length === 1) return rows
  const middle = Math.ceil(rows.length / 2)
  const refused = await moveSome(ownership, rows.slice(0, middle), transaction)
  return [...refused, ...(await moveSome(ownership, rows.slice(middle), transaction))]
}

/**
 * Moves rows in a savepoint: on PostgreSQL, a refused statement ends the transaction otherwise.
 *
 * @returns `false` if a CHECK constraint refuses one of them
 */
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
          ...withoutPreparing(sequelizeOf(model)),
        },
      )
    })
    return true
  } catch (error) {
    if (mustSucceed || !isCheckViolation(error)) throw error
    return false
  }
}
