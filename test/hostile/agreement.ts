/** What the application under attack and its attacker agree on. */
export const HOST = 'hostile.example'
export const BASE_URL = `http://${HOST}`

/** A browser's User-Agent. */
export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** The password of each account. */
export const PASSWORD = 'correct horse battery'
export const ACCOUNTS = [
  'operator',
  'auditor',
  ...Array.from({ length: 20 }, (_, n) => `account-${String(n)}`),
]

/** Mail to these addresses is not sent. */
export const FAILING_MAILBOX = 'unsent'
/** For requests of this client every limiter fails. */
export const FAILING_CLIENT = '10.66.6.6'

/** Answers have these headers. */
export const WHO = 'x-who'
export const EVENTS = 'x-events'
export const KNOWN_FAILURE = 'x-known-failure'

/** What can be wrong with a link that is made for a case. */
export const LINK_KINDS = [
  'open',
  'limited',
  'expired',
  'deactivated',
  'used-up',
  'expired-limited',
  'interview',
] as const
export type LinkKind = (typeof LINK_KINDS)[number]

/** The rows of a kind. */
export interface Rows {
  readonly users: number
  readonly guests: number
  readonly todos: number
  readonly passes: number
}

/** What the process of the application tells of itself. */
export interface Memory {
  /** Bytes, after a garbage collection where it can be asked for. */
  readonly heap: number
  readonly resident: number
}
