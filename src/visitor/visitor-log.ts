import type { Request, Response } from 'express'
import {
  Model,
  type CreationOptional,
  type ForeignKey,
  type InferAttributes,
  type InferCreationAttributes,
} from 'sequelize'
import createDebug from 'debug'
import type { RefusalReason } from '../errors.js'
import { ownAddress } from '../web/own-address.js'
import { currentSessionId } from '../web/session.js'
import { settingsOf, type Visitor } from './visitor.js'

const debug = createDebug('passport-ephemeral:visit')

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
}

/**
 * Writes the visit once the response has gone out, off the request's path. A database that refuses loses the entry,
 * never the request.
 */
export function recordVisitWhenDone(
  req: Request,
  res: Response,
  visitor: Visitor,
  outcome: VisitOutcome,
): void {
  const { VisitorLog: Log, codec, anonymizeIp } = settingsOf(visitor)
  const sessionId = currentSessionId(req)
  const entry = {
    visitorId: visitor.id,
    method: bounded(req.method, visitLimits.method),
    path: bounded(ownAddress(req).split('?', 1)[0] ?? '', visitLimits.path),
    userAgent: bounded(req.get('user-agent') ?? '', visitLimits.userAgent),
    referrer: bounded((req.get('referrer') ?? '').split(/[?#]/, 1)[0] ?? '', visitLimits.referrer),
    ip: bounded(anonymizeIp ? networkOf(req.ip ?? '') : (req.ip ?? ''), visitLimits.ip),
    sessionHash: sessionId === undefined ? '' : codec.hashSession(sessionId),
    outcome,
  }
  res.once('close', () => {
    Log.create({ ...entry, status: res.statusCode }).catch((error: unknown) => {
      debug('a visit was not written: %o', error)
    })
  })
}

/** NUL, which PostgreSQL refuses, and halves of surrogate pairs become U+FFFD; the rest is cut at `limit`. */
function bounded(text: string, limit: number): string {
  return text.slice(0, limit).toWellFormed().replaceAll('\0', '\uFFFD')
}

/** IPv4 to its /24, IPv6 to its /48. */
function networkOf(ip: string): string {
  const mapped = /^(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+$/i.exec(ip)
  if (mapped !== null) return `${mapped[1] ?? ''}.0`
  const [head = '', tail] = ip.replace(/%.*$/, '').split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':')
    while (groups.length + rest.length < 8) groups.push('0')
    groups.push(...rest)
  }
  return groups.length === 8 ? `${groups.slice(0, 3).join(':')}::` : ''
}
