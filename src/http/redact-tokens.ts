import { aList, checkOptions, strings } from '../options.js'

/** Options of {@link redactTokens}. */
export interface RedactTokensOptions {
  /**
   * The parameters whose values are replaced: the `queryKey` of your visitor models, and `token`, which the links of
   * self-service and of a verified conversion carry.
   * @default ['vuid', 'token']
   */
  readonly queryKeys?: readonly string[]
}

const REDACTED = 'REDACTED'
/** Percent signs, however often they were escaped. */
const PERCENT = '%(?:25)*'
const SEPARATORS = ['=', '[']

/**
 * An address without the tokens in it, for logs: each is replaced by `REDACTED`. It finds a parameter in any letter case,
 * escaped or not and however often, in the query, in the path, in the fragment and in an address within the address; and
 * one whose name only ends like it (`access_token`). In doubt it replaces more than the token, up to the next `&` or `#`.
 * Everything else stays, to the byte.
 *
 * @example
 * morgan.token('url', (req) => redactTokens(req.originalUrl))
 * morgan.token('referrer', (req) => redactTokens(req.headers.referer))
 *
 * @param address absolute or relative, such as `req.originalUrl` or the `Referer` header; `undefined` is returned as it is
 * @throws {TypeError} naming the option that is wrong
 */
export function redactTokens(address: string, options?: RedactTokensOptions): string
export function redactTokens(address: string | undefined, options?: RedactTokensOptions): string | undefined
export function redactTokens(
  address: string | undefined,
  options: RedactTokensOptions = {},
): string | undefined {
  checkOptions('redactTokens', options, { queryKeys: keys })
  return address?.replace(patternFor(options.queryKeys ?? ['vuid', 'token']), `$1${REDACTED}`)
}

const keys = {
  expected: `${aList.expected} of strings`,
  test: (value: unknown) => aList.test(value) && strings.test(value),
}

/** To compile it takes longer than to use it. */
const patterns = new Map<string, RegExp>()

function patternFor(queryKeys: readonly string[]): RegExp {
  const id = JSON.stringify(queryKeys)
  let pattern = patterns.get(id)
  if (pattern === undefined) {
    const names = queryKeys.map((key) => Array.from(key, anySpelling).join('')).join('|')
    const separator = SEPARATORS.map(anySpelling).join('|')
    pattern = new RegExp(`((?:${names})(?:${anySpelling(' ')}){0,3}(?:${separator}))[^&#]*`, 'giu')
    patterns.set(id, pattern)
  }
  return pattern
}

/** A pattern for a character as it is, or escaped in either letter case. */
function anySpelling(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const escaped = [character.toLowerCase(), character.toUpperCase()].map((letter) =>
    Array.from(Buffer.from(letter), (byte) => PERCENT + byte.toString(16).padStart(2, '0')).join(''),
  )
  return `(?:${[`\\u{${code.toString(16)}}`, ...escaped, ...(character === ' ' ? ['\\+'] : [])].join('|')})`
}

/** The parameters that carry tokens in this process. */
const ownQueryKeys = new Set(['vuid', 'token'])

/** Adds a visitor model's own parameter to those that {@link redactText} finds. */
export function redactQueryKey(queryKey: string): void {
  ownQueryKeys.add(queryKey)
}

/** A text that can quote links, without their tokens. What is no link stays, such as the lines of a stack. */
export function redactText(text: string): string {
  const queryKeys = [...ownQueryKeys]
  const unbroken = text.replace(/=\r?\n/g, '') // quoted-printable breaks a long link in two lines
  return unbroken.replace(/\S+/g, (word) => redactTokens(word, { queryKeys }))
}

/** How many errors are described of one that has others within it: a getter can make new ones without an end. */
const MOST_ERRORS = 20

/**
 * The stack of an error of the application's or the database's, and of the errors within it, for a warning or a debug line.
 * A mailer's error often quotes the link that was not sent. Other properties are left out: a driver's has the parameters of
 * its statement, an HTTP client's the headers of its request.
 *
 * Never throws, whatever was thrown: it runs where a failure has been dealt with, and another one would be the answer.
 */
export function describeError(error: unknown): string {
  return redactText(stackOf(error, new Set()))
}

function stackOf(error: unknown, seen: Set<unknown>): string {
  if (!isError(error)) return attempt(() => String(error)) ?? '(a value that cannot be read)'
  if (seen.has(error)) return '(the same error again)'
  if (seen.size >= MOST_ERRORS) return '(more errors)'
  seen.add(error)
  const own = attempt(() => textOf(error.stack)) ?? attempt(() => textOf(error.message))
  const within = [attempt(() => error.cause), ...(attempt(() => errorsOf(error)) ?? [])]
  return [
    own ?? '(an error that cannot be read)',
    ...within.filter((each) => each !== undefined).map((each) => `caused by ${stackOf(each, seen)}`),
  ].join('\n')
}

function isError(value: unknown): value is Error {
  return attempt(() => value instanceof Error) === true
}

/** Of several errors in one (`AggregateError`). */
function errorsOf(error: Error): unknown[] {
  return error instanceof AggregateError ? (error.errors as unknown[]).slice(0, MOST_ERRORS) : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** What a getter or a `Proxy` of the application returns; `undefined` if it throws. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
