import { ROUTES } from './servers/settings.js'
import type { ContenderName } from './server-process.js'

/** One address of one contender's server. */
export interface Target {
  readonly contender: ContenderName
  /** A path, or `'links'`: each request redeems a pass. */
  readonly route: string
}

/** A row of the table: the same page, served by several contenders. */
export interface Path {
  readonly name: string
  /** Requested once before the load for its cookie; without it, every request is anonymous. */
  readonly cookieFrom?: string
  /** The expected status. */
  readonly status: number
  readonly floor: Target
  readonly package: Target
  readonly betterAuth?: Target
  readonly sequelize?: Target
  /** Whether the contenders' store is touched once a minute only. */
  readonly isThrottled?: boolean
}

/** A placeholder for the links of all passes. */
export const LINKS = 'links'

export const PATHS: readonly Path[] = [
  {
    name: 'guard: ensureGuest, against the same page without',
    cookieFrom: ROUTES.newGuest,
    status: 200,
    floor: { contender: 'package', route: ROUTES.guestPage },
    package: { contender: 'package', route: ROUTES.guardedGuestPage },
  },
  {
    name: 'guard: ensureVisitor, against the same page without',
    cookieFrom: LINKS,
    status: 200,
    floor: { contender: 'package', route: ROUTES.visitorPage },
    package: { contender: 'package', route: ROUTES.guardedVisitorPage },
  },
  {
    name: 'guard: ensureVisitor with the visit log, against the same page without',
    cookieFrom: LINKS,
    status: 200,
    floor: { contender: 'package', route: ROUTES.visitorPage },
    package: { contender: 'package', route: ROUTES.loggedVisitorPage },
  },
  {
    name: 'page for a guest',
    cookieFrom: ROUTES.newGuest,
    status: 200,
    ...allContenders(ROUTES.guestPage),
    betterAuth: { contender: 'better-auth', route: ROUTES.guestPage },
  },
  {
    name: 'page for a guest, with throttleTouch',
    cookieFrom: ROUTES.newGuest,
    status: 200,
    ...allContenders(ROUTES.guestPage),
    betterAuth: { contender: 'better-auth', route: ROUTES.guestPage },
    isThrottled: true,
  },
  {
    name: 'page for a visitor',
    cookieFrom: LINKS,
    status: 200,
    ...allContenders(ROUTES.visitorPage),
  },
  {
    name: 'page for a visitor, with throttleTouch',
    cookieFrom: LINKS,
    status: 200,
    ...allContenders(ROUTES.visitorPage),
    isThrottled: true,
  },
  { name: 'redeem a token', status: 303, ...allContenders(LINKS) },
  {
    name: 'create a guest',
    status: 200,
    ...allContenders(ROUTES.newGuest),
    betterAuth: { contender: 'better-auth', route: ROUTES.newGuest },
  },
]

function allContenders(route: string): Pick<Required<Path>, 'floor' | 'package' | 'sequelize'> {
  return {
    floor: { contender: 'floor', route },
    package: { contender: 'package', route },
    sequelize: { contender: 'sequelize', route },
  }
}
