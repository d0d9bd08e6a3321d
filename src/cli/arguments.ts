import { InvalidArgumentError } from 'commander'
import { grouped } from './text.js'

const DURATION = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i
const SECONDS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 60 * 60],
  ['d', 24 * 60 * 60],
  ['w', 7 * 24 * 60 * 60],
  ['y', 365 * 24 * 60 * 60],
])
const MOST_DAYS = 1000
const CENTURY = 100 * 365 * 24 * 60 * 60
const LONGEST_VISIT = 2 ** 31 - 1
const LARGEST_COUNT = 999_999_999
const DURATIONS =
  'a duration such as 90s, 12h or 3d (s, m, h, d, w, y), or a number of seconds, up to 100 years'

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

/** How long a visit may last: whole seconds; 0, until the browser closes; `host`, as long as the host's session. */
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

/** A whole number from 1, which an integer column of every database can hold. */
export function positive(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value === 0) {
    throw new InvalidArgumentError(`Must be a positive whole number, ${grouped(LARGEST_COUNT)} at most.`)
  }
  return value
}

/** A number of days; each costs statements. */
export function days(text: string): number {
  const value = positive(text)
  if (value > MOST_DAYS) throw new InvalidArgumentError(`Must be ${grouped(MOST_DAYS)} at most.`)
  return value
}

/** A number above 0, at most 1. */
export function fraction(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : 0
  if (value <= 0 || value > 1) throw new InvalidArgumentError('Must be a number above 0, and 1 at most.')
  return value
}

/** A text that is not empty. */
export function filled(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Must not be empty.')
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
  const [, number = '', unit = ''] = DURATION.exec(text) ?? []
  const unitSeconds = SECONDS.get(unit.toLowerCase())
  if (number === '' || unitSeconds === undefined) return undefined
  const value = Number(number) * unitSeconds
  return value <= CENTURY ? value : undefined
}
