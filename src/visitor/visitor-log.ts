import {
  Model,
  type CreationOptional,
  type ForeignKey,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
} from 'sequelize'
import type { RefusalReason } from '../errors.js'
import type { Visitor } from './visitor.js'

/** How a visit went: let in, or why not. */
export type VisitOutcome = 'admitted' | RefusalReason

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

/** A visit: one request of a visitor that met a guard. Holds no token and no session id. */
export class VisitorLog extends Model<InferAttributes<VisitorLog>, InferCreationAttributes<VisitorLog>> {
  /** A string on PostgreSQL and MySQL, whose BIGINT is wider than a number. */
  declare readonly id: CreationOptional<number | string>
  declare visitorId: ForeignKey<Visitor['id']>
  declare readonly createdAt: CreationOptional<Date>
  declare method: string
  /** Without the query string. */
  declare path: string
  /** The response's HTTP status. */
  declare status: number
  declare userAgent: string
  /** Without its query string. */
  declare referrer: string
  /** `req.ip`, which heeds the application's `trust proxy`; cut to /24 or /48 with `anonymizeIp`. */
  declare ip: string
  /** Tells the sessions of one pass apart, and leads back to none. */
  declare sessionHash: string
  declare outcome: VisitOutcome
  /** With `include: 'visitor'`. */
  declare visitor?: NonAttribute<Visitor>

  /** For JSON responses: a pass that was included shows no more than it does by itself. */
  override toJSON(): object {
    const json: object = super.toJSON()
    return this.visitor === undefined ? json : { ...json, visitor: this.visitor.toJSON() }
  }
}
