import type { Request } from 'express'
import type { Attributes, Model } from 'sequelize'
import type { BaseUrl } from '../../http/base-url.js'
import type { FlowOptions } from '../../pages/flow-options.js'
import type { CodeMessage } from '../../pages/mail.js'
import type { FieldsOf, FormField } from '../../pages/form-page.js'
import type { GuestModel } from '../guest.js'
import type { ConvertPage } from './pages.js'
import type { ConvertSchema } from './schema.js'

/** What goes out to the mailbox that was typed in. */
export interface ConvertMessage<U extends Model = Model> extends CodeMessage {
  /** The name that the account is going to have. */
  readonly username: string
  /** The guest, as they are: they stay one until the link is followed and confirmed. */
  readonly user: U
}

/** Delivers the link to `email`; a throw or a rejection means that it did not. */
export type SendConvertLink<U extends Model = Model> = (message: ConvertMessage<U>) => unknown

/** Tells the owner of an address that a guest asked for an account for it, although there is one. */
export type TellTaken = (message: { readonly email: string; readonly req: Request }) => unknown

/**
 * Asks about a password that a guest has chosen: a list of breached passwords, for example. `true` accepts it. A text refuses it
 * and is shown beside the field; anything else refuses it in the words of the pages.
 */
export type CheckPassword = (
  password: string,
  account: {
    /** What the form asks for of these. */
    readonly username: string | undefined
    readonly email: string | undefined
    readonly req: Request
  },
) => boolean | string | Promise<boolean | string>

/** How `convertRouter` has people prove that an e-mail address is theirs. */
export interface VerifyEmailOptions<U extends Model = Model> {
  /**
   * Sends `message`, or one of its own with `link`, to `email`, and returns its promise: the person waits for it, so give it a time-out. If it throws, the link
   * is invalid, and the person is asked to try again.
   */
  send: SendConvertLink<U>
  /**
   * Where the application lives to the outside, such as `https://example.com`, or a function of `req` that computes it, for
   * links and for the pages of the router. It is never taken from a request's `Host` header, which the sender can choose: the
   * token would go there.
   * @default the application's setting: `app.set('baseUrl', …)`; one of the two is required
   */
  baseUrl?: BaseUrl
  /**
   * Whether the message has a one-time code beside the link: 8 digits that can be typed in the browser that asked, for ten minutes,
   * with five attempts. Code and link are void once one of them is used.
   * @default false
   */
  code?: boolean
  /** How long the link can be followed, in seconds. @default 86400 (a day) */
  expiresIn?: number
  /**
   * Called in place of `send` if the address belongs to an account already. The person sees the same page either way, and
   * does not learn who has an account here. Let it take as long as `send` does.
   * @default the form says that the address is taken
   */
  sendTaken?: TellTaken
  /** The attribute of `User` that holds the address. @default 'email' */
  emailField?: string
}

/** Options of {@link convertRouter}. */
export interface ConvertRouterOptions<U extends Model> extends FlowOptions<ConvertPage> {
  /** The model, from `defineGuestModel`. */
  Guest: GuestModel<U>
  /**
   * Hashes a password, by argon2id or the like. Needed unless `schema` is your own, and has no `password` in its result.
   * A password has up to 128 characters; bcrypt uses only 72 bytes. The result is stored as it is: setters, hooks and
   * validators of `User` do not see it.
   */
  hashPassword?: (password: string) => string | Promise<string>
  /**
   * Asked about each password of a valid form, before it is hashed. Passwords that consist of common words, runs of keys, a date,
   * the username, the address or the brand's name are refused before, with or without it. What it throws goes to the
   * application's error handler.
   * @default only those are refused
   */
  checkPassword?: CheckPassword
  /** The attribute of `User` for the hash, a column. @default 'passwordHash' if `User` has it, else 'password' */
  passwordField?: Extract<keyof Attributes<U>, string>
  /**
   * Has people prove that an e-mail address is theirs: they stay guests until they follow the link in a message.
   * @default the account exists at once, and no address is proven
   */
  verifyEmail?: VerifyEmailOptions<U>
  /** The form's fields; give `schema` with them. @default username; e-mail address, if `User` requires it or it is verified; password twice */
  fields?: readonly FormField[] | FieldsOf
  /**
   * Checks and shapes the form. Of its result, `password` is hashed, `username` goes to the model's `usernameField`, and
   * other attributes of `User` are saved. What is no attribute (the password again, a box that was ticked) is left out.
   * @default all fields are needed; a password of 8 to 128 characters
   */
  schema?: ConvertSchema
  /** Whether the form begins with the guest's own username. @default false */
  prefillUsername?: boolean
  /** Where an anonymous person is sent, with `?next=` to come back. @default '/login' */
  loginUrl?: string
  /** Where a regular user is sent, and the last page leads. @default '/' */
  registeredUrl?: string
  /** Session keys that survive the conversion, which renews the session. A visitor's pass always does. @default [] */
  keepSessionData?: readonly string[]
}
