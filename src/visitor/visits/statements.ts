import { col, fn, literal, Op, type ModelStatic } from 'sequelize'
import { fieldOf, quotedField, quotedTable, sequelizeOf } from '../../database/columns.js'
import { runPrepared, statement, type Row, type Statement } from '../../database/prepared.js'
import type { QueryOptions } from '../../database/transactions.js'
import type { Visitor } from '../visitor.js'
import type { Visit, VisitOutcome } from './visit.js'
import type { VisitorLog } from './visitor-log.js'
import { isPostgres } from '../../database/dialect.js'

/** Every column that is written, and its type on PostgreSQL; the key counts up by itself. */
const TYPES: Readonly<Record<keyof Visit, string>> = {
  visitorId: 'int',
  createdAt: 'timestamptz',
  method: 'text',
  path: 'text',
  status: 'int',
  userAgent: 'text',
  referrer: 'text',
  ip: 'text',
  sessionHash: 'text',
  outcome: 'text',
}
const ATTRIBUTES = Object.keys(TYPES) as readonly (keyof Visit)[]

/**
 * Writes visits in one statement, all of them or none. Always in a transaction of its own: with CLS, the ORM would
 * join one of the request that happened to start the timer.
 */
export async function insertVisits(
  Log: typeof VisitorLog,
  visits: readonly Visit[],
  preparedStatements: boolean,
): Promise<void> {
  const sequelize = sequelizeOf(Log)
  if (preparedStatements && isPostgres(sequelize)) {
    await runPrepared(sequelize, insertOf(Log), columnwise(visits))
    return
  }
  await Log.unscoped().bulkCreate([...visits], {
    hooks: false,
    validate: false,
    returning: false,
    transaction: null,
  })
}

const inserts = new WeakMap<typeof VisitorLog, Statement>()

/** One text for any number of rows: each column travels as an array. */
function insertOf(Log: typeof VisitorLog): Statement {
  let known = inserts.get(Log)
  if (known === undefined) {
    const columns = ATTRIBUTES.map((attribute) => quotedField(Log, attribute)).join(', ')
    const arrays = ATTRIBUTES.map((attribute, i) => `$${i + 1}::${TYPES[attribute]}[]`).join(', ')
    known = statement(`INSERT INTO ${quotedTable(Log)} (${columns}) SELECT * FROM unnest(${arrays})`)
    inserts.set(Log, known)
  }
  return known
}

function columnwise(visits: readonly Visit[]): unknown[][] {
  return ATTRIBUTES.map((attribute) =>
    visits.map(({ [attribute]: value }) => (value instanceof Date ? value.toISOString() : value)),
  )
}

/**
 * Counts what was written of each of these passes since its link was issued, in one statement, on the primary. Aliases are
 * in lower case because PostgreSQL makes them so under `quoteIdentifiers: false`.
 */
export async function countVisits(
  Log: typeof VisitorLog,
  visitorIds: readonly number[],
  { transaction }: QueryOptions = {},
): Promise<Row[]> {
  const column = (attribute: keyof Visit) => col(fieldOf(Log, attribute))
  const distinct = (attribute: keyof Visit) =>
    fn('COUNT', fn('DISTINCT', fn('NULLIF', column(attribute), '')))
  const rows: unknown = await Log.unscoped().findAll({
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
    group: [fieldOf(Log, 'visitorId')],
    raw: true,
    useMaster: true,
    ...(transaction !== undefined && { transaction }),
  })
  return rows as Row[]
}

/** Visits by a link that was replaced say nothing of the one that replaced it. */
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
