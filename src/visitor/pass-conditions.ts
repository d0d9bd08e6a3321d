import { col, fn, Op, where, type Model, type ModelStatic, type WhereOptions } from 'sequelize'
import { columnNameOf, sequelizeOf } from '../database/columns.js'
import { dialectOf } from '../database/dialect.js'
import type { Visitor } from './visitor.js'

/** What a pass's link is: open, or what `invalidity()` answers. */
export const PASS_STATES = ['open', 'expired', 'deactivated', 'used-up'] as const

export type PassState = (typeof PASS_STATES)[number]

/** The condition for the passes in a state, as `invalidity()` tells it. */
export function inState(Passes: typeof Visitor, state: PassState): WhereOptions<Visitor> {
  if (state === 'deactivated') return { isActive: false }
  const now = new Date()
  if (state === 'expired') return { isActive: true, expiresAt: { [Op.lte]: now } }
  const uses = { [Op.col]: columnNameOf(Passes, 'uses') }
  const maxUses = state === 'open' ? { [Op.or]: [null, { [Op.gt]: uses }] } : { [Op.lte]: uses }
  return { isActive: true, expiresAt: { [Op.gt]: now }, maxUses }
}

/**
 * The condition for the passes of an address, in any letter case and in each of these spellings; an index answers it. MySQL compares
 * as the column's collation does: perhaps without accents, or with case.
 */
export function ofAddress(Passes: typeof Visitor, ...spellings: readonly string[]): WhereOptions<Visitor> {
  if (!dialectOf(sequelizeOf(Passes)).comparesWithoutCase) return inAnyCase(Passes, spellings)
  return { email: [...new Set(spellings.flatMap((spelling) => [spelling, spelling.toLowerCase()]))] }
}

/**
 * The condition for the rows of an address in any letter case, whatever the collation. The database's small letters can be others
 * than JavaScript's, so each spelling is compared in both.
 */
export function inAnyCase<M extends Model>(
  Model: ModelStatic<M>,
  spellings: readonly string[],
): WhereOptions<M> {
  const lowered = spellings.flatMap((spelling) => [spelling.toLowerCase(), fn('lower', spelling)])
  return where(fn('lower', col(columnNameOf(Model, 'email'))), { [Op.in]: lowered })
}

/** Words of a search that are looked for; more would only cost. */
const MOST_WORDS = 5

/** The condition for the passes of which the name, the address or the scope has each of these words, in any letter case. */
export function matching(Passes: typeof Visitor, text: string): WhereOptions<Visitor> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, MOST_WORDS)
  const { positionFunction } = dialectOf(sequelizeOf(Passes))
  // Not by LIKE: '%' and '_' stand for themselves.
  const has = (attribute: string, word: string) =>
    where(fn(positionFunction, fn('lower', col(columnNameOf(Passes, attribute))), word), { [Op.gt]: 0 })
  return {
    [Op.and]: words.map((word) => ({
      [Op.or]: ['email', 'lastName', 'firstName', 'scope'].map((attribute) => has(attribute, word)),
    })),
  }
}
