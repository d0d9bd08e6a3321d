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
const CENTURY = 100 * 365 * 24 * 60 * 60
const LONGEST_VISIT = 2 ** 31 - 1
const DURATIONS =
  'a duration such as 90s, 12h or 3d (s, m, h, d, w, y), or a number of seconds, up to 100 years'

/** `3d`, `12h`, `90s`, or a plain number of seconds; more than none. */
export function seconds(text: string): number {
  const value = durationOf(text) ?? 0
  return value > 0 ? value : refuse(`Must be ${DURATIONS}, more than none.`)
}

/** The same, also 0, and `forever`, which is `false`. */
export function secondsOrForever(text: string): number | false {
  if (text === 'forever') return false
  return durationOf(text) ?? refuse(`Must be ${DURATIONS}, or forever.`)
}

/** How long a visit may last: whole seconds; 0, until the browser closes; `host`, as long as the host's session. */
export function visitSeconds(text: string): number | 'host' {
  if (text === 'host') return text
  const value = durationOf(text)
  if (value !== undefined && Number.isInteger(value) && value <= LONGEST_VISIT) return value
  return refuse(
    'Must be a duration such as 90s, 12h or 3d, a whole number of seconds up to 68 years, 0 or host.',
  )
}

/** A whole number from 1; an integer column of every database can hold the default `most`. */
export function wholeNumber(most = 999_999_999): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
    if (value > 0 && value <= most) return value
    return refuse(`Must be a positive whole number, ${grouped(most)} at most.`)
  }
}

/** A text that is not empty. */
export function filled(text: string): string {
  return text.trim() === '' ? refuse('Must not be empty.') : text
}

/** Any JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    return refuse(`Must be JSON: ${(error as Error).message}.`)
  }
}

/** An absolute address for browsers. */
export function webAddress(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  return refuse('Must be a whole address, such as https://example.com/reference.')
}

function refuse(expected: string): never {
  throw new InvalidArgumentError(expected)
}

function durationOf(text: string): number | undefined {
  const [, number = '', unit = ''] = DURATION.exec(text) ?? []
  const unitSeconds = SECONDS.get(unit.toLowerCase())
  if (number === '' || unitSeconds === undefined) return undefined
  const value = Number(number) * unitSeconds
  return value <= CENTURY ? value : undefined
}
