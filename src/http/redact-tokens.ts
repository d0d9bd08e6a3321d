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
    pattern = new RegExp(`((?:${names})(?:${separator}))[^&#]*`, 'giu')
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
