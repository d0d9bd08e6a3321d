import { randomInt } from 'node:crypto'
import { UniqueConstraintError, type Attributes, type Model } from 'sequelize'
import { declaredLength } from '../../database/columns.js'
import { UsernameExhausted } from '../../errors.js'
import { guestSettings, type GuestModel, type WriteOptions } from '../guest.js'
import { isUsernameCollision } from '../create.js'

const MAX_ATTEMPTS = 10

/**
 * Tries an operation with a username, cut to the column's length, and again with digits after it as long as the name is
 * taken: two digits at first, then more. A name that is taken between two statements only causes one more attempt.
 *
 * @throws {UsernameExhausted} if none of them was free
 */
export async function withFreeUsername<U extends Model>(
  Guest: GuestModel<U>,
  values: Partial<Attributes<U>>,
  options: WriteOptions,
  attempt: (values: Partial<Attributes<U>>) => Promise<U>,
): Promise<U> {
  const { usernameField } = Guest[guestSettings]
  const given = (values as Readonly<Record<string, unknown>>)[usernameField]
  if (typeof given !== 'string') return await attempt(values)
  const wanted = cut(given, longestUsername(Guest))

  for (let attempts = 1; ; attempts++) {
    const username = attempts === 1 ? wanted : withDigits(Guest, wanted, attempts)
    try {
      return await attempt({ ...values, [usernameField]: username })
    } catch (error) {
      if (
        !(error instanceof UniqueConstraintError) ||
        !(await isUsernameCollision(Guest, username, error, options))
      )
        throw error
      if (attempts >= MAX_ATTEMPTS) throw new UsernameExhausted(attempts, { cause: error })
    }
  }
}

/** `fred42`, later `fred5081234`, no longer than the column. */
function withDigits(Guest: GuestModel, username: string, digits: number): string {
  const number = String(randomInt(10 ** (digits - 1), 10 ** digits))
  return cut(username, longestUsername(Guest) - number.length) + number
}

function longestUsername(Guest: GuestModel): number {
  const { User, usernameField } = Guest[guestSettings]
  return declaredLength(User, usernameField) ?? Infinity
}

/** At most so many characters; half a character is none. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : Array.from(text).slice(0, length).join('')
}
