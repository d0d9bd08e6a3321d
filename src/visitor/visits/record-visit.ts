import { ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import { clientAddress, networkOf } from '../../http/client-network.js'
import { applicationAddress } from '../../http/address.js'
import { header } from '../../http/headers.js'
import { redactTokens } from '../../http/redact-tokens.js'
import { currentSessionId, presentedSessionIds } from '../../http/session.js'
import { visitorOf } from '../is-visitor.js'
import type { PassKey } from '../request-notes.js'
import type { VisitorSettings } from '../settings.js'
import { settingsOf, Visitor, visitorSettings } from '../visitor.js'
import type { VisitOutcome } from './visit.js'
import { visitLimits } from './visitor-log.js'

/** The status of a handshake that a WebSocket begins with. */
const SWITCHING_PROTOCOLS = 101

/** The visit that an earlier guard has recorded for this request. */
const recorded = new WeakMap<
  Request,
  {
    readonly entry: { readonly visitorId: number; outcome: VisitOutcome }
    readonly settings: VisitorSettings
  }
>()

/**
 * Records the visit once the response is closed, to be written in a batch with others. If the database fails, at worst
 * the visit is lost, never the request. Of several guards in a row, the last one decides the outcome.
 */
export function recordVisitWhenDone(
  req: Request,
  res: Response,
  pass: Visitor | PassKey,
  outcome: VisitOutcome,
): void {
  const settings = pass instanceof Visitor ? settingsOf(pass) : pass.Visitor[visitorSettings]
  const earlier = recorded.get(req)
  if (earlier?.settings === settings && earlier.entry.visitorId === pass.id) {
    earlier.entry.outcome = outcome
    return
  }
  const { visits, anonymizeIp, queryKey } = settings
  const ip = clientAddress(req)
  const referrer = (header(req, 'referer') ?? '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1')
  const entry = {
    visitorId: pass.id,
    method: bounded(req.method, visitLimits.method),
    path: bounded(loggableAddress(applicationAddress(req), queryKey), visitLimits.path),
    userAgent: bounded(header(req, 'user-agent') ?? '', visitLimits.userAgent),
    referrer: bounded(loggableAddress(referrer, queryKey), visitLimits.referrer),
    ip: bounded(anonymizeIp ? networkOf(ip) : ip, visitLimits.ip),
    sessionHash: sessionHashOf(req, settings),
    outcome,
  }
  recorded.set(req, { entry, settings })
  const record = (): void => {
    visits.add({ ...entry, createdAt: new Date(), status: res.statusCode || SWITCHING_PROTOCOLS })
  }
  // A client that closed the connection early is a visit, too. What a WebSocket's handshake has for a response is no stream.
  if (res.closed || !(res instanceof ServerResponse)) record()
  else res.once('close', record)
}

/**
 * Empty for a session of this request only: express-session makes one for every request, and stores it only if data is
 * put into it. Otherwise a client that tries a dead link twice would count as two sessions.
 */
function sessionHashOf(req: Request, { codec }: VisitorSettings): string {
  const id = currentSessionId(req)
  if (id === undefined) return ''
  const lasts = visitorOf(req) !== undefined || presentedSessionIds(req).includes(id)
  return lasts ? codec.hashSession(id) : ''
}

/**
 * An address without its query and fragment. Some programs escape the `?` of a link, which makes the token a part of the
 * path.
 */
function loggableAddress(address: string, queryKey: string): string {
  const [path = ''] = address.split(/[?#]/, 1)
  return redactTokens(path, { queryKeys: [queryKey, 'token'] })
}

/** Control characters (ASVS 5.0, 16.4.1), and halves of surrogate pairs become U+FFFD; the rest is cut at `limit`. */
function bounded(text: string, limit: number): string {
  const cut = text
    .slice(0, limit)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  // A part of a string keeps the whole of it in memory; a copy of the part does not.
  return text.length > limit ? Buffer.from(cut).toString() : cut
}
