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
import { sessionHoldsLogin } from './passport-request.js'
import { dropEndedVisit } from './parallel-visit.js'
import { endsItsSession, lateForEndedSession, noteSessionEnd } from './stale-session.js'

/** How to take back the note that a renewal of this request's session has left. */
const renewals = new WeakMap<Request, () => Promise<void>>()

/** The requests that have renewed a session which another one had ended: its note stays, unless they log in. */
const late = new WeakSet<Request>()

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
      const earlier = await lateForEndedSession(req)
      if (earlier === undefined) {
        withdrawNote = await noteSessionEnd(req, 'replaced')
        renewals.set(req, withdrawNote)
      } else {
        withholdSession(req) // it must not replace the newer session by an empty one
        late.add(req)
      }
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
 * Corrects the note of a renewal before the answer ends, when it is known what has followed:
 *
 * - A session that was destroyed on the same request: a logout by `req.logout` and `req.session.destroy()`. Such an answer
 *   sets no cookie, so the browser goes on with the old id, and is not late. The note is taken back.
 * - A login on a late request. The former note may name a guest whom others could join, whose session would replace the login's.
 */
export function correctNote(req: Request, res: Response): Promise<unknown> | undefined {
  if (late.has(req)) return sessionHoldsLogin(req) ? noteSessionEnd(req, 'replaced') : undefined
  const withdrawNote = renewals.get(req)
  if (withdrawNote === undefined || sessionOf(req) !== undefined) return undefined
  const set = [res.getHeader('set-cookie') ?? []].flat().map(String)
  const isCleared = namesOfCookie(req, presentedSessionIds(req)).some((name) =>
    set.some((cookie) => cookie.startsWith(`${name}=`)),
  )
  return isCleared ? undefined : withdrawNote()
}
