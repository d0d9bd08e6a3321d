import { parse } from 'cookie'
import type { Request } from 'express'
import type { Rule } from '../options.js'
import { giveCookie } from '../http/signed-cookie.js'
import { prefersHtml } from '../http/answer.js'
import { isForeign } from '../http/origin.js'

/**
 * The cookie of a browser whose guest has just left. It is not signed, because it grants nothing: a client that makes one
 * up gets no guest for a day at most. Foreign sites cannot set it.
 */
const COOKIE = 'no-guest'

/** A cookie that names a later time than this is ignored, in seconds. */
const LONGEST = 24 * 60 * 60

/** The rule for `noGuestFor`. */
export const noGuestSeconds: Rule = {
  expected: `a whole number of seconds from 0 to ${String(LONGEST)}`,
  test: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LONGEST,
}

/**
 * Sets the cookie, so that the browser's next click makes no new guest. It has the attributes of the session's cookie, and
 * contains its expiry: a client that keeps cookies for longer gets a guest in time, too.
 *
 * @throws {SessionRequired} if there is no session
 */
export function setNoGuestCookie(req: Request, seconds: number): void {
  giveCookie(req, COOKIE, String(Math.ceil(Date.now() / 1000) + seconds), { seconds })
}

/** Whether this request should make no guest: the browser's guest has just left, and the user has not asked for a new one. */
export function hasNoGuestCookie(req: Request): boolean {
  const until = parse(req.headers.cookie ?? '')[COOKIE]
  if (until === undefined || !/^\d{1,15}$/.test(until)) return false
  const left = Number(until) - Date.now() / 1000
  return left > 0 && left <= LONGEST + 1 && !isFormOfOurs(req)
}

/**
 * A person who posts a form of this site wants to begin. A loop of redirects goes on by GET, and what a page in another tab
 * sends by itself (a poll, a heartbeat) prefers no HTML.
 */
function isFormOfOurs(req: Request): boolean {
  return req.method === 'POST' && !isForeign(req) && prefersHtml(req)
}
