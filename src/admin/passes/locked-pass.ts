import { Transaction } from 'sequelize'
import { sequelizeOf } from '../../database/columns.js'
import { readCommittedInstead, retryTransaction } from '../../database/transactions.js'
import type { Visitor } from '../../visitor/visitor.js'

/**
 * Changes a pass by what it is now, not by what it was when it was read: another operator can have changed it meanwhile.
 *
 * @returns what `change` returns; `undefined` if the pass is gone
 */
export async function withLockedPass<T>(
  found: Visitor,
  change: (pass: Visitor, transaction: Transaction) => Promise<T>,
): Promise<T | undefined> {
  const Passes = found.constructor as typeof Visitor
  const sequelize = sequelizeOf(Passes)
  const type = Transaction.TYPES.IMMEDIATE // SQLite locks the whole database file
  return await retryTransaction(() =>
    sequelize.transaction({ type, ...readCommittedInstead(sequelize) }, async (transaction) => {
      const pass = await Passes.unscoped().findByPk(found.id, { lock: true, transaction })
      return pass === null ? undefined : await change(pass, transaction)
    }),
  )
}
