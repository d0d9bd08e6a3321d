import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { describeBy, either, type Rule } from '../options.js'
import { clientKey } from '../http/client-network.js'
import { normalizeEmail } from './email-address.js'
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

/** What a form that sends messages is limited by: who asks, and who is written to. */
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
   * Counts a client's attempt, and says if it is one too many.
   *
   * @throws {LimiterUnavailable} as {@link consume} does
   */
  async isClientOver(req: Request): Promise<boolean> {
    return (await consume(req, this.ip, `ip:${clientKey(req)}`, this.whenItFails)) !== undefined
  }

  /**
   * Counts a message to an address, and says if it is one too many.
   *
   * @throws {LimiterUnavailable} as {@link consume} does
   */
  async isAddressOver(req: Request, email: string): Promise<boolean> {
    return (await consume(req, this.email, emailKey(email), this.whenItFails)) !== undefined
  }

  /** Nobody's mailbox is shut out for an hour because the mail server was; whoever asked goes on being counted. */
  async takeBackAddress(email: string): Promise<void> {
    await takeBack(this.email, emailKey(email))
  }
}

/** What the limiter counts by. An address is personal: a digest will do. */
function emailKey(email: string): string {
  const address = (normalizeEmail(email) ?? email).trim().toLowerCase()
  return `email:${createHash('sha256').update(address).digest('base64url')}`
}
