import { helpFor } from './help.js'
import type { RefusalReason } from './refusal-reason.js'

/**
 * The base class of every error of this package. `code` is stable and is the anchor in `docs/errors.md`. `status` is the
 * HTTP status that Express's default error handler answers with.
 *
 * @example
 * app.use((error, req, res, next) => {
 *   if (!(error instanceof EphemeralError)) return next(error)
 *   res.status(error.status).json({ code: error.code })
 * })
 */
export abstract class EphemeralError extends Error {
  static readonly code: string = 'ERR_EPHEMERAL'

  readonly code: string
  abstract readonly status: number

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = new.target.code
  }

  /** The address of the section that explains this error; it comes with the package. */
  get help(): string {
    return helpFor(this.code, 'errors.md')
  }

  /** The same as `status`, under the name that NestJS, Fastify and others read. */
  get statusCode(): number {
    return this.status
  }
}

/** The request holds no pass for this scope. Answered with 403 unless the application handles it. */
export class VisitorAccessDenied extends EphemeralError {
  static override readonly code = 'ERR_VISITOR_ACCESS_DENIED'
  override readonly status = 403

  constructor(
    /** The scopes that the guard admits. */
    readonly scope: readonly string[],
    /** Why, for the application's logs and pages; never sent to the client by default. */
    readonly reason: RefusalReason,
  ) {
    super(`This page is for visitors with scope ${scope.join(' or ')}`)
  }
}

/** Thrown by `visitor.validate()`: the pass's link would be refused now. */
export class InvalidVisitorPass extends EphemeralError {
  static override readonly code = 'ERR_VISITOR_PASS_INVALID'
  override readonly status = 403

  constructor(
    /** Why, for the application's logs and pages. */
    readonly reason: Extract<RefusalReason, 'expired' | 'deactivated' | 'used-up'>,
  ) {
    super(`This visitor pass is ${reason === 'used-up' ? 'used up' : reason}`)
  }
}

/** `ensureGuest` refused the request: status 401 for an anonymous request, 403 for a regular user. */
export class GuestRequired extends EphemeralError {
  static override readonly code = 'ERR_GUEST_REQUIRED'

  constructor(override readonly status: 401 | 403) {
    super('This page is for guest users only')
  }
}

/** `ensureRegularUser` refused the request: status 401 for an anonymous request, 403 for a guest. */
export class RegularUserRequired extends EphemeralError {
  static override readonly code = 'ERR_REGULAR_USER_REQUIRED'

  constructor(override readonly status: 401 | 403) {
    super(
      status === 401
        ? 'This page is for registered users: log in first'
        : 'This page is for registered users: convert the guest to an account first',
    )
  }
}

/** `Guest.convert` was given a user who is not a guest, or no longer one because of a concurrent conversion or merge. */
export class NotGuestError extends EphemeralError {
  static override readonly code = 'ERR_NOT_GUEST'
  override readonly status = 409

  constructor() {
    super('This user is not a guest, or not any more')
  }
}

/** `Guest.delete` deleted nothing: a row refers to the guest by a foreign key without a cascade; `cause` names the constraint. */
export class GuestNotDeleted extends EphemeralError {
  static override readonly code = 'ERR_GUEST_NOT_DELETED'
  override readonly status = 409

  constructor(cause: Error) {
    super(`The guest is not deleted, because another row refers to it: ${cause.message}`, { cause })
  }
}

/**
 * A guest who logged in could not be merged into the account; `cause` is the reason. The login did not happen, and the
 * guest is still logged in.
 */
export class MergeFailed extends EphemeralError {
  static override readonly code = 'ERR_MERGE_FAILED'
  override readonly status = 500

  constructor(message: string, options?: ErrorOptions) {
    super(`Not logged in, because the guest could not be merged into the account: ${message}`, options)
  }
}

/** A program asked to log a guest out without the confirmation. The guest would lose everything. */
export class LogoutUnconfirmed extends EphemeralError {
  static override readonly code = 'ERR_LOGOUT_UNCONFIRMED'
  override readonly status = 422

  constructor() {
    super('A guest who logs out loses everything. To confirm it, send confirm=yes by POST')
  }
}

/** Every username that was tried is taken. */
export class UsernameExhausted extends EphemeralError {
  static override readonly code = 'ERR_USERNAME_EXHAUSTED'
  override readonly status = 503

  constructor(attempts: number, options: ErrorOptions) {
    super(
      `No free username in ${String(attempts)} attempts. If a generator offers them, give it a larger name space ` +
        '(numberedUsername({ digits }) or uuidUsername), or clean up expired guests',
      options,
    )
  }
}

/** The `limiter` refused another guest for this client. */
export class GuestLimitExceeded extends EphemeralError {
  static override readonly code = 'ERR_GUEST_LIMIT_EXCEEDED'
  override readonly status = 429

  constructor(
    /** Seconds until another attempt makes sense, if the limiter said so; also sent as `Retry-After`. */
    readonly retryAfter: number | undefined,
  ) {
    super('Too many guests from this address: try again later')
  }
}

/** The application's own check (`verify`: a captcha, for example) refused this client. */
export class GuestNotVerified extends EphemeralError {
  static override readonly code = 'ERR_GUEST_NOT_VERIFIED'
  override readonly status = 403

  constructor() {
    super('This request was not verified to come from a person')
  }
}

/** The limiter failed, and with `limiterFailure: 'closed'` every request is refused meanwhile. */
export class LimiterUnavailable extends EphemeralError {
  static override readonly code = 'ERR_LIMITER_UNAVAILABLE'
  override readonly status = 503

  constructor(cause: unknown) {
    super('The limiter cannot be asked for now: try again later', { cause })
  }
}

/** A form was posted from another site, in the name of the person who viewed it (cross-site request forgery). */
export class CrossSiteRequest extends EphemeralError {
  static override readonly code = 'ERR_CROSS_SITE_REQUEST'
  override readonly status = 403

  /** @param isOpaque whether the browser hides the origin: no Fetch Metadata, and `Origin: null` */
  constructor(isOpaque = false) {
    super(
      isOpaque
        ? 'This form was sent with Origin: null, as from another site. If it is your own: send Referrer-Policy: same-origin ' +
            "with its page (helmet's default is no-referrer), or use HTTPS"
        : 'This form was sent from another site. Open the page here, and try again',
    )
  }
}

/** There is no `req.session` where one is needed. */
export class SessionRequired extends EphemeralError {
  static override readonly code = 'ERR_SESSION_REQUIRED'
  override readonly status = 500

  constructor(who: string) {
    super(
      `${who} needs a session: put app.use(session({ … })) of express-session before it ` +
        '(if it is, its store is disconnected)',
    )
  }
}

/** The session cannot be given a new id, which is what protects a login against session fixation. */
export class SessionRenewalUnsupported extends EphemeralError {
  static override readonly code = 'ERR_SESSION_RENEWAL_UNSUPPORTED'
  override readonly status = 500

  constructor(who: string) {
    super(
      `${who} renews the session, and this one has no regenerate() and save(): ` +
        'use express-session with a server-side store (cookie-session cannot renew)',
    )
  }
}

/** Middleware is mounted in an order in which it would do harm. The message names which comes first. */
export class MiddlewareOrder extends EphemeralError {
  static override readonly code = 'ERR_MIDDLEWARE_ORDER'
  override readonly status = 500
}

/** It was never looked up whether this request's user is a guest; `reason` names why not, for the application's logs. */
export class GuestStateUnknown extends EphemeralError {
  static override readonly code = 'ERR_GUEST_STATE_UNKNOWN'
  override readonly status = 500

  constructor(readonly reason: 'not-looked-up' | 'plain-object') {
    super(
      reason === 'plain-object'
        ? 'req.user is a plain object of the users model, of which nothing can tell whether it is a guest: have your ' +
            'deserializeUser return the instance; from a cache by User.build(values, { isNewRecord: false, raw: true })'
        : 'Whether req.user is a guest was never looked up: register Guest.serializeUser and Guest.deserializeUser ' +
            'with Passport and no others (it uses the first that fits), or put app.use(loadGuest({ Guest })) after ' +
            'passport.session() and after each middleware that logs in (remember-me, bearer)',
    )
  }
}

/** The tables of this package are missing from the database. */
export class TablesMissing extends EphemeralError {
  static override readonly code = 'ERR_TABLES_MISSING'
  override readonly status = 500

  constructor(cause: Error) {
    super(`Run the migrations of passport-ephemeral, or sequelize.sync(): ${cause.message}`, { cause })
  }
}
