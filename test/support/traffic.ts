import type { Answer } from './browser.js'

/** One request and its response. */
export interface Exchange {
  readonly method: string
  readonly path: string
  /** Milliseconds since the epoch. */
  readonly began: number
  /** Milliseconds. */
  readonly took: number
  readonly answer: Answer
}

/** All requests of the test. */
export class Traffic {
  readonly exchanges: Exchange[] = []

  note(exchange: Exchange): void {
    this.exchanges.push(exchange)
  }

  /** The failed requests that were running at any time between the two. */
  failuresBetween(from: number, to: number): Exchange[] {
    return this.exchanges.filter(
      ({ began, took, answer: { status } }) =>
        began <= to && began + took >= from && (status === 0 || status >= 500),
    )
  }

  /** The number of responses by status, the most frequent first. */
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
