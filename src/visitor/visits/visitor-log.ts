import {
  Model,
  type CreationOptional,
  type ForeignKey,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
} from 'sequelize'
import type { Visitor } from '../visitor.js'
import type { VisitOutcome } from './visit.js'
import type { VisitBuffer } from './visit-buffer.js'

/** The longest text that each column takes; longer ones are cut. */
export const visitLimits = {
  method: 16,
  path: 2048,
  userAgent: 512,
  referrer: 512,
  ip: 64,
  sessionHash: 64,
  outcome: 32,
} as const

/** Where a defined model keeps the visits that are not written yet; subclasses and `VisitorLog.schema(…)` share them. */
export const visitBuffer: unique symbol = Symbol('passport-ephemeral.visitBuffer')

/**
 * A visit: one request at a guard, of a visitor or with the link of a pass that is refused. Holds no token and no session
 * id.
 *
 * Visits are written in batches, off the request's path: call `VisitorLog.flush()` before the process ends.
 *
 * @example
 * const refused = await VisitorLog.findAll({ where: { outcome: 'expired' }, include: 'visitor' })
 */
export class VisitorLog extends Model<InferAttributes<VisitorLog>, InferCreationAttributes<VisitorLog>> {
  declare static readonly [visitBuffer]: VisitBuffer

  /** A string on PostgreSQL and MySQL, whose BIGINT is wider than a number. */
  declare readonly id: CreationOptional<number | string>
  declare visitorId: ForeignKey<Visitor['id']>
  /** When the response was closed; the row is written later. */
  declare readonly createdAt: CreationOptional<Date>
  declare method: string
  /** Without the query string. */
  declare path: string
  /** The response's HTTP status. */
  declare status: number
  declare userAgent: string
  /** Without its query string. */
  declare referrer: string
  /** `req.ip`, which follows the application's `trust proxy`; cut to /24 or /48 with `anonymizeIp`. */
  declare ip: string
  /**
   * Tells the sessions of one pass apart, and leads back to no session id. Empty for a refused request without a stored
   * session: the client's next request has another id.
   */
  declare sessionHash: string
  declare outcome: VisitOutcome
  /** With `include: 'visitor'`. */
  declare visitor?: NonAttribute<Visitor>

  /**
   * Writes every visit that this process has recorded and not written yet, those included that come while it runs. For
   * the end of the process, once the server is closed, and for tests. Asks the database nothing if there is nothing
   * to write.
   *
   * @throws the database's error if it refuses (`TablesMissing` if it has no table for them); the visits are kept, and
   *   tried again as long as the process lives
   */
  static async flush(): Promise<void> {
    await this[visitBuffer].flush()
  }

  /**
   * How many visits this process has lost: the oldest ones when `visitLog.maxBuffered` was reached, because the database
   * was away or too slow; and those of passes that were deleted before they were written. Raise an alarm when it grows
   * faster than passes are deleted.
   */
  static get dropped(): number {
    return this[visitBuffer].dropped
  }

  /** For JSON responses: a pass that was included shows no more than it does by itself. */
  override toJSON(): object {
    const json: object = super.toJSON()
    return this.visitor === undefined ? json : { ...json, visitor: this.visitor.toJSON() }
  }
}

/** The log that belongs to a model of passes. */
export function visitLogOf(Passes: typeof Visitor): typeof VisitorLog {
  return Passes.associations['visits']?.target as typeof VisitorLog
}
