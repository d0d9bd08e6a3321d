import type { GuestModel } from '../guest/guest.js'
import type { Visitor } from '../visitor/visitor.js'
import { lastDays } from './days.js'
import { readGuestStats, type GuestStats } from './guest-stats.js'
import { readPassStats, type PassStats } from './pass-stats.js'

/** What happened on one day. */
export interface DayStats {
  /** In UTC: `2026-11-24`. */
  readonly day: string
  /** With `Guest`. */
  readonly guests?: GuestStats
  /** With `Visitor`. */
  readonly passes?: PassStats
}

/**
 * Counts what happened on each of the last days, the oldest first, today the last. The statements of passes read every pass:
 * this is for operators, not for a page.
 */
export async function readStats(
  { Guest, Visitor: Passes }: { readonly Guest?: GuestModel; readonly Visitor?: typeof Visitor },
  { days: howMany }: { readonly days: number },
): Promise<readonly DayStats[]> {
  const days = lastDays(howMany)
  const guests = Guest && (await readGuestStats(Guest, days))
  const stats: DayStats[] = []
  for (const day of days) {
    const guestsOfDay = guests?.get(day.day)
    stats.push({
      day: day.day,
      ...(guestsOfDay && { guests: guestsOfDay }),
      ...(Passes && { passes: await readPassStats(Passes, day) }),
    })
  }
  return stats
}
