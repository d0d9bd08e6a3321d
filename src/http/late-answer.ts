import type { Request, Response } from 'express'
import onHeaders from 'on-headers'
import {
  currentSessionId,
  presentedSessionIds,
  sessionStoreOf,
  withholdSession,
  type SessionStore,
} from './session.js'
import { endInStore, hasEndedHere } from './stale-session.js'

/**
 * From how many milliseconds on an answer asks the store whether another process has ended its session meanwhile. A
 * faster one can hardly be later than the login that it overlaps with, and would pay a look-up a page for it.
 */
const SLOW_MS = 100

const watched = new WeakSet<Request>()

/**
 * Keeps the `Set-Cookie` of a late answer from the browser, and its session from the store: one that was renewed or ended meanwhile by
 * another request. express-session would set its cookie again (`rolling`, `saveUninitialized`, a handler
 * that writes to the session), or store the ended session anew (`resave`).
 *
 * Headers that go out before the end of the answer are judged by what this process has noted.
 */
export function watchAnswer(req: Request): void {
  const { res } = req as { res?: Response }
  if (res === undefined || watched.has(req)) return
  watched.add(req)
  const store = sessionStoreOf(req)
  if (store !== undefined) watchStore(store)
  const arrivedAt = performance.now()
  const arrivedWith = currentSessionId(req)
  /** Empty if a login or logout on this request has given it another session. */
  const oldIds = (): string[] =>
    arrivedWith !== undefined && currentSessionId(req) === arrivedWith ? presentedSessionIds(req) : []
  const withholdIfEnded = (): void => {
    if (hasEndedHere(oldIds())) withholdSession(req)
  }

  onHeaders(res, withholdIfEnded)
  // express-session decides as the answer ends whether to store the session.
  const end = res.end.bind(res) as (...given: unknown[]) => Response
  let isEnding = false
  Object.assign(res, {
    end(...given: unknown[]): Response {
      if (isEnding) return end(...given)
      isEnding = true
      withholdIfEnded()
      const ids = oldIds()
      const isFast = performance.now() - arrivedAt < SLOW_MS
      if (store === undefined || isFast || res.headersSent || ids.length === 0) return end(...given)
      void endInStore(store, ids).then((found) => {
        if (found !== undefined) withholdSession(req)
        process.nextTick(end, ...given)
      })
      return res
    },
  })
}

const watchedStores = new WeakSet<SessionStore>()

/** Has express-session call {@link watchAnswer} for every request from now on: it makes sessions by these methods only. */
function watchStore(store: SessionStore): void {
  if (watchedStores.has(store)) return
  watchedStores.add(store)
  for (const name of ['generate', 'createSession'] as const) {
    const make: unknown = Reflect.get(store, name)
    if (typeof make !== 'function') continue
    Object.assign(store, {
      [name](this: unknown, req: Request, ...more: unknown[]): unknown {
        const made: unknown = Reflect.apply(make, this, [req, ...more])
        watchAnswer(req)
        return made
      },
    })
  }
}
