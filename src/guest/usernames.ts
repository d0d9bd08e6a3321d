import { randomInt } from 'node:crypto'
import { humanId } from 'human-id'
import { v4 } from 'uuid'
import { aString, checkOptions, type Rule } from '../options.js'

/** The argument of a username generator. */
export interface UsernameContext {
  /** 0 at first; counts up each time that the name offered was taken. */
  readonly attempt: number
  /** The longest name that the model takes, by the declared length of the column and the validator `len`, if it has any. */
  readonly maxLength: number | undefined
}

/** Returns a username for a new guest. Called again, a bounded number of times, if the name is taken. */
export type UsernameGenerator = (context: UsernameContext) => string | Promise<string>

/**
 * 32 hexadecimal digits, or as many as the column takes: never taken in practice. The default.
 *
 * @example
 * new GuestStrategy({ Guest, generateUsername: uuidUsername })
 */
export const uuidUsername: UsernameGenerator = ({ maxLength = 32 }) =>
  v4().replaceAll('-', '').slice(0, maxLength)

/** Options of {@link numberedUsername}. */
export interface NumberedUsernameOptions {
  /** @default 'Guest' */
  prefix?: string
  /** How many digits follow, from 1 to 14: with 4 there are 9,999 names in all. @default 4 */
  digits?: number
}

/**
 * `Guest0042`: a prefix and a random number. Choose `digits` so that there are many more names than guests.
 *
 * @example
 * new GuestStrategy({ Guest, generateUsername: numberedUsername({ prefix: 'Player', digits: 8 }) })
 *
 * @throws {TypeError} at start-up, naming the option that is wrong
 */
export function numberedUsername(options: NumberedUsernameOptions = {}): UsernameGenerator {
  checkOptions('numberedUsername', options, { prefix: aString, digits: digitCount })
  const { prefix = 'Guest', digits = 4 } = options
  return () => prefix + String(randomInt(1, 10 ** digits)).padStart(digits, '0')
}

/**
 * `GreenPandasJump`, and after a collision `GreenPandasJump4821`: enough for some millions of guests.
 *
 * @example
 * new GuestStrategy({ Guest, generateUsername: friendlyUsername })
 */
export const friendlyUsername: UsernameGenerator = ({ attempt, maxLength }) => {
  const suffix = attempt === 0 ? '' : String(randomInt(1000, 10_000))
  const name = humanId({ separator: '', capitalize: true })
  return name.slice(0, maxLength === undefined ? undefined : maxLength - suffix.length) + suffix
}

const digitCount: Rule = {
  expected: 'a whole number from 1 to 14',
  test: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 14,
}
