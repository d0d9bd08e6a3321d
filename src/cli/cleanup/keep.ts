import { DatabaseError, literal, Op, type Sequelize, type WhereOptions } from 'sequelize'
import type { Keep } from '../../cleanup/options.js'
import { sequelizeOf } from '../../database/columns.js'
import { guestSettings, type GuestModel } from '../../guest/guest.js'
import { UsageError } from '../usage-error.js'
import { dialectOf } from '../../database/dialect.js'

/**
 * Which guests stay: those that the configuration keeps, and those that meet the condition of `--keep`.
 *
 * @throws {UsageError} if the configuration has a function, which no condition can be added to
 */
export function keptGuests(configured: Keep['guests'], sql: string): WhereOptions {
  const added = inBrackets(sql)
  if (configured === undefined) return added
  if (typeof configured === 'function') {
    throw new UsageError(
      '--keep cannot be added to the keep.guests of the configuration, which is a function: put the condition there',
    )
  }
  // An empty condition keeps everybody; by itself, Sequelize would leave it out of the OR.
  return { [Op.or]: [{ [Op.and]: [literal('1 = 1'), configured] }, added] }
}

/**
 * Has the database look at the condition of `--keep` without reading a row.
 *
 * @throws {UsageError} if it is not one condition, or the database does not understand it
 */
export async function checkKeep(Guests: GuestModel, sql: string): Promise<void> {
  const { User } = Guests[guestSettings]
  if (!isOnePiece(sql, sequelizeOf(User))) {
    throw new UsageError(
      '--keep must be one condition: brackets and quotes in pairs, and neither comments nor semicolons',
    )
  }
  const ask = (condition: ReturnType<typeof literal>[]) =>
    User.unscoped().findAll({
      attributes: [User.primaryKeyAttribute],
      where: { [Op.and]: [literal('1 = 0'), ...condition] },
      paranoid: false,
      raw: true,
    })
  await ask([]) // what fails here is not the condition's fault
  try {
    await ask([inBrackets(sql)])
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    throw new UsageError(`--keep: the database does not understand this condition: ${error.message}`, {
      cause: error,
    })
  }
}

/** So that an OR stays among its own. */
function inBrackets(sql: string): ReturnType<typeof literal> {
  return literal(`(${sql})`)
}

/** Whether every bracket is closed where it was opened, so that nothing of it gets out of ours. */
function isOnePiece(sql: string, sequelize: Sequelize): boolean {
  const hasEscapes = dialectOf(sequelize).hasBackslashEscapes
  const quoted = hasEscapes
    ? /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`[^`]*`/g
    : /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`/g
  const bare = sql.replace(quoted, '')
  if (/['"`;]|--|\/\*/.test(bare)) return false
  let depth = 0
  for (const character of bare) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}
