import type { Request } from 'express'
import type { Rule } from '../options.js'

/** Where the links of messages lead. */
export type BaseUrl = string | ((req: Request) => string)

const A_BASE_URL = "an http(s) address without a query, such as 'https://example.com'"

export const aBaseUrl: Rule = {
  expected: `${A_BASE_URL}, or a function`,
  test: (value) => typeof value === 'function' || isBaseUrl(value),
}

/**
 * What stands before the paths of this application, without a slash at its end.
 *
 * @throws {TypeError} if what the application says is no web address
 */
export function baseOf(caller: string, baseUrl: BaseUrl, req: Request): string {
  const url = typeof baseUrl === 'function' ? baseUrl(req) : baseUrl
  if (!isBaseUrl(url)) throw new TypeError(`${caller}: baseUrl must give ${A_BASE_URL}`)
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+$/, '')
}

function isBaseUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { protocol, search, hash, username, password } = new URL(url)
  return /^https?:$/.test(protocol) && search + hash + username + password === ''
}
