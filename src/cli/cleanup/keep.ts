import { DatabaseError, literal, Op, type WhereOptions } from 'sequelize'
import type { Keep } from '../../cleanup/options.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { UsageError } from '../failure.js'

/**
 * The condition for the guests that stay: those that the configuration keeps, and those that meet `--keep`.
 *
 * @throws {UsageError} if the configuration has a function, to which no condition can be added
 */
export function keptGuests(configured: Keep['guests'], sql: string): WhereOptions {
  const added = inBrackets(sql)
  if (configured === undefined) return added
  if (typeof configured === 'function') {
    throw new UsageError(
      '--keep cannot be added to the keep.guests of the configuration, which is a function: put the condition there',
    )
  }
  // An empty condition keeps every guest; alone in an OR, Sequelize would leave it out.
  return { [Op.or]: [{ [Op.and]: [literal('1 = 1'), configured] }, added] }
}

/**
 * Lets the database check the condition of `--keep`, without reading a row.
 *
 * @throws {UsageError} if the database does not accept it
 */
export async function checkKeep(Guests: GuestModel, sql: string): Promise<void> {
  const { User } = Guests[guestSettings]
  const query = (condition: ReturnType<typeof literal>[]) =>
    User.unscoped().findAll({
      attributes: [User.primaryKeyAttribute],
      where: { [Op.and]: [literal('1 = 0'), ...condition] },
      paranoid: false,
      raw: true,
    })
  await query([]) // a failure here is not the condition's
  try {
    await query([inBrackets(sql)])
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    throw new UsageError(`--keep: the database does not accept this condition: ${error.message}`, {
      cause: error,
    })
  }
}

/** So that an OR in the condition does not join what stands beside it. */
function inBrackets(sql: string): ReturnType<typeof literal> {
  return literal(`(${sql})`)
}
