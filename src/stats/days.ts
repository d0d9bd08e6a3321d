import { dayOf } from '../guest/outcome.js'

/** A day, and its limits for a query. */
export interface Day {
  readonly day: string
  readonly begins: Date
  /** When the next one begins. */
  readonly ends: Date
}

const DAY_MS = 24 * 60 * 60 * 1000

/** The last days in UTC: the oldest first, today last. */
export function lastDays(howMany: number): Day[] {
  const today = Date.parse(dayOf(new Date()))
  return Array.from({ length: howMany }, (_, place) => {
    const begins = new Date(today - (howMany - 1 - place) * DAY_MS)
    return { day: dayOf(begins), begins, ends: new Date(begins.getTime() + DAY_MS) }
  })
}
