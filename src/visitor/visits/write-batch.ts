import createDebug from 'debug'
import type { Visit } from './visit.js'

const debug = createDebug('passport-ephemeral:visit')

/** The result of writing a batch. */
export interface BatchOutcome {
  readonly written: readonly Visit[]
  /** How many rows the database will never accept: their pass was deleted. */
  readonly refused: number
  /** Visits to try again, in their order: the database failed before their turn. */
  readonly unwritten: readonly Visit[]
  /** Why, if anything is unwritten. */
  readonly error?: unknown
}

/**
 * Writes a batch in one statement, unless the database refuses a row. Then the batch is cut in halves until the row is
 * alone, so that a pass that was deleted meanwhile does not take the visits of other passes with it.
 */
export async function writeBatch(
  batch: readonly Visit[],
  insert: (visits: readonly Visit[]) => Promise<void>,
): Promise<BatchOutcome> {
  const written: Visit[] = []
  let refused = 0
  const parts = [batch]
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    try {
      await insert(part)
      for (const visit of part) written.push(visit)
    } catch (error) {
      if (!isAboutItsRows(error)) return { written, refused, unwritten: [part, ...parts].flat(), error }
      if (part.length === 1) {
        debug('a visit was refused: %o', error)
        refused += 1
      } else {
        const middle = Math.ceil(part.length / 2)
        parts.unshift(part.slice(0, middle), part.slice(middle))
      }
    }
  }
  return { written, refused, unwritten: [] }
}

/**
 * What the database says of a row that breaks a constraint or does not fit its column, or of a statement too long to
 * read, where its SQLSTATE does not.
 */
const CODES = [
  'SQLITE_CONSTRAINT',
  'SQLITE_MISMATCH',
  'SQLITE_TOOBIG',
  'ER_NET_PACKET_TOO_LARGE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
]

/** Whether fewer rows may be taken: SQLSTATE 22 (data exception), 23 (constraint). Not so if the database is away. */
function isAboutItsRows(error: unknown): boolean {
  const parent: unknown = (error as { parent?: unknown } | null | undefined)?.parent ?? error
  const { code, sqlState } = (parent ?? {}) as { code?: unknown; sqlState?: unknown }
  if (typeof code === 'string' && CODES.includes(code)) return true
  const state = sqlState ?? code // MySQL's drivers have both; in PostgreSQL's the code is the state
  return typeof state === 'string' && /^2[23][0-9A-Z]{3}$/.test(state)
}
