import { Op } from 'sequelize'
import { visitorSettings, type Visitor } from '../visitor/visitor.js'
import type { Day } from './days.js'

/** Counts of the passes that were issued on one day and still exist. */
export interface PassStats {
  readonly issued: number
  /** Whose link has been redeemed. */
  readonly redeemed: number
  /** Whose link was used in at least `sharingThreshold` sessions, by the visit log. */
  readonly suspectedShared: number
}

/** Passes that one statement reads. */
const BATCH = 1000

export async function readPassStats(Passes: typeof Visitor, { begins, ends }: Day): Promise<PassStats> {
  const ofDay = { createdAt: { [Op.gte]: begins, [Op.lt]: ends } }
  const issued = await Passes.unscoped().count({ where: ofDay, useMaster: true })
  if (issued === 0) return { issued, redeemed: 0, suspectedShared: 0 }
  let [redeemed, suspectedShared, last] = [0, 0, 0]
  for (;;) {
    const passes = await Passes.unscoped().findAll({
      attributes: ['id'],
      where: { ...ofDay, lastUsedAt: { [Op.ne]: null }, id: { [Op.gt]: last } },
      order: ['id'],
      limit: BATCH,
      raw: true,
      useMaster: true,
    })
    const ids = passes.map(({ id }) => id)
    redeemed += ids.length
    suspectedShared += await countShared(Passes, ids)
    if (ids.length < BATCH) return { issued, redeemed, suspectedShared }
    last = ids.at(-1) ?? last
  }
}

async function countShared(Passes: typeof Visitor, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0
  const { visits, sharingThreshold } = Passes[visitorSettings]
  const sharing = await visits.sharing(ids, {})
  return [...sharing.values()].filter(({ sessions }) => sessions >= sharingThreshold).length
}
