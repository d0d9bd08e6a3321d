import type { Browser } from './browser.js'

/** What a person knows of something that they asked for. */
export type Knowledge = 'acknowledged' | 'uncertain'

/** Somebody's time as a guest, and what became of it. */
export interface Life {
  readonly titles: Map<string, Knowledge>
  /** Their guest's name, once they were told. */
  name: string | undefined
  /** When the guest expires, in milliseconds since the epoch. */
  keptUntil: number
  /** The browser with the cookie of the guest, as somebody might have kept it. */
  asGuest: Browser | undefined
  end: { readonly how: 'converted' | 'merged'; readonly into: Account; known: Knowledge } | undefined
}

/** An account that somebody made of a guest, and all that should be on its list. */
export interface Account {
  readonly username: string
  /** Whether the person was told that it is there. */
  known: Knowledge
  readonly lives: Life[]
}

/** An invitation, and who was let in by it. */
export interface Invitation {
  readonly id: number
  readonly url: string
  readonly owner: string
  readonly maxUses: number | null
  /** Browsers that were let in, each counted once. */
  admitted: number
  /** How often somebody pressed the button or followed the link. */
  tries: number
  /** Browsers that never heard. */
  unheard: number
}

/** Requests that were sent at once with one cookie; the titles that were acknowledged. */
export type Burst = readonly string[]

/** Everything that people were told, and everything that was wrong with what they saw. */
export class Ledger {
  readonly lives: Life[] = []
  readonly accounts: Account[] = []
  readonly invitations: Invitation[] = []
  readonly bursts: Burst[] = []
  /** What must not be; each is a sentence. */
  readonly violations: string[] = []
  private count = 0

  /** A name or a title that nobody else has. */
  fresh(what: string): string {
    return `${what}-${++this.count}`
  }

  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(otherwise)
  }
}
