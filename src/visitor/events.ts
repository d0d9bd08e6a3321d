import type { Request } from 'express'
import type { RefusalReason } from '../refusal-reason.js'
import type { Sharing } from './visits/visit.js'

/** The request in which something happened, where there was one. */
export interface VisitorEventOrigin {
  /** Its address can hold a token: log it through `redactTokens`. */
  readonly req: Request | undefined
}

/** A change of a pass, and who made it, as the method was told; `undefined`: the application itself. */
export interface PassChange<V> extends VisitorEventOrigin {
  readonly visitor: V
  readonly actor: unknown
}

/** The events of a `Visitor` model, by name. `docs/events.md` lists them with their fields. */
export interface VisitorEvents<V = unknown> {
  /** A pass was stored by the application, the command line or the operator's pages, or sent by self-service. */
  readonly issued: PassChange<V>
  /** A pass got a fresh link, and the earlier one opens nothing any more. */
  readonly reissued: PassChange<V> & {
    /** `'expired'`: the bearer of the expired link asked for it (`onExpiredLink`), and visits go on. */
    readonly reason?: 'expired'
  }
  readonly deactivated: PassChange<V>
  readonly reactivated: PassChange<V>
  /** A link was redeemed: a visit began. */
  readonly redeemed: VisitorEventOrigin & { readonly visitor: V }
  /**
   * A link opened nothing (`by: 'token'`), a guard refused the request (`by: 'guard'`), or self-service a form or a code
   * (`by: 'form'`). One request can be two of them.
   */
  readonly refused: VisitorEventOrigin & {
    readonly by: 'token' | 'guard' | 'form'
    /** `'not-verified'`: the option `verify` did not admit it. `'wrong-code'`: it was not the code of the message. */
    readonly reason: RefusalReason | 'not-verified' | 'wrong-code'
    /** The scopes that the guard admits; empty for a token or a form. */
    readonly scope: readonly string[]
    /** The id of the pass, where it is known. */
    readonly visitorId: number | undefined
  }
  /** A visit was ended by `endVisit`. */
  readonly ended: VisitorEventOrigin & { readonly visitor: V }
  /** A person asked for a pass by the self-service form. Its link is not sent yet. */
  readonly selfServiceRequested: VisitorEventOrigin & { readonly visitor: V }
  /**
   * A pass was used in `sharingThreshold` sessions or more; told again when the number has grown. Each process tells of what it
   * has seen, so that several can tell of the same pass.
   */
  readonly sharingSuspected: { readonly visitor: V; readonly sharing: Sharing }
  /** A clean-up of this process has ended, and has deleted so many passes and visits. */
  readonly expired: VisitorEventOrigin & {
    readonly passes: number
    readonly visits: number
    /** Who began it, as `cleanup` was told; `undefined`: a program. */
    readonly actor: unknown
  }
}
