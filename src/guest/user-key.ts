import type { Model } from 'sequelize'
import type { UserId } from './guest.js'

/**
 * A user's primary key.
 *
 * @throws {TypeError} if the user has none yet
 */
export function keyOf(user: Model): UserId {
  const id: unknown = user.get(
    (user.constructor as unknown as { primaryKeyAttribute: string }).primaryKeyAttribute,
  )
  if (isUserId(id)) return id
  if (typeof id === 'bigint') return String(id)
  throw new TypeError('The user has no primary key: was it saved?')
}

/** Whether a value could be a primary key, as a session stores it. */
export function isUserId(value: unknown): value is UserId {
  return typeof value === 'number' || (typeof value === 'string' && value !== '')
}
