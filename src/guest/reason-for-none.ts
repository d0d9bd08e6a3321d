import type { Request } from 'express'
import { isForeign, isSpeculative } from '../http/origin.js'
import { isExpressRequest } from '../http/passport-request.js'
import { lateForEndedSession } from '../http/stale-session.js'
import type { GuestModel } from './guest.js'
import { hasNoGuestCookie } from './no-guest-cookie.js'
import { sessionNameOf } from './session.js'

/** What decides whether a request gets a guest: the options of `GuestStrategy`, defaults filled in. */
export interface Conditions {
  readonly Guest: GuestModel
  readonly enabled: (req: Request) => boolean | Promise<boolean>
  readonly isBot: (req: Request) => boolean | Promise<boolean>
  readonly trustedOrigins: readonly string[]
}

export const FOREIGN = 'a foreign site makes the browser send this'

/** Why this request gets no guest, if it gets none. */
export async function reasonForNone(
  req: Request,
  { Guest, enabled, isBot, trustedOrigins }: Conditions,
): Promise<string | undefined> {
  if (!isExpressRequest(req)) return 'not a request of Express: the handshake of a WebSocket'
  if (!(await enabled(req))) return 'disabled'
  if (isForeign(req, { trustedOrigins })) return FOREIGN
  if (isSpeculative(req)) return 'HEAD, OPTIONS, or fetched ahead'
  if (hasNoGuestCookie(req)) return 'a guest of this browser has just left'
  if (await isBot(req)) return 'a bot'
  const end = await lateForEndedSession(req, sessionNameOf(Guest))
  if (end === undefined || end === 'guest') return undefined // it joins the guest that a parallel request has made
  return 'a late request of a session that has just ended'
}

/**
 * Whether another request of the browser has logged in or out while a guest was being made, so that this guest's login would
 * undo that. Beside a visit that has begun meanwhile, the guest is logged in.
 */
export async function isOvertaken(req: Request, Guest: GuestModel): Promise<boolean> {
  const end = await lateForEndedSession(req, sessionNameOf(Guest))
  return end !== undefined && end !== 'guest' && end !== 'visit'
}
