/** What of this package stands in an application, for `checkSetup`, which looks at it from outside. */
export interface Mark {
  readonly name:
    | 'ensureVisitor'
    | 'ensureGuest'
    | 'ensureRegularUser'
    | 'exceptGuests'
    | 'guestLogout'
    | 'guestLocals'
    | 'loadGuest'
    | 'mergeGuest'
    | 'convertRouter'
    | 'selfServiceRouter'
    | 'VisitorTokenStrategy'
    | 'GuestStrategy'
    | 'Guest.serializeUser'
    | 'Guest.deserializeUser'
  /** Whether it was given a limiter; absent where there is nothing to limit. */
  readonly hasLimiter?: boolean
}

/** One for all copies of this package that are loaded: the command line may bring its own. */
const MARK = Symbol.for('passport-ephemeral.mark')

/** Marks a middleware, a router or a strategy as what it is. */
export function mark<T extends object>(thing: T, what: Mark): T {
  Object.defineProperty(thing, MARK, { value: what, configurable: true })
  return thing
}

/** What something was marked as, if it is of this package. */
export function markOf(thing: unknown): Mark | undefined {
  if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null) return undefined
  return (thing as { readonly [MARK]?: Mark })[MARK]
}
