import { InvalidArgumentError } from 'commander'
import ms from 'ms'
import { grouped } from './text/number.js'

const DURATION = /^\d+(\.\d+)?( ?[a-z]+)?$/i
const MOST_DAYS = 1000
const CENTURY = 100 * 365 * 24 * 60 * 60
const LONGEST_VISIT = 2 ** 31 - 1
const LARGEST_COUNT = 999_999_999
const DURATIONS = 'a duration such as 90s, 12h or 3d, or a number of seconds, up to 100 years'

/** `3d`, `12h`, `90s`, or a plain number of seconds; more than none. */
export function seconds(text: string): number {
  const value = durationOf(text)
  if (value === undefined || value === 0)
    throw new InvalidArgumentError(`Must be ${DURATIONS}, more than none.`)
  return value
}

/** The same, also 0, and `forever`, which is `false`. */
export function secondsOrForever(text: string): number | false {
  if (text === 'forever') return false
  const value = durationOf(text)
  if (value === undefined) throw new InvalidArgumentError(`Must be ${DURATIONS}, or forever.`)
  return value
}

/** How long a visit may last: whole seconds; 0, until the browser closes; `host`, as the host's session. */
export function visitSeconds(text: string): number | 'host' {
  if (text === 'host') return text
  const value = durationOf(text)
  if (value === undefined || !Number.isInteger(value) || value > LONGEST_VISIT) {
    throw new InvalidArgumentError(
      'Must be a duration such as 90s, 12h or 3d, a whole number of seconds up to 68 years, 0 or host.',
    )
  }
  return value
}

/** A whole number from 1, which every database has room for. */
export function positive(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value === 0) {
    throw new InvalidArgumentError(`Must be a positive whole number, ${grouped(LARGEST_COUNT)} at most.`)
  }
  return value
}

/** A number of days, of which each costs statements. */
export function days(text: string): number {
  const value = positive(text)
  if (value > MOST_DAYS) throw new InvalidArgumentError(`Must be ${grouped(MOST_DAYS)} at most.`)
  return value
}

/** A part of the whole: above 0, at most 1. */
export function fraction(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : 0
  if (value <= 0 || value > 1) throw new InvalidArgumentError('Must be a number above 0, and 1 at most.')
  return value
}

/** A condition in SQL; the database will say more of it. */
export function condition(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Must be a condition in SQL.')
  return text
}

/** Any JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new InvalidArgumentError(`Must be JSON: ${(error as Error).message}.`)
  }
}

/** An absolute address for browsers. */
export function webAddress(text: string): string {
  const { protocol } = URL.canParse(text) ? new URL(text) : { protocol: '' }
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new InvalidArgumentError('Must be a whole address, such as https://example.com/reference.')
  }
  return text
}

function durationOf(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  // `ms` takes a bare number for milliseconds, and what it does not know for nothing.
  const milliseconds: number | undefined = /[a-z]/i.test(text)
    ? ms(text as ms.StringValue)
    : Number(text) * 1000
  const value = milliseconds / 1000
  return Number.isFinite(value) && value <= CENTURY ? value : undefined
}
