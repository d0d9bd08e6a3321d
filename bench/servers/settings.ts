/** Settings that the load and all servers share. */
export const SECRET = 'a secret of more than thirty-two characters'
export const SCOPE = 'BENCHMARK'
/** In a response, it means that the server found no user or visitor. */
export const NOT_FOUND = 'not found'
export const POOL_SIZE = 8
export const REDIS_URL = process.env['BENCH_REDIS_URL'] ?? 'redis://127.0.0.1:6379'

/** The paths that every server serves. */
export const ROUTES = {
  newGuest: '/guest/new',
  guestPage: '/guest/page',
  guardedGuestPage: '/guest/guarded-page',
  redeem: '/visitor/redeem',
  visitorPage: '/visitor/page',
  guardedVisitorPage: '/visitor/guarded-page',
  loggedVisitorPage: '/visitor/logged-page',
  admin: '/admin',
} as const

/** The message by which the load requests a server's {@link Usage}, over the channel between parent and child. */
export const USAGE = 'usage'

/** The session store: the process's memory, connect-pg-simple, or connect-redis. */
export type StoreName = 'memory' | 'pg' | 'redis'

/** How a contender is served. */
export interface Setting {
  readonly databaseUrl: string
  readonly store: StoreName
  /** Whether the store is touched once a minute only, by `throttleTouch`. */
  readonly isThrottled: boolean
  /** Where better-auth is installed. */
  readonly betterAuth: string
}

/** The setting of the package's server where only its statements matter. */
export function inMemory(databaseUrl: string): Setting {
  return { databaseUrl, store: 'memory', isThrottled: false, betterAuth: '' }
}

/** The resources that a server has used so far. */
export interface Usage {
  /** Microseconds of CPU of this process. */
  readonly cpu: number
  /** Statements sent to the database, without those of the session store. */
  readonly statements: number
}
