import { col, fn, literal, Op, type ModelStatic } from 'sequelize'
import { columnNameOf, quotedField, quotedTable } from '../../database/columns.js'
import type { Row } from '../../database/prepared.js'
import type { QueryOptions } from '../../database/transactions.js'
import type { Visitor } from '../visitor.js'
import type { Sharing, Visit, VisitOutcome } from './visit.js'
import type { VisitorLog } from './visitor-log.js'

/**
 * Writes visits in one statement, all of them or none. Always outside the caller's transaction: with CLS, the ORM would
 * join that of the request that happened to start the timer. (Arrays by `unnest` would save one per cent of a page.)
 */
export async function insertVisits(Log: typeof VisitorLog, visits: readonly Visit[]): Promise<void> {
  await Log.unscoped().bulkCreate([...visits], {
    hooks: false,
    validate: false,
    returning: false,
    transaction: null,
  })
}

/**
 * How widely these passes are used since their links were issued, in one statement, on the primary; passes without visits
 * are left out. Aliases are in lower case because PostgreSQL makes them so under `quoteIdentifiers: false`.
 */
export async function readSharing(
  Log: typeof VisitorLog,
  visitorIds: readonly number[],
  { transaction }: QueryOptions = {},
): Promise<Map<number, Sharing>> {
  const column = (attribute: keyof Visit) => col(columnNameOf(Log, attribute))
  const distinct = (attribute: keyof Visit) =>
    fn('COUNT', fn('DISTINCT', fn('NULLIF', column(attribute), '')))
  const rows = (await Log.unscoped().findAll({
    attributes: [
      [column('visitorId'), 'pass'],
      [fn('COUNT', column('visitorId')), 'visits'],
      [distinct('sessionHash'), 'sessions'],
      [distinct('ip'), 'addresses'],
      [distinct('userAgent'), 'agents'],
      [fn('MIN', column('createdAt')), 'earliest'],
      [fn('MAX', column('createdAt')), 'latest'],
    ],
    where: {
      visitorId: [...visitorIds],
      outcome: { [Op.ne]: 'reissued' satisfies VisitOutcome }, // a visit by the old link
      [Op.and]: [sinceReissued(Log)],
    },
    group: [columnNameOf(Log, 'visitorId')],
    raw: true,
    useMaster: true,
    ...(transaction !== undefined && { transaction }),
  })) as readonly unknown[] as readonly Row[]
  return new Map(rows.map((row) => [Number(row['pass']), toSharing(row)]))
}

/** Counts are strings on PostgreSQL, and dates are on SQLite. */
function toSharing({ visits, sessions, addresses, agents, earliest, latest }: Row): Sharing {
  const toDate = (value: unknown) => (value instanceof Date ? value : new Date(String(value)))
  return {
    visits: Number(visits),
    sessions: Number(sessions),
    addresses: Number(addresses),
    agents: Number(agents),
    firstSeenAt: toDate(earliest),
    lastSeenAt: toDate(latest),
  }
}

/** Visits by a link that was replaced do not count for the one that replaced it. */
function sinceReissued(Log: typeof VisitorLog): ReturnType<typeof literal> {
  const Passes = Log.associations['visitor']?.target as ModelStatic<Visitor>
  const [passes, visits] = [quotedTable(Passes), Log.sequelize?.getQueryInterface().quoteIdentifier(Log.name)]
  const reissuedAt = quotedField(Passes, 'reissuedAt')
  const at = `${visits ?? ''}.${quotedField(Log, 'createdAt')}`
  const isItsPass = `passes.${quotedField(Passes, 'id')} = ${visits ?? ''}.${quotedField(Log, 'visitorId')}`
  return literal(
    `${at} >= COALESCE((SELECT passes.${reissuedAt} FROM ${passes} AS passes WHERE ${isItsPass}), ${at})`,
  )
}
