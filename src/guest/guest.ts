import type { Request } from 'express'
import {
  Model,
  type Attributes,
  type CreationOptional,
  type ModelStatic,
  type NonAttribute,
  type Transaction,
} from 'sequelize'
import type { Events } from '../events/events.js'
import type { Rule } from '../options.js'
import type { PendingConversion } from './conversion/pending-conversion.js'
import type { GuestEvents } from './events.js'
import type { GuestOutcome } from './outcome.js'
import type { UserId } from './user-key.js'
import type { UsernameGenerator } from './usernames.js'

export type { UserId } from './user-key.js'

/** What `onConvert` is told. */
export interface ConvertContext<U extends Model> {
  /** The user, already a regular one within this transaction. */
  readonly user: U
  /** What `Guest.convert` was given. */
  readonly values: Readonly<Record<string, unknown>>
  /** The e-mail address that they have proven to be theirs, if they have: by a link, or to a provider that says so. */
  readonly verifiedEmail: string | undefined
  readonly transaction: Transaction
}

/** What `defineGuestModel` was told, as the guests' half needs it. */
export interface GuestSettings<U extends Model = Model> {
  readonly User: ModelStatic<U>
  /** What the guests have asked to become. */
  readonly PendingConversion: typeof PendingConversion
  /** How guests ended. */
  readonly Outcome: typeof GuestOutcome
  readonly usernameField: string
  readonly expiry: 'absolute' | 'sliding'
  /** Seconds, as the two below. */
  readonly maxAge: number
  readonly maxLifetime: number
  readonly touchInterval: number
  readonly preparedStatements: boolean
  readonly databaseName: string | undefined
  readonly bareKeys: boolean
  /** A method, so that a model of some `User` is a model of any. */
  onConvert?(this: void, context: ConvertContext<U>): unknown
}

/** Where a defined model keeps its settings; subclasses and `Guest.schema(…)` inherit them. */
export const guestSettings: unique symbol = Symbol('passport-ephemeral.guestSettings')

/** Tells a model that `defineGuestModel` returned. */
export const guestModel: Rule = {
  expected: 'the Guest model that defineGuestModel returned',
  test: (value) => typeof value === 'function' && guestSettings in value,
  describe: (value) =>
    typeof value === 'function' && 'getTableName' in value ? `${value.name}, another model` : undefined,
}

export const aTransaction: Rule = {
  expected: "Sequelize's transaction",
  test: (value) => typeof (value as { commit?: unknown } | null)?.commit === 'function',
}

/** The name of the association from the user to its `Guest` row. */
export const GUEST_ALIAS = 'guest'

/** The name of the association from the `Guest` row to its user. */
export const USER_ALIAS = 'user'

/** The columns that every `Guest` has; an application can add some. */
export const OWN_ATTRIBUTES: readonly string[] = ['userId', 'createdAt', 'lastSeenAt', 'sessionHash']

/** How a method that writes meets the database. */
export interface WriteOptions {
  /** The caller's transaction. Without one, a transaction of its own. */
  readonly transaction?: Transaction | undefined
}

/** Options of `Guest.delete`. */
export interface DeleteGuestOptions extends WriteOptions {
  /** The request in which it happens, for the event. */
  readonly req?: Request | undefined
  /** Who deletes the guest, for the event: a member of the staff, for example. */
  readonly actor?: unknown
}

/** Options of `Guest.convert`. */
export interface ConvertOptions extends WriteOptions {
  /**
   * Whether digits are appended to a username that is taken: for names that the user did not type, such as those of an
   * OAuth provider.
   * @default false
   */
  readonly findFreeUsername?: boolean
  /** An e-mail address that is proven to be theirs, for `onConvert` to note. Nothing is saved of it by itself. */
  readonly verifiedEmail?: string | undefined
  /** The request in which it happens, for the event `converted`. */
  readonly req?: Request | undefined
}

/** The columns of a `Guest` row. */
export type GuestAttributes = Pick<Guest, 'userId' | 'createdAt' | 'lastSeenAt' | 'sessionHash'>

/** What `Guest.create` takes. */
export type GuestCreationAttributes = Pick<GuestAttributes, 'userId'> & {
  [Name in Exclude<keyof GuestAttributes, 'userId'>]?: GuestAttributes[Name] | undefined
}

/**
 * A row beside a users row: a user with one is a guest, and temporary; a user without one is a regular user. Extend it, and hand
 * your class to `defineGuestModel`, for a model with methods and columns of your own.
 *
 * @example
 * class CampaignGuest extends Guest<InferAttributes<CampaignGuest>, InferCreationAttributes<CampaignGuest>> {
 *   declare campaign: string | null
 * }
 */
export class Guest<
  A extends GuestAttributes = GuestAttributes,
  C extends GuestCreationAttributes = GuestCreationAttributes,
> extends Model<A, C> {
  /** @hidden */
  declare static readonly [guestSettings]: GuestSettings

  /** The user, and the primary key. */
  declare readonly userId: UserId
  declare readonly createdAt: CreationOptional<Date>
  /** Kept up with `expiry: 'sliding'`, at most once in `touchInterval`. */
  declare lastSeenAt: CreationOptional<Date>
  /**
   * SHA-256 of the session and the client that asked for this guest. Unique, so that the database lets parallel first
   * requests of one browser make one guest between them.
   */
  declare sessionHash: CreationOptional<string | null>

  /** When its sessions end: `maxAge` after it was made or, with `expiry: 'sliding'`, last seen; then by `maxLifetime` at the latest. */
  get expiresAt(): NonAttribute<Date> {
    const { maxAge, expiry, maxLifetime } = (this.constructor as typeof Guest)[guestSettings]
    const made = this.createdAt.getTime()
    if (expiry === 'absolute') return new Date(made + maxAge * 1000)
    return new Date(Math.min(this.lastSeenAt.getTime() + maxAge * 1000, made + maxLifetime * 1000))
  }

  get hasExpired(): NonAttribute<boolean> {
    return this.expiresAt.getTime() <= Date.now()
  }

  /** For JSON responses and templates. */
  override toJSON(): { userId: UserId; createdAt: Date; expiresAt: Date } {
    const { userId, createdAt, expiresAt } = this
    return { userId, createdAt, expiresAt }
  }
}

/**
 * How the session refers to its user: by the primary key, the name of the Guest model with a digest of where its users
 * are, and whether a guest opened it. The same key means another user in another model or another database; and that of a
 * deleted guest can be given to a later one, so `since` says when the guest was created, in milliseconds since the epoch.
 */
export type SerializedUser =
  | { readonly guest: UserId; readonly since: number; readonly model: string }
  | { readonly user: UserId; readonly model: string }

/** How `Guest.createGuestUser` makes one; as the options of `GuestStrategy` that have the same names. */
export interface CreateGuestOptions<U extends Model, G extends Guest = Guest> extends WriteOptions {
  /** @default uuidUsername */
  readonly generateUsername?: UsernameGenerator
  /** @default `User.create({ [usernameField]: username })`; if `User` requires an `email`, with `guestEmail(username)` */
  createUser?(this: void, context: { username: string; transaction: Transaction }): Model | Promise<Model>
  /** Runs in the transaction, once user and guest are there; a throw undoes both. @default nothing */
  onCreate?(this: void, context: { user: U; guest: G; transaction: Transaction }): unknown
}

/** What `defineGuestModel` returns: a Sequelize model with what the guests' half can do on top. */
export type GuestModel<U extends Model = Model, G extends Guest = Guest> = ModelStatic<G> & {
  /** @hidden */
  readonly [guestSettings]: GuestSettings<U>

  /** What happens to guests: for audit logs and metrics. `docs/events.md` lists the events. */
  readonly events: Events<GuestEvents<U>>

  /**
   * Makes a guest without a request: in a job, on a socket, in a test. In one transaction; within the caller's it is a
   * savepoint, so that a username that was taken leaves the caller's usable.
   *
   * @returns the user
   * @throws {UsernameExhausted} if the generator offered nothing that was free
   * @throws {UniqueConstraintError} Sequelize's, if something else than the username collided
   */
  createGuestUser(options?: CreateGuestOptions<U, G>): Promise<U>

  /**
   * Makes a guest a regular user: the same users row, the same id. In one transaction the `Guest` row goes, `values`
   * are saved and `onConvert` runs; any failure undoes all of it. Of two at once, one wins.
   *
   * A transaction of the caller's counts only if it is passed as `transaction`: one that Sequelize holds by CLS does not.
   *
   * The sessions that were opened as this guest end with it. Follow it with `req.login(user, …)` to open a new one.
   *
   * @param user the user, or its primary key
   * @param values attributes of `User` to save: a username, an e-mail address, a hashed password. Never the primary key
   * @returns the user, freshly loaded; the instance that was passed in is left alone
   * @throws {NotGuestError} if the user is not a guest, or not any more
   * @throws {UsernameExhausted} with `findFreeUsername`, if none was free
   * @throws {UniqueConstraintError} Sequelize's, if a username or an e-mail address is taken; nothing is changed then
   * @throws {TypeError} if `values` would change the primary key or names what `User` does not have, or an option is wrong;
   * nothing is changed then
   */
  convert(user: U | UserId, values: Partial<Attributes<U>>, options?: ConvertOptions): Promise<U>

  /**
   * Deletes one guest with the users row and everything that cascades from it, as the clean-up does, and now. Hooks of `User` run.
   *
   * @example
   * await Guest.delete(req.user)
   *
   * @param user the user, or its primary key
   * @throws {NotGuestError} if the user is not a guest, or not any more: a regular user is never deleted
   * @throws {GuestNotDeleted} if a foreign key without a cascade refers to the user; nothing is deleted then
   */
  delete(user: U | UserId, options?: DeleteGuestOptions): Promise<void>

  /**
   * For `passport.serializeUser`. Passes on users of other models, to the next serializer.
   *
   * @throws {TypeError} to the callback, if another Guest model of the same name serializes users on this Passport
   */
  serializeUser(
    this: void,
    req: Request,
    user: Express.User,
    done: (error: unknown, serialized?: SerializedUser) => void,
  ): void

  /**
   * For `passport.deserializeUser`: user and guest in one statement. A session that was opened as a guest is not
   * restored once the guest was converted elsewhere, has expired or is gone. A session that holds a primary key alone was
   * written by another serializer; it is restored with the option `bareKeys`.
   */
  deserializeUser(
    this: void,
    req: Request,
    serialized: SerializedUser | UserId,
    done: (error: unknown, user?: Express.User | false) => void,
  ): void
}
