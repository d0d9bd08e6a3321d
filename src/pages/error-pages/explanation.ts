import { VisitorAccessDenied, type EphemeralError } from '../../errors.js'
import type { en } from '../messages/en.js'

/** Which of the addresses that `errorPages` knows a page leads to. */
export type Destination = 'login' | 'convert' | 'home'

type Problems = typeof en.problem

/** The entries of the catalog that explain an error. */
type Entry = {
  [Name in keyof Problems]: Problems[Name] extends { title: string } ? Name : never
}[keyof Problems]

/** How an error is explained to a person. */
export interface Explanation {
  readonly entry: Entry
  readonly leadsTo: Destination
}

/** By the error's code, or by code and status. Others are explained by their status. */
const BY_CODE: Readonly<Record<string, readonly [Entry, Destination?]>> = {
  ERR_VISITOR_PASS_INVALID: ['byInvitation'],
  'ERR_GUEST_REQUIRED 401': ['guestGone', 'login'],
  'ERR_GUEST_REQUIRED 403': ['guestsOnly'],
  'ERR_REGULAR_USER_REQUIRED 401': ['loginNeeded', 'login'],
  'ERR_REGULAR_USER_REQUIRED 403': ['accountNeeded', 'convert'],
  ERR_NOT_GUEST: ['converted', 'login'],
  ERR_GUEST_NOT_DELETED: ['notDeleted'],
  ERR_MERGE_FAILED: ['notMerged', 'login'],
  ERR_LOGOUT_UNCONFIRMED: ['logoutUnconfirmed'],
  ERR_GUEST_NOT_VERIFIED: ['notVerified'],
  ERR_USER_OF_ANOTHER_MODEL: ['forbidden', 'login'],
  ERR_CROSS_SITE_REQUEST: ['foreignForm'],
}

const BY_STATUS: Readonly<Record<number, readonly [Entry, Destination?]>> = {
  401: ['loginNeeded', 'login'],
  403: ['forbidden'],
  429: ['tooOften'],
  503: ['unavailable'],
}

/** Explains an error in words that tell no outsider which passes exist. */
export function explanationOf(error: EphemeralError): Explanation {
  const { code, status } = error
  const [entry, leadsTo = 'home'] =
    error instanceof VisitorAccessDenied
      ? [entryOf(error)]
      : (BY_CODE[`${code} ${String(status)}`] ??
        BY_CODE[code] ??
        BY_STATUS[status] ?? [status >= 500 ? 'failed' : 'refused'])
  return { entry, leadsTo }
}

/** Visitors who were admitted before, and links that name no pass, learn the reason. */
function entryOf({ reason }: VisitorAccessDenied): Entry {
  switch (reason) {
    case 'malformed':
      return 'damagedLink'
    case 'wrong-scope':
      return 'wrongScope'
    case 'session-ended':
    case 'gone':
    case 'reissued':
      return 'visitEnded'
    default:
      return 'byInvitation'
  }
}
