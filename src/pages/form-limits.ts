import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { describeBy, either, type Rule } from '../options.js'
import { clientKey } from '../http/client-network.js'
import { judgeEmail } from './typed-text.js'
import { aLimiter, consume, takeBack, type Limiter, type LimiterFailure } from '../http/limiter.js'

/** One limiter for clients and e-mail addresses alike, or one for each. */
export type FormLimiter = Limiter | { readonly ip?: Limiter; readonly email?: Limiter }

const NAMES = ['ip', 'email']

const limiterPair: Rule = {
  expected: '{ ip, email } of such',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(([name, each]) => NAMES.includes(name) && aLimiter.test(each)),
  describe(value) {
    if (typeof value !== 'object' || value === null) return undefined
    const given = new Map<string, unknown>(Object.entries(value))
    if (!NAMES.some((name) => given.has(name))) return undefined
    for (const [name, each] of given) {
      if (!NAMES.includes(name)) return `an object with '${name}'`
      if (!aLimiter.test(each)) return `an object whose ${name} is ${describeBy(aLimiter, each)}`
    }
    return undefined
  },
}

export const aFormLimiter: Rule = {
  ...either(aLimiter, limiterPair),
  describe: (value) => limiterPair.describe?.(value) ?? aLimiter.describe?.(value),
}

/** The limits of a form that sends messages: by client, and by address written to. */
export class FormLimits {
  private readonly ip: Limiter | undefined
  private readonly email: Limiter | undefined

  constructor(
    limiter: FormLimiter = {},
    private readonly whenItFails: LimiterFailure = 'open',
  ) {
    const { ip, email } = 'consume' in limiter ? { ip: limiter, email: limiter } : limiter
    this.ip = ip
    this.email = email
  }

  /**
   * Counts a client's attempt; true if it is one too many.
   *
   * @throws {LimiterUnavailable} as {@link consume} does
   */
  async isClientOver(req: Request): Promise<boolean> {
    return (await consume(req, this.ip, `ip:${clientKey(req)}`, this.whenItFails)) !== undefined
  }

  /**
   * Counts a message to an address; true if it is one too many.
   *
   * @throws {LimiterUnavailable} as {@link consume} does
   */
  async isAddressOver(req: Request, email: string): Promise<boolean> {
    return (await consume(req, this.email, emailKey(email), this.whenItFails)) !== undefined
  }

  /** A mail server that fails must not use up the limit of an address. The client goes on being counted. */
  async takeBackAddress(email: string): Promise<void> {
    await takeBack(this.email, emailKey(email))
  }
}

/** What the limiter counts by: a digest, because an address is personal. */
function emailKey(email: string): string {
  const address = (judgeEmail(email).value ?? email).trim().toLowerCase()
  return `email:${createHash('sha256').update(address).digest('base64url')}`
}
