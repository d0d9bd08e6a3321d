import { Model, type ModelStatic } from 'sequelize'
import { guestSettings, type Guest as GuestRow, type GuestModel } from './guest.js'
import { findUserWithGuest } from './statements.js'
import { couldBeKey } from './user-key.js'

/**
 * The row of a user whom the application's own deserializer has restored as a plain object: it has the key and the username. This
 * package cannot use such a user, because an object does not tell its model. One query for a plain object of that form, none for
 * an instance.
 *
 * @returns its `Guest` row or `null`; `undefined` if it is no user of this model
 */
export async function guestOfPlainUser(
  Guest: GuestModel,
  user: object | undefined,
): Promise<GuestRow | null | undefined> {
  const { User, usernameField } = Guest[guestSettings] as {
    User: ModelStatic<Model>
    usernameField: string
  }
  if (user === undefined || user instanceof Model) return undefined
  const values = user as Readonly<Record<string, unknown>>
  const username = values[usernameField]
  const key = values[User.primaryKeyAttribute]
  const id = typeof key === 'bigint' ? String(key) : key
  if (typeof username !== 'string' || !couldBeKey(User, id)) return undefined
  const found = await findUserWithGuest(Guest, id)
  return found?.user.get(usernameField) === username ? found.guest : undefined
}
