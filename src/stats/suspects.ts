import { col, fn, literal, Op, where } from 'sequelize'
import { columnNameOf } from '../database/columns.js'
import type { Row } from '../database/prepared.js'
import { visitorSettings, type Visitor } from '../visitor/visitor.js'
import type { Sharing } from '../visitor/visits/visit.js'
import { visitLogOf } from '../visitor/visits/visitor-log.js'

/** Visits that are read at most: the newest ones. */
const NEWEST_VISITS = 20_000

const MOST_SUSPECTS = 20

/** A pass whose link was used in at least `sharingThreshold` sessions. */
export interface Suspect {
  readonly pass: Visitor
  readonly sharing: Sharing
}

/** The passes that were used most widely since a moment, in constant time however many visits there are. */
export async function readSuspects(Passes: typeof Visitor, since: Date): Promise<readonly Suspect[]> {
  const { visits, sharingThreshold } = Passes[visitorSettings]
  const Log = visitLogOf(Passes)
  const older = await Log.unscoped().findOne({
    attributes: ['createdAt'],
    order: [['createdAt', 'DESC']],
    offset: NEWEST_VISITS,
    useMaster: true,
  })
  const begins = older === null || older.createdAt < since ? since : older.createdAt
  const sessions = fn('COUNT', fn('DISTINCT', fn('NULLIF', col(columnNameOf(Log, 'sessionHash')), '')))
  const rows = (await Log.unscoped().findAll({
    attributes: [[col(columnNameOf(Log, 'visitorId')), 'pass']] as never,
    where: { createdAt: { [Op.gte]: begins } },
    group: [columnNameOf(Log, 'visitorId')],
    having: where(sessions, { [Op.gte]: literal(String(sharingThreshold)) }),
    order: [[sessions, 'DESC']] as never,
    limit: MOST_SUSPECTS,
    raw: true,
    useMaster: true,
  })) as readonly unknown[] as readonly Row[]
  const ids = rows.map(({ pass }) => Number(pass))
  if (ids.length === 0) return []
  const sharing = await visits.sharing(ids, {}) // visits by a link that was replaced do not count
  const passes = await Passes.unscoped().findAll({ where: { id: ids }, useMaster: true })
  return passes
    .flatMap((pass) => {
      const own = sharing.get(pass.id)
      return own === undefined || own.sessions < sharingThreshold ? [] : [{ pass, sharing: own }]
    })
    .sort((one, other) => other.sharing.sessions - one.sharing.sessions)
}
