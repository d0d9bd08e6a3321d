import type { Answer } from './browser.js'

/** One request, and what came of it. */
export interface Exchange {
  readonly method: string
  readonly path: string
  /** Milliseconds since the epoch. */
  readonly began: number
  /** Milliseconds. */
  readonly took: number
  readonly answer: Answer
}

/** Every request that was made. */
export class Traffic {
  readonly exchanges: Exchange[] = []

  note(exchange: Exchange): void {
    this.exchanges.push(exchange)
  }

  /** Those that failed, of any that were under way at some moment between the two. */
  failuresBetween(from: number, to: number): Exchange[] {
    return this.exchanges.filter(
      ({ began, took, answer: { status } }) =>
        began <= to && began + took >= from && (status === 0 || status >= 500),
    )
  }

  /** How many there were of each kind of answer, the most frequent first. */
  byStatus(): readonly (readonly [string, number])[] {
    const counts = new Map<string, number>()
    for (const { answer } of this.exchanges) {
      const kind = answer.status === 0 ? 'connection broke' : String(answer.status)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
    return [...counts].sort(([, a], [, b]) => b - a)
  }

  get slowest(): number {
    return this.exchanges.reduce((most, { took }) => Math.max(most, took), 0)
  }
}
