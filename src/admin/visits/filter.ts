import { Op, type WhereOptions } from 'sequelize'
import { parseKey, type Listing } from '../../database/page-by-key.js'
import type { VisitOutcome } from '../../visitor/visits/visit.js'
import type { VisitorLog } from '../../visitor/visits/visitor-log.js'
import { en } from '../messages/en.js'

/** Which visits are asked for. */
export interface VisitFilter {
  readonly outcome: VisitOutcome | undefined
  /** The id of a pass. */
  readonly pass: number | undefined
  /** The first and the last day, in UTC: `2026-11-24`. */
  readonly from: string | undefined
  readonly to: string | undefined
}

export const VISIT_ORDER = ['createdAt', 'id']

const DAY_MS = 24 * 60 * 60 * 1000

/** The filter in a query, of which each value can be anything. */
export function readVisitFilter(
  Log: typeof VisitorLog,
  query: Readonly<Record<string, unknown>>,
): VisitFilter {
  const day = (name: string): string | undefined => {
    const text = query[name]
    return typeof text === 'string' && /^[12]\d{3}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))
      ? text
      : undefined
  }
  const outcomes = Object.keys(en.visits.outcomes) as VisitOutcome[]
  const pass = parseKey(Log, 'visitorId', query['pass'])
  return {
    outcome: outcomes.find((outcome) => outcome === query['outcome']),
    pass: typeof pass === 'number' ? pass : undefined,
    from: day('from'),
    to: day('to'),
  }
}

/** A list of visits, without the page of it that is wanted. */
export type VisitList = Pick<Listing<VisitorLog>, 'model' | 'order' | 'where' | 'filter' | 'include'>

/** The list of these visits: the pass and the days are looked up by an index, the outcome row by row. */
export function visitsThat(Log: typeof VisitorLog, { outcome, pass, from, to }: VisitFilter): VisitList {
  const conditions: WhereOptions[] = [
    ...(pass === undefined ? [] : [{ visitorId: pass }]),
    ...(from === undefined ? [] : [{ createdAt: { [Op.gte]: new Date(from) } }]),
    ...(to === undefined ? [] : [{ createdAt: { [Op.lt]: new Date(Date.parse(to) + DAY_MS) } }]),
  ]
  return {
    model: Log,
    order: VISIT_ORDER,
    where: { [Op.and]: conditions },
    filter: outcome && { outcome },
    include: { association: 'visitor' },
  }
}
