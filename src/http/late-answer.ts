import type { Request, Response } from 'express'
import onHeaders from 'on-headers'
import {
  currentSessionId,
  presentedSessionIds,
  rememberCookieSet,
  sessionStoreOf,
  withholdSession,
  type SessionStore,
} from './session.js'
import { hasEndedAnywhere, hasEndedHere } from './stale-session.js'

/**
 * From how many milliseconds on an answer asks the store whether another process has ended its session meanwhile. A
 * faster one can hardly be later than the login that it overlaps with, and would pay a look-up a page for it.
 */
const SLOW_MS = 100

const watched = new WeakSet<Request>()

/**
 * Keeps the session of an answer that comes late from the browser and from the store: one whose session was renewed or
 * ended meanwhile by another request. express-session would set its cookie again (`rolling`, `saveUninitialized`, a handler that
 * writes to the session), or store the ended session anew (`resave`).
 *
 * Headers that go out before the end of the answer are judged by what this process knows.
 */
export function watchAnswer(req: Request): void {
  const { res } = req as { res?: Response }
  if (res === undefined || watched.has(req)) return
  watched.add(req)
  const seen: Arrival = { id: currentSessionId(req), at: performance.now() }
  watchStore(req)
  onHeaders(res, () => {
    if (isUnrenewed(req, seen) && hasEndedHere(idsOf(req, seen))) withholdSession(req)
    res.once('finish', () => {
      rememberCookieSet(req)
    })
  })
  watchEnd(req, res, seen)
}

/** The session with which a request arrived. */
interface Arrival {
  readonly id: string | undefined
  readonly at: number
}

/** Before express-session decides whether to store the session, which it does as the answer ends. */
function watchEnd(req: Request, res: Response, seen: Arrival): void {
  const end = res.end.bind(res) as (...given: unknown[]) => Response
  let hasLooked = false
  Object.assign(res, {
    end(...given: unknown[]): Response {
      if (hasLooked || !isUnrenewed(req, seen)) return end(...given)
      hasLooked = true
      const ids = idsOf(req, seen)
      if (hasEndedHere(ids)) withholdSession(req)
      const store = sessionStoreOf(req)
      const isSlow = performance.now() - seen.at >= SLOW_MS
      if (res.headersSent || !isSlow || ids.length === 0 || typeof store?.get !== 'function')
        return end(...given)
      void hasEndedAnywhere(store, ids).then((hasEnded) => {
        if (hasEnded) withholdSession(req)
        process.nextTick(end, ...given)
      })
      return res
    },
  })
}

/** Whether no login or logout on this request has given it another session. */
function isUnrenewed(req: Request, { id }: Arrival): boolean {
  return id !== undefined && currentSessionId(req) === id
}

function idsOf(req: Request, { id }: Arrival): string[] {
  const presented = presentedSessionIds(req)
  return id === undefined || presented.length === 0 ? presented : [...new Set([id, ...presented])]
}

const watchedStores = new WeakSet<SessionStore>()

/** Has express-session call {@link watchAnswer} for every request from now on: it makes sessions by these methods only. */
function watchStore(req: Request): void {
  const store = sessionStoreOf(req)
  if (store === undefined || watchedStores.has(store)) return
  watchedStores.add(store)
  for (const name of ['generate', 'createSession'] as const) {
    const make: unknown = Reflect.get(store, name)
    if (typeof make !== 'function') continue
    Object.assign(store, {
      [name](this: unknown, request: Request, ...more: unknown[]): unknown {
        const made: unknown = Reflect.apply(make, this, [request, ...more])
        watchAnswer(request)
        return made
      },
    })
  }
}
