import { ROUTES } from './servers/settings.js'
import type { ContenderName } from './server-process.js'

/** One address of one contender's server. */
export interface Target {
  readonly contender: ContenderName
  /** An address, or `'links'`: each request redeems a pass. */
  readonly route: string
}

/** A row of the table: the same page, served in several ways. */
export interface Path {
  readonly name: string
  /** Visited once beforehand for the cookie that the load then sends; without it, every request is a stranger's. */
  readonly cookieFrom?: string
  /** What a good answer's status is. */
  readonly status: number
  readonly floor: Target
  readonly package: Target
  readonly sequelize?: Target
}

/** Stands for the addresses of all passes. */
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
    ...everybody(ROUTES.guestPage),
  },
  {
    name: 'page for a visitor',
    cookieFrom: LINKS,
    status: 200,
    ...everybody(ROUTES.visitorPage),
  },
  { name: 'redeem a token', status: 303, ...everybody(LINKS) },
  { name: 'create a guest', status: 200, ...everybody(ROUTES.newGuest) },
]

function everybody(route: string): Pick<Required<Path>, 'floor' | 'package' | 'sequelize'> {
  return {
    floor: { contender: 'floor', route },
    package: { contender: 'package', route },
    sequelize: { contender: 'sequelize', route },
  }
}
