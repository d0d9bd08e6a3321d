import createDebug from 'debug'
import type { Request } from 'express'
import { warn } from '../warning.js'
import { LimiterUnavailable } from '../errors.js'
import { oneOf, type Rule } from '../options.js'
import { describeError } from './redact-tokens.js'

const debug = createDebug('passport-ephemeral:limiter')

/** Anything that counts per key and rejects over the limit, as the limiters of rate-limiter-flexible do. */
export interface Limiter {
  consume(key: string): Promise<unknown>
  /** Takes back what was counted, if nothing came of it. */
  reward?(key: string): Promise<unknown>
}

export const aLimiter: Rule = {
  expected: 'an object with consume(key), such as a limiter of rate-limiter-flexible',
  test: (value) => typeof (value as { consume?: unknown } | null)?.consume === 'function',
  describe: (value) =>
    typeof value === 'object' && value !== null ? 'an object without a function consume' : undefined,
}

/** Whether requests are admitted (`'open'`) or refused (`'closed'`) while the limiter fails. */
export type LimiterFailure = 'open' | 'closed'

export const aLimiterFailure: Rule = oneOf('open', 'closed')

/**
 * Counts one attempt. A limiter refuses by rejecting with `msBeforeNext`, or with what is no `Error`; then `Retry-After`
 * (RFC 9110 §10.2.3) is set on the response. Any other rejection is a failure.
 *
 * @returns if it was one attempt too many, in how many seconds another makes sense, as far as the limiter told
 * @throws {LimiterUnavailable} if it fails, and `whenItFails` is 'closed'
 */
export async function consume(
  req: Request,
  limiter: Limiter | undefined,
  key: string,
  whenItFails: LimiterFailure = 'open',
): Promise<{ readonly retryAfter: number | undefined } | undefined> {
  try {
    await limiter?.consume(key)
    return undefined
  } catch (refusal) {
    const wait: unknown = (refusal as { msBeforeNext?: unknown } | null | undefined)?.msBeforeNext
    if (refusal instanceof Error && wait === undefined) {
      debug('the limiter failed: %s', describeError(refusal))
      if (whenItFails === 'closed') throw new LimiterUnavailable(refusal)
      if (limiter !== undefined) warnOfFailure(limiter, refusal)
      return undefined
    }
    const retryAfter = Number.isFinite(wait) ? Math.max(1, Math.ceil(Number(wait) / 1000)) : undefined
    if (retryAfter !== undefined && req.res?.headersSent === false)
      req.res.set('Retry-After', String(retryAfter))
    return { retryAfter }
  }
}

const warned = new WeakMap<Limiter, number>()

const HOUR_MS = 60 * 60 * 1000

/** Warns that nothing is limited: once, and again an hour later if it lasts. */
function warnOfFailure(limiter: Limiter, failure: Error): void {
  const now = Date.now()
  if (now - (warned.get(limiter) ?? -Infinity) < HOUR_MS) return
  warned.set(limiter, now)
  warn(
    'LIMITER_FAILED',
    `A limiter fails, and nothing is limited (limiterFailure: 'open'): ${describeError(failure)}`,
    "Look after the limiter's store; with limiterFailure: 'closed' requests are refused meanwhile.",
  )
}

/** Takes an attempt back. A limiter that cannot, or fails, goes on counting it. */
export async function takeBack(limiter: Limiter | undefined, key: string): Promise<void> {
  try {
    await limiter?.reward?.(key)
  } catch (error) {
    debug('the limiter failed to take an attempt back: %s', describeError(error))
  }
}
