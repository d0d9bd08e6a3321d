import type { Rule } from '../options.js'

/** How long a visit may last: seconds; 0: until the browser closes; `null`: as long as the host's session. */
export const visitLength: Rule = {
  expected: '0, a positive whole number of seconds, or null',
  test: isVisitLength,
}

export function isVisitLength(value: unknown): boolean {
  return value === null || (Number.isInteger(value) && (value as number) >= 0)
}
