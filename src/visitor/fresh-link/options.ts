import { aLimiterFailure, type LimiterFailure } from '../../http/limiter.js'
import { aFunction, type Rule } from '../../options.js'
import { aFormLimiter, type FormLimiter } from '../../pages/form-limits.js'
import type { LinkMessage } from '../../pages/mail.js'
import type { VisitorOf } from '../visitor.js'

/**
 * What goes out to the mailbox of a pass whose link has expired. The fresh link leads to the page that the expired one leads to; the
 * request is answered already.
 */
export interface FreshLinkMessage extends LinkMessage {
  /** The pass. */
  readonly visitor: VisitorOf
}

/** The option `onExpiredLink` of {@link VisitorTokenStrategy}. */
export interface ExpiredLinkOptions {
  /**
   * Sends `message`, or one of its own with `link`, to `email`, and returns its promise. It runs after the response, which so tells nothing of the pass.
   * If it throws, the expired link can be used to ask again, and the process emits a warning.
   */
  send: (message: FreshLinkMessage) => unknown
  /**
   * Asked when the button is pressed, with `ip:<address>`, and before the message is sent, with `email:<digest of the
   * address>`; or one for each. Over the limit of the client, the answer is 429; over that of the address, nothing is sent.
   * @default no limit for clients; an address gets one message for each expired link
   */
  limiter?: FormLimiter
  /** Whether the button works while the limiter fails. @default 'open' */
  limiterFailure?: LimiterFailure
}

export const expiredLinkRules: Readonly<Record<string, Rule>> = {
  send: aFunction,
  limiter: aFormLimiter,
  limiterFailure: aLimiterFailure,
}
