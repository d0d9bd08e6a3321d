import type { Model } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { isRowOf } from '../database/model-identity.js'
import { isForeignKeyViolation } from '../database/driver-error.js'
import { readCommittedInstead, retryTransaction } from '../database/transactions.js'
import { GuestNotDeleted, NotGuestError } from '../errors.js'
import { announce } from '../events/events.js'
import { anObject, anything, checkOptions } from '../options.js'
import {
  aTransaction,
  guestSettings,
  type GuestModel,
  type DeleteGuestOptions,
  type UserId,
} from './guest.js'
import { dayOf, recordOutcome } from './outcome.js'
import { couldBeKey, keyOf } from './user-key.js'

/**
 * `Guest.delete`. Deleting the `Guest` row comes first: that statement locks it, and of any number of conversions, merges and
 * deletions at once exactly one finds it there. A regular user is therefore never deleted.
 */
export async function deleteGuest<U extends Model>(
  Guest: GuestModel<U>,
  userOrId: U | UserId,
  options: DeleteGuestOptions = {},
): Promise<void> {
  checkOptions('Guest.delete', options, { transaction: aTransaction, req: anObject, actor: anything })
  const { transaction: outer, req, actor } = options
  const { User, Outcome } = Guest[guestSettings]
  const id: unknown = isRowOf(User, userOrId) ? keyOf(userOrId) : userOrId
  if (!couldBeKey(User, id)) throw new NotGuestError()
  const sequelize = sequelizeOf(Guest)
  const attempt = (): Promise<void> =>
    sequelize.transaction(
      outer ? { transaction: outer } : readCommittedInstead(sequelize),
      async (transaction) => {
        const guest = await Guest.unscoped().findByPk(id, { transaction, lock: true, raw: false })
        const user = await User.unscoped().findByPk(id, { transaction, paranoid: false, raw: false })
        if (guest === null || user === null) throw new NotGuestError()
        if ((await Guest.destroy({ where: { userId: id }, transaction })) === 0) throw new NotGuestError()
        await user.destroy({ transaction, force: true })
        await recordOutcome(Outcome, 'deleted', new Map([[dayOf(guest.createdAt), 1]]), transaction)
        announce(Guest.events, 'deleted', { userId: id, req, actor }, transaction)
      },
    )
  try {
    await (outer === undefined ? retryTransaction(attempt) : attempt())
  } catch (error) {
    if (isForeignKeyViolation(error)) throw new GuestNotDeleted(error)
    throw error
  }
}
