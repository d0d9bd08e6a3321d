import type { Attributes, Model } from 'sequelize'
import { sequelizeOf } from '../database/columns.js'
import { NotGuestError } from '../errors.js'
import { guestSettings, type UserId, type WriteOptions, type GuestModel } from './guest.js'
import { rememberGuest } from './guest-state.js'
import { keyOf } from './user-key.js'

/**
 * `Guest.convert`. Deleting the `Guest` row comes first: that statement locks it, and of any number of converters (or
 * clean-ups) exactly one finds it there. In a caller's transaction all this is a savepoint, so that a username that is
 * taken leaves the transaction usable.
 */
export async function convertGuest<U extends Model>(
  Guest: GuestModel<U>,
  userOrId: U | UserId,
  values: Partial<Attributes<U>>,
  { transaction: outer }: WriteOptions = {},
): Promise<U> {
  const { User, onConvert } = Guest[guestSettings]
  const id = userOrId instanceof User ? keyOf(userOrId) : userOrId
  const key = User.primaryKeyAttribute
  if (Object.hasOwn(values, key) && String((values as Record<string, unknown>)[key]) !== String(id)) {
    throw new TypeError(`Guest.convert: values must not change the primary key '${key}'`)
  }
  return await sequelizeOf(Guest).transaction(
    { ...(outer && { transaction: outer }) },
    async (transaction) => {
      if ((await Guest.destroy({ where: { userId: id }, transaction })) === 0) throw new NotGuestError()
      const user = await User.findByPk(id, { transaction, rejectOnEmpty: new NotGuestError() })
      await user.update(values, { transaction })
      rememberGuest(user, null)
      await onConvert?.({ user, values, transaction })
      return user
    },
  )
}
