import { UniqueConstraintError } from 'sequelize'
import { fieldOf } from '../database/columns.js'
import { guestSettings, type GuestModel, type WriteOptions } from './guest.js'
import { usernameIsTaken } from './statements.js'

/**
 * Whether the username is what collided. The database is queried; but a caller's transaction at REPEATABLE READ or
 * SERIALIZABLE does not see a name that was taken after its first read, so there the constraint's columns count as well.
 */
export async function isUsernameCollision(
  Guest: GuestModel,
  username: string,
  error: unknown,
  { transaction }: WriteOptions,
): Promise<boolean> {
  if (await usernameIsTaken(Guest, username, { transaction })) return true
  if (transaction === undefined || !(error instanceof UniqueConstraintError)) return false
  const { User, usernameField } = Guest[guestSettings]
  const [column, ...more] = Object.keys(error.fields)
  return more.length === 0 && column === fieldOf(User, usernameField)
}
