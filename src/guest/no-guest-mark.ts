import { parse } from 'cookie'
import type { Request } from 'express'
import type { Rule } from '../options.js'
import { giveCookie } from '../http/signed-cookie.js'
import { prefersHtml } from '../http/answer.js'
import { isForeign } from '../http/origin.js'

/**
 * Marks a browser whose guest has just left. It is not signed, because it grants nothing: a client that makes one up gets no
 * guest for a day at most. Foreign sites cannot set it.
 */
const COOKIE = 'no-guest'

/** Longer than this no mark is heeded, whoever has set it. */
const LONGEST = 24 * 60 * 60

/** How long a mark is heeded, in seconds. */
export const markSeconds: Rule = {
  expected: `a whole number of seconds from 0 to ${String(LONGEST)}`,
  test: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LONGEST,
}

/**
 * Marks the browser so that its next click makes no new guest. The cookie goes as far as the session's, and says by itself
 * until when: what keeps cookies for longer than it is told gets a guest in time, too.
 *
 * @throws {SessionRequired} if there is no session
 */
export function markNoGuest(req: Request, seconds: number): void {
  giveCookie(req, COOKIE, String(Math.ceil(Date.now() / 1000) + seconds), seconds)
}

/** Whether this request should make no guest: its browser's has just left, and nobody has asked for a new one. */
export function heedsNoGuestMark(req: Request): boolean {
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
