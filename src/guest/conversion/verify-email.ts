import type { Request } from 'express'
import type { Model } from 'sequelize'
import type { BaseUrl } from '../../http/base-url.js'

/** What goes out to the mailbox that was typed in. */
export interface ConvertMessage<U extends Model = Model> {
  /** The address to write to. Whether it is theirs is not known yet. */
  readonly email: string
  /** The name that the account is going to have. */
  readonly username: string
  /** The guest, as they are: they stay one until the link is followed and confirmed. */
  readonly user: U
  /** What creates the account: put it into the message, and nowhere else. */
  readonly link: string
  readonly req: Request
}

/** Delivers the link to `email`; whatever it throws says that it did not. */
export type SendConvertLink<U extends Model = Model> = (message: ConvertMessage<U>) => unknown

/** Tells the owner of an address that somebody wanted an account for it, although they have one. */
export type TellTaken = (message: { readonly email: string; readonly req: Request }) => unknown

/** How `convertRouter` has people prove that an e-mail address is theirs. */
export interface VerifyEmailOptions<U extends Model = Model> {
  /**
   * Sends `link` to `email`, and returns its promise: the person waits for it, so give it a time-out. A throw takes the
   * link back, and the person is asked to try again.
   */
  send: SendConvertLink<U>
  /**
   * What stands before the paths of this application in messages, such as `https://example.com`, or a function of `req`
   * that knows it. It is never taken from a request's `Host` header by itself: that says what its sender likes, and the
   * token would go there.
   */
  baseUrl: BaseUrl
  /** How long the link can be followed, in seconds. @default 86400 (a day) */
  expiresIn?: number
  /**
   * Called in place of `send` if the address belongs to an account already; the person sees what they would see otherwise,
   * so that nobody finds out who has an account here. Let it take as long as `send` does.
   * @default the form says that the address is taken
   */
  sendTaken?: TellTaken
  /** The attribute of `User` that holds the address. @default 'email' */
  emailField?: string
}
