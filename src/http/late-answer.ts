import type { Request, Response } from 'express'
import onHeaders from 'on-headers'
import { aroundEnd } from './deferred-end.js'
import { dropEndedVisit, rememberVisit } from './parallel-visit.js'
import { isForeign, type OwnOrigins } from './origin.js'
import { sessionHoldsLogin } from './passport-request.js'
import {
  currentSessionId,
  guardSave,
  hideSession,
  isSessionNew,
  isSessionWithheld,
  keepReadId,
  presentedSessionIds,
  sessionOf,
  sessionStoreOf,
  VISITOR_SESSION_KEY,
  type SessionStore,
} from './session.js'
import { noteRenewals, correctNote } from './renewal-notes.js'
import { currentNoteHere, noteInStore, type Note } from './session-notes.js'
import { endsItsSession } from './stale-session.js'

/** What the steps of a request tell about its answer. */
interface Watch {
  /**
   * Whether a foreign site makes the browser send this, without a cookie of the session: a `SameSite=Lax` cookie was left at home.
   * The user may well have a session, which the cookie of a new one would replace.
   */
  couldReplaceSession: boolean
}

const watched = new WeakMap<Request, Watch>()

/**
 * Keeps the `Set-Cookie` of an answer from the browser, and its session from the store, where the cookie would replace that of
 * another session:
 *
 * - a foreign request that bears no cookie of its session. Whatever a handler writes to the session, renews or logs out sets
 *   no cookie; a login or a redeemed link does. An origin that one of the middlewares trusts is not foreign.
 * - a late answer, of a session that was renewed or ended meanwhile by another request. express-session would set
 *   its cookie again (`rolling`, `saveUninitialized`, a handler that writes to the session), or store the ended session anew
 *   (`resave`).
 *
 * Of other processes' sessions the store is asked only where express-session is about to do so, or where the session is gone
 * already. Any other answer costs nothing. Headers that go out before the end of the answer are judged by what is known by then.
 */
export function watchAnswer(req: Request, own?: OwnOrigins): void {
  const { res } = req as { res?: Response }
  if (res === undefined) return
  const known = watched.get(req)
  if (known !== undefined) {
    known.couldReplaceSession &&= isForeign(req, own)
    return
  }
  const watch: Watch = { couldReplaceSession: isForeign(req, own) && isSessionNew(req) }
  watched.set(req, watch)
  const store = sessionStoreOf(req)
  if (store !== undefined) watchStore(store)
  const arrivedWith = currentSessionId(req)
  const late = store && arrivedWith !== undefined ? watchEnd(req, res, store, arrivedWith) : undefined
  /** Whether a login or a redeemed link on this request has opened another session; cookie-session's have no ids. */
  const hasOpenedSession = (): boolean =>
    (arrivedWith === undefined || currentSessionId(req) !== arrivedWith) &&
    (sessionHoldsLogin(req) || sessionOf(req)?.[VISITOR_SESSION_KEY] !== undefined)
  const hideFromBrowser = (): void => {
    const isWithheld = watch.couldReplaceSession || isSessionWithheld(req)
    if (isWithheld ? !hasOpenedSession() : late?.hasEnded()) hideSession(req)
  }

  onHeaders(res, hideFromBrowser)
  // express-session decides as the answer ends whether to store the session.
  aroundEnd(req, res, {
    before() {
      hideFromBrowser()
      return (late?.lookBeforeEnd() ?? correctNote(req, res))?.then(hideFromBrowser)
    },
    after() {
      late?.learn()
    },
  })
}

/** What can be known of the end of the session with which a request has arrived. */
interface WatchedEnd {
  readonly hasEnded: () => boolean
  /** Asks the store, if express-session may set the session's cookie now. */
  readonly lookBeforeEnd: () => Promise<void> | undefined
  /** Takes from the answer whether cookies roll. */
  readonly learn: () => void
}

/** @returns `undefined` if the browser has sent no cookie of a session */
function watchEnd(
  req: Request,
  res: Response,
  store: SessionStore,
  arrivedWith: string,
): WatchedEnd | undefined {
  const ids = presentedSessionIds(req)
  if (ids.length === 0) return undefined
  const isGone = !ids.includes(arrivedWith)
  const contentAtArrival = contentOf(req)
  rememberVisit(req)
  let endedElsewhere = false
  let isChanged = false
  let hasLooked = false
  // An ended session is never stored again. One that is new replaces none if the browser has not received the newer one's cookie.
  const replaces = (note: Note | undefined): boolean =>
    note !== undefined && !(isGone && note.isUndelivered === true)
  const look = async (): Promise<void> => {
    const [note] = await Promise.all([noteInStore(store, ids), dropEndedVisit(req)])
    endedElsewhere = replaces(note)
  }
  /** Not so if a login or logout on this request has given it another session. */
  const hasOldSession = (): boolean => currentSessionId(req) === arrivedWith
  const hasEnded = (): boolean => hasOldSession() && (endedElsewhere || replaces(currentNoteHere(ids)))
  // A note is written before its session is destroyed: if the session is gone for that reason, the note is found now.
  const lookAtArrival = isGone ? look() : undefined

  // express-session stores a changed session, or with `resave` any; handlers do too.
  const session = sessionOf(req)
  if (session !== undefined && !isGone) {
    guardSave(session, (done) => {
      if (hasLooked || !hasOldSession() || endsItsSession(req)) done(false)
      else
        void look().then(() => {
          process.nextTick(done, hasEnded())
        })
    })
  }
  return {
    hasEnded,
    lookBeforeEnd() {
      if (res.headersSent || !hasOldSession()) return undefined
      isChanged = contentOf(req) !== contentAtArrival
      // What was found at arrival may not be final: a session that was gone before can have been replaced meanwhile.
      const mustAsk = isGone ? isChanged : setsCookie(req, store, isChanged)
      const looking = mustAsk ? look() : lookAtArrival
      hasLooked = looking !== undefined
      return looking
    },
    learn() {
      if (isGone || isChanged || !hasOldSession() || !res.headersSent || rolling.get(store) === true) return
      rolling.set(
        store,
        String(res.getHeader('set-cookie')).includes(encodeURIComponent(`s:${arrivedWith}.`)),
      )
    },
  }
}

/**
 * Whether answers set the cookie of an unchanged session (`rolling`), by session store: express-session does not disclose its
 * options, so an answer has to show it.
 */
const rolling = new WeakMap<SessionStore, boolean>()

/** Whether express-session may set the cookie of a session that it has found in the store. */
function setsCookie(req: Request, store: SessionStore, isChanged: boolean): boolean {
  const expires = sessionOf(req)?.cookie?.expires
  return rolling.get(store) !== false || (isChanged && expires !== undefined && expires !== null)
}

/** What express-session compares to find out whether a session has been changed. */
function contentOf(req: Request): string | undefined {
  try {
    return JSON.stringify({ ...sessionOf(req), cookie: undefined })
  } catch {
    return undefined // express-session throws the same
  }
}

const watchedStores = new WeakSet<SessionStore>()

/** The methods of ours. An application that calls `session()` for every request replaces them each time. */
const watchingMethods = new WeakSet()

/**
 * Has express-session call {@link watchAnswer} for every request from now on: it makes sessions by these methods only. A
 * session that is given up for another one, by no matter which login or logout, is noted to have ended.
 */
function watchStore(store: SessionStore): void {
  if (!watchedStores.has(store)) noteRenewals(store)
  watchedStores.add(store)
  for (const name of ['generate', 'createSession'] as const) {
    const make: unknown = Reflect.get(store, name)
    if (typeof make !== 'function' || watchingMethods.has(make)) continue
    function watching(this: unknown, req: Request, ...more: unknown[]): unknown {
      keepReadId(req)
      const made: unknown = Reflect.apply(make as never, this, [req, ...more])
      watchAnswer(req)
      return made
    }
    watchingMethods.add(watching)
    Reflect.set(store, name, watching)
  }
}
