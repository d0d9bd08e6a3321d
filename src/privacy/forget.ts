import { type Model, type ModelStatic, type Transaction } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { isForeignKeyViolation } from '../database/driver-error.js'
import { retryTransaction } from '../database/transactions.js'
import type { Visitor } from '../visitor/visitor.js'
import { visitLogOf } from '../visitor/visits/visitor-log.js'
import { personOf, rowsOf, type Person, type PersonModels, type PersonOptions } from './person.js'

/** What {@link forget} deleted, and what it could not delete. */
export interface Forgotten {
  readonly passes: number
  /** The visits of all passes of the address. */
  readonly visits: number
  readonly pendingConversions: number
  /** Passes to which a table of the application refers by a foreign key that forbids the deletion. They are deactivated. */
  readonly notDeleted: readonly { readonly pass: number; readonly reason: string }[]
}

/**
 * Deletes the passes, their visits and the pending conversions of an e-mail address, in one transaction, for a request for erasure
 * (GDPR article 17). Open visits of those passes end at once. A pass that a row of the application refers to is deactivated, and
 * named in the answer.
 *
 * A guest is not deleted: that is `Guest.delete(user)`.
 *
 * @example
 * const { notDeleted } = await forget({ Guest, Visitor }, { email: 'ginger@example.com' })
 *
 * @throws {TypeError} naming the option that is wrong
 * @throws the database's error; nothing is deleted then
 */
export async function forget(models: PersonModels, options: PersonOptions): Promise<Forgotten> {
  const person = personOf('forget', models, options)
  const { Passes, Pending } = person
  // A visit that is written later, by another process, is refused by the foreign key.
  if (Passes !== undefined) await visitLogOf(Passes).flush()
  const model = (Passes ?? Pending) as ModelStatic<Model>
  return await retryTransaction(() =>
    sequelizeOf(model).transaction((transaction) => forgetWithin(person, transaction)),
  )
}

async function forgetWithin(person: Person, transaction: Transaction): Promise<Forgotten> {
  const { Passes, Pending } = person
  const notDeleted: { pass: number; reason: string }[] = []
  let [visits, deleted] = [0, 0]
  if (Passes !== undefined) {
    for (const pass of await rowsOf(Passes, person, transaction)) {
      visits += await visitLogOf(Passes).destroy({ where: { visitorId: pass.id }, transaction })
      const reason = await deletePass(pass, transaction)
      if (reason === undefined) deleted += 1
      else notDeleted.push({ pass: pass.id, reason })
    }
  }
  const pending = Pending === undefined ? [] : await rowsOf(Pending, person, transaction)
  for (const conversion of pending) await conversion.destroy({ transaction })
  return { passes: deleted, visits, pendingConversions: pending.length, notDeleted }
}

/** Deletes a pass, or deactivates it where a foreign key forbids that; returns the database's reason then. */
async function deletePass(pass: Visitor, transaction: Transaction): Promise<string | undefined> {
  try {
    await pass.sequelize.transaction({ transaction }, (savepoint) => pass.destroy({ transaction: savepoint }))
    return undefined
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    await pass.deactivate({ transaction })
    return error.message
  }
}
