/** What the load and all servers agree on. */
export const SECRET = 'a secret of more than thirty-two characters'
export const SCOPE = 'BENCHMARK'
export const POOL_SIZE = 8

/** The addresses that every server answers. */
export const ROUTES = {
  newGuest: '/guest/new',
  guestPage: '/guest/page',
  guardedGuestPage: '/guest/guarded-page',
  redeem: '/visitor/redeem',
  visitorPage: '/visitor/page',
  guardedVisitorPage: '/visitor/guarded-page',
  loggedVisitorPage: '/visitor/logged-page',
} as const

/** What the load asks a server, over the channel between parent and child; the answer is a {@link Usage}. */
export const USAGE = 'usage'

/** Where sessions are kept: in the process, with connect-pg-simple, or with connect-redis. */
export type StoreName = 'memory' | 'pg' | 'redis'

/** What a server has used so far. */
export interface Usage {
  /** Microseconds of CPU, of this process alone. */
  readonly cpu: number
  /** Statements sent to the database, without those of the session store. */
  readonly statements: number
}
