import type { Browser } from '../support/browser.js'

/** Whether a change was acknowledged. */
export type Knowledge = 'acknowledged' | 'uncertain'

/** One guest, from creation to conversion, merge or expiry. */
export interface Life {
  readonly titles: Map<string, Knowledge>
  /** The guest's name, once known. */
  name: string | undefined
  /** When the guest expires, in milliseconds since the epoch. */
  keptUntil: number
  /** A copy of the browser with the guest's cookie. */
  asGuest: Browser | undefined
  end: { readonly how: 'converted' | 'merged'; readonly into: Account; known: Knowledge } | undefined
}

/** A converted guest, and the guests whose to-dos should be on its list. */
export interface Account {
  readonly username: string
  /** Whether the account was acknowledged. */
  known: Knowledge
  readonly lives: Life[]
}

/** An invitation, and how often it was used. */
export interface Invitation {
  readonly id: number
  readonly url: string
  readonly owner: string
  readonly maxUses: number | null
  /** Admitted browsers, each counted once. */
  admitted: number
  /** How often the button was pressed or the link followed. */
  tries: number
  /** Browsers that never got a certain response. */
  unheard: number
}

/** Parallel requests with one cookie: the acknowledged titles. */
export type Burst = readonly string[]

/** All acknowledged changes, and all violated expectations. */
export class Ledger {
  readonly lives: Life[] = []
  readonly accounts: Account[] = []
  readonly invitations: Invitation[] = []
  readonly bursts: Burst[] = []
  /** Violated expectations; each is a sentence. */
  readonly violations: string[] = []
  private count = 0

  /** A unique name or title. */
  fresh(what: string): string {
    return `${what}-${++this.count}`
  }

  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(otherwise)
  }
}
