import type { Request, Response } from 'express'
import {
  callBack,
  currentSessionId,
  namesOfCookie,
  presentedSessionIds,
  putBack,
  sessionOf,
  settled,
  withholdSession,
  type SessionStore,
} from './session.js'
import { dropEndedVisit } from './parallel-visit.js'
import { endsItsSession, lateForEndedSession, noteSessionEnd } from './stale-session.js'

/** How to take back the note that a renewal of this request's session has left. */
const renewals = new WeakMap<Request, () => Promise<void>>()

/**
 * Notes each session that express-session gives up for another one in this store, by no matter which login or logout. A late
 * request that does so itself replaces no newer session: its own is kept from the browser, unless it holds a login.
 */
export function noteRenewals(store: SessionStore): void {
  const { regenerate } = store
  if (typeof regenerate !== 'function') return
  async function renew(req: Request): Promise<void> {
    const old = sessionOf(req)
    const isBrowsers = presentedSessionIds(req).includes(currentSessionId(req) ?? '')
    let withdrawNote: (() => Promise<void>) | undefined
    await dropEndedVisit(req) // with keepSessionInfo Passport copies what the session holds
    if (!endsItsSession(req)) {
      const earlier = await lateForEndedSession(req) // a late request must not replace the newer session by an empty one
      if (earlier !== undefined) withholdSession(req)
      withdrawNote = await noteSessionEnd(req, 'replaced')
      if (earlier === undefined) renewals.set(req, withdrawNote)
    }
    try {
      await settled((done) => regenerate?.call(store, req, done))
    } catch (error) {
      if (old !== undefined && isBrowsers) putBack(req, old) // a new one that may have been stored is given up
      await withdrawNote?.()
      throw error
    }
  }
  store.regenerate = (req, done) => {
    callBack(renew(req), done)
  }
}

/**
 * Takes back the note of a renewal whose new session was destroyed on the same request: a logout by `req.logout` and
 * `req.session.destroy()`. Such an answer sets no cookie, so the browser goes on with the old id, and is not late.
 */
export function withdrawWhereNoneFollows(req: Request, res: Response): Promise<void> | undefined {
  const withdrawNote = renewals.get(req)
  if (withdrawNote === undefined || sessionOf(req) !== undefined) return undefined
  const set = [res.getHeader('set-cookie') ?? []].flat().map(String)
  const isCleared = namesOfCookie(req, presentedSessionIds(req)).some((name) =>
    set.some((cookie) => cookie.startsWith(`${name}=`)),
  )
  return isCleared ? undefined : withdrawNote()
}
