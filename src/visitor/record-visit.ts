import createDebug from 'debug'
import type { Request, Response } from 'express'
import { ownAddress } from '../web/own-address.js'
import { currentSessionId } from '../web/session.js'
import { settingsOf, type Visitor } from './visitor.js'
import { visitLimits, type VisitOutcome } from './visitor-log.js'

const debug = createDebug('passport-ephemeral:visit')

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
  const ip = (req.ip ?? '').replace(/^::ffff:(?=\d+\.)/i, '') // IPv4 on a socket that speaks both
  const entry = {
    visitorId: visitor.id,
    method: bounded(req.method, visitLimits.method),
    path: bounded(ownAddress(req).split('?', 1)[0] ?? '', visitLimits.path),
    userAgent: bounded(req.get('user-agent') ?? '', visitLimits.userAgent),
    referrer: bounded((req.get('referrer') ?? '').split(/[?#]/, 1)[0] ?? '', visitLimits.referrer),
    ip: bounded(anonymizeIp ? networkOf(ip) : ip, visitLimits.ip),
    sessionHash: sessionId === undefined ? '' : codec.hashSession(sessionId),
    outcome,
  }
  const write = (): void => {
    Log.create({ ...entry, status: res.statusCode }).catch((error: unknown) => {
      debug('a visit was not written: %o', error)
    })
  }
  if (res.closed)
    write() // whoever hung up meanwhile was here all the same
  else res.once('close', write)
}

/** NUL, which PostgreSQL refuses, and halves of surrogate pairs become U+FFFD; the rest is cut at `limit`. */
function bounded(text: string, limit: number): string {
  return text.slice(0, limit).toWellFormed().replaceAll('\0', '\uFFFD')
}

/** IPv4 to its /24, IPv6 to its /48. */
function networkOf(ip: string): string {
  const v4 = /^(\d+\.\d+\.\d+)\.\d+$/.exec(ip)
  if (v4 !== null) return `${v4[1] ?? ''}.0`
  const [head = '', tail] = ip.replace(/%.*$/, '').split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':')
    while (groups.length + rest.length < 8) groups.push('0')
    groups.push(...rest)
  }
  return groups.length === 8 ? `${groups.slice(0, 3).join(':')}::` : ''
}
