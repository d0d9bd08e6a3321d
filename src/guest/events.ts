import type { Request } from 'express'
import type { Model } from 'sequelize'
import type { MergeFailed } from '../errors.js'
import type { UserId } from './user-key.js'

/** Why no guest was made; or why `convertRouter` refused a form (`'not-verified'`) or a code (`'wrong-code'`). */
export type GuestRefusal = 'limit' | 'not-verified' | 'foreign-request' | 'wrong-code'

/** The request in which something happened, where there was one. */
export interface GuestEventOrigin {
  /** Its address can hold a token: log it through `redactTokens`. */
  readonly req: Request | undefined
}

/** The events of a `Guest` model, by name. `docs/events.md` lists them with their fields. */
export interface GuestEvents<U extends Model = Model> {
  /** A guest was made: at a first request (`req`), or by `Guest.createGuestUser`. */
  readonly created: GuestEventOrigin & { readonly user: U }
  /**
   * No guest was made for a request that asked for one; or a guest's conversion was refused (`userId`). Bots and prefetches are not
   * told of.
   */
  readonly refused: GuestEventOrigin & {
    readonly reason: GuestRefusal
    /** The guest who was to be converted. */
    readonly userId?: UserId
  }
  /** A guest became a regular user. */
  readonly converted: GuestEventOrigin & {
    readonly user: U
    /** The address that was verified, if one was. */
    readonly verifiedEmail: string | undefined
  }
  /** A guest's rows went to an account, and the guest was deleted. */
  readonly merged: GuestEventOrigin & { readonly guestId: UserId; readonly accountId: UserId }
  /** A merge failed: the guest stays, and the login did not happen. */
  readonly mergeFailed: GuestEventOrigin & {
    readonly guestId: UserId
    readonly accountId: UserId
    readonly error: MergeFailed
  }
  /** A guest logged out, and cannot come back. */
  readonly loggedOut: GuestEventOrigin & { readonly userId: UserId }
  /** One guest was deleted on request, with what belongs to them. */
  readonly deleted: GuestEventOrigin & {
    readonly userId: UserId
    /** Who deleted it, as `Guest.delete` was told; `undefined`: the guest, or a program. */
    readonly actor: unknown
  }
  /** A clean-up of this process has ended, and has deleted so many guests. */
  readonly expired: GuestEventOrigin & {
    readonly guests: number
    /** Who began it, as `cleanup` was told; `undefined`: a program. */
    readonly actor: unknown
  }
}
