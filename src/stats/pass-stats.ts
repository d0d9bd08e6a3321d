import { Op } from 'sequelize'
import { visitorSettings, type Visitor } from '../visitor/visitor.js'
import { readSharingOfAll } from '../visitor/visits/sharing.js'
import type { Day } from './days.js'

/** Of the passes that were issued on one day, as far as they are still there. */
export interface PassStats {
  readonly issued: number
  /** Whose link was redeemed so far. */
  readonly redeemed: number
  /** Whose link was used in as many sessions as arouse suspicion, by the visit log. */
  readonly suspectedShared: number
}

/** Passes that are asked for at once. */
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
  const { VisitorLog, sharingThreshold } = Passes[visitorSettings]
  const sharing = await readSharingOfAll(VisitorLog, ids, {})
  return [...sharing.values()].filter(({ sessions }) => sessions >= sharingThreshold).length
}
