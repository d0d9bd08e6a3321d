import { quotedField, quotedTable, sequelizeOf } from '../../database/columns.js'
import type { Due, Position } from './due.js'
import { asText, columnLiteral, dialectOf } from '../../database/dialect.js'

/** Names of tables within the statements. */
export const [DUE, COMPANION] = ['due_row', 'companion'] as const
const GUARD = 'guard'

/** The rows that are due, with what each is called in the statements here; without an order or an end. */
export function selectDue(due: Due, after: Position | undefined, more: readonly string[] = []): string {
  const [key, since] = [columnOf(due, due.key), columnOf(due, due.since)]
  const selected = [
    `${withoutRounding(due, key)} AS row_key`,
    `${since} AS row_at`,
    `${due.reads === undefined ? 'NULL' : columnOf(due, due.reads)} AS row_read`,
    ...more,
  ]
  return (
    `SELECT ${selected.join(', ')} ${fromDue(due)}` +
    (after === undefined ? '' : ` AND ${since} >= :since AND (${since} > :since OR ${key} > :key)`)
  )
}

/** SQLite's driver rounds numbers past 2^53. */
function withoutRounding({ model }: Due, key: string): string {
  return dialectOf(sequelizeOf(model)).roundsWideKeys ? asText(sequelizeOf(model), key) : key
}

/** The order in which rows go, and how many. */
export function orderOf(due: Due, limit: number): string {
  return ` ORDER BY ${columnOf(due, due.since)}, ${columnOf(due, due.key)} LIMIT ${String(limit)}`
}

/** A column of the rows that are due, quoted. */
export function columnOf({ model }: Due, attribute: string): string {
  return `${DUE}.${quotedField(model, attribute)}`
}

/** All that is due, for a SELECT to begin. */
export function fromDue(due: Due): string {
  const { model, key, since, with: companion, unless } = due
  // MySQL could begin with the other table, and sort all of it for each batch.
  const join =
    companion === undefined
      ? ''
      : ` ${dialectOf(sequelizeOf(model)).orderedJoin} ${quotedTable(companion.model)} AS ${COMPANION}` +
        ` ON ${COMPANION}.${quotedField(companion.model, companion.key)} = ${columnOf(due, key)}`
  return (
    `FROM ${quotedTable(model)} AS ${DUE}${join} WHERE ${columnOf(due, since)} <= ${columnLiteral(model, since, due.until)}` +
    (unless === undefined ? '' : ` AND NOT EXISTS (${keepers(unless, columnOf(due, key))})`)
  )
}

function keepers({ model, foreignKey, later }: NonNullable<Due['unless']>, key: string): string {
  const condition =
    later === undefined
      ? ''
      : ` AND ${GUARD}.${quotedField(model, later.attribute)} > ${columnLiteral(model, later.attribute, later.than)}`
  return `SELECT 1 FROM ${quotedTable(model)} AS ${GUARD} WHERE ${GUARD}.${quotedField(model, foreignKey)} = ${key}${condition}`
}
