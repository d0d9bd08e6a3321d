import { quotedField, quotedTable } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { dayOf, type GuestEnd } from '../../guest/outcome.js'

/**
 * PostgreSQL's own way to note how many guests expired, by the day on which they were made, as a part of the statement that deletes them.
 *
 * @param made a query for `made`, when each of them was made
 */
export function noteExpired(Guest: GuestModel, made: string): string {
  const { Outcome } = Guest[guestSettings]
  const columns = (['outcome', 'guests', 'createdOn', 'endedOn'] as const).map((attribute) =>
    quotedField(Outcome, attribute),
  )
  const outcome: GuestEnd = 'expired'
  return (
    `INSERT INTO ${quotedTable(Outcome)} (${columns.join(', ')})` +
    ` SELECT '${outcome}', COUNT(*), (made AT TIME ZONE 'UTC')::date, DATE '${dayOf(new Date())}'` +
    ` FROM (${made}) AS ended GROUP BY 3`
  )
}
