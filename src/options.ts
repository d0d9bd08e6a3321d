import { InvalidOption } from './invalid-option.js'

/** What an option must be: in words for the message, and as a test. */
export interface Rule {
  readonly expected: string
  readonly test: (value: unknown) => boolean
  /** Describes a wrong value, if that is possible without repeating what may be a secret. */
  readonly describe?: (value: unknown) => string | undefined
}

export const aBoolean: Rule = { expected: 'a boolean', test: (value) => typeof value === 'boolean' }
export const aFunction: Rule = { expected: 'a function', test: (value) => typeof value === 'function' }
export const aString: Rule = {
  expected: 'a non-empty string',
  test: (value) => typeof value === 'string' && value !== '',
}
export const strings: Rule = {
  expected: 'an array of non-empty strings',
  test: (value) => Array.isArray(value) && value.every((item) => aString.test(item)),
}
export const aList: Rule = {
  expected: 'a non-empty array',
  test: (value) => Array.isArray(value) && value.length > 0,
}
export const positiveCount: Rule = {
  expected: 'a positive whole number',
  test: (value) => Number.isInteger(value) && (value as number) > 0,
}
export const positiveSeconds: Rule = {
  expected: 'a positive number of seconds',
  test: (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
}
export const aLocalUrl: Rule = {
  expected: 'a URL, such as /login',
  test: (value) => typeof value === 'string' && /^(\/|https?:\/\/)/.test(value),
}

export const anObject: Rule = {
  expected: 'an object',
  test: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

export const anything: Rule = { expected: 'anything', test: () => true }

export function theBoolean(wanted: boolean): Rule {
  return { expected: String(wanted), test: (value) => value === wanted }
}

export function oneOf(...values: readonly string[]): Rule {
  return {
    expected: values.map((value) => `'${value}'`).join(' or '),
    test: (value) => typeof value === 'string' && values.includes(value),
    describe: quoteWord,
  }
}

/** What stands where one of a few words should is another word, and no secret. */
function quoteWord(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w-]{1,24}$/.test(value) ? `'${value}'` : undefined
}

export function either(...rules: readonly Rule[]): Rule {
  return {
    expected: rules.map((rule) => rule.expected).join(' or '),
    test: (value) => rules.some((rule) => rule.test(value)),
    describe: (value) =>
      rules.map((rule) => rule.describe?.(value)).find((description) => description !== undefined),
  }
}

/** Describes the given value for the message, in the rule's words if it has some. */
export function describeBy(rule: Rule, value: unknown): string {
  return rule.describe?.(value) ?? describe(value)
}

/**
 * Checks a caller's options once, when a factory or constructor is called, so that mistakes fail at start-up.
 * `undefined` stands for "not given".
 *
 * @throws {TypeError} naming the option, what was expected, and for unknown options the known ones
 */
export function checkOptions(
  caller: string,
  options: unknown,
  rules: Readonly<Record<string, Rule>>,
  required: readonly string[] = [],
): void {
  if (typeof options !== 'object' || options === null) {
    const hint = typeof options === 'function' ? `; did you mean { ${options.name} }?` : ''
    throw new InvalidOption(`${caller}: options must be an object, not ${describe(options)}${hint}`)
  }
  const given = new Map<string, unknown>(Object.entries(options))
  for (const name of given.keys()) {
    if (!Object.hasOwn(rules, name)) {
      throw new InvalidOption(
        `${caller}: unknown option '${name}'; the options are ${Object.keys(rules).join(', ')}`,
      )
    }
  }
  for (const [name, rule] of Object.entries(rules)) {
    const value = given.get(name)
    if (value === undefined && !required.includes(name)) continue
    if (!rule.test(value)) {
      throw new InvalidOption(
        `${caller}: option '${name}' must be ${rule.expected}, not ${describeBy(rule, value)}`,
      )
    }
  }
}

/** Describes the given value without repeating it: an option can be a secret. */
function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${String(value.length)}`
  if (typeof value === 'number') return String(value)
  if (value === '') return 'an empty string'
  if (typeof value === 'object') return 'an object'
  return value === undefined ? 'undefined' : `a ${typeof value}`
}
