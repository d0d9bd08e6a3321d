import { hash } from 'node:crypto'
import createDebug from 'debug'
import type { Request } from 'express'
import { settled } from '../http/callback.js'
import { cookieLikeSession } from '../http/session-cookie.js'
import { currentSessionId, presentedSessionIds, type HostSession } from '../http/session.js'
import { withholdSession } from '../http/withheld-session.js'

const debug = createDebug('passport-ephemeral:guest')

/** How a guest's session ended with the guest: they became a regular user, or logged in to an account. */
export type SessionEnd = 'converted' | 'merged'

/** That a session is about to end with its guest. */
export interface EndNote {
  /** It has ended: the note counts from now on. */
  readonly confirm: () => Promise<void>
  /** It has not: the guest is still there. */
  readonly withdraw: () => Promise<void>
}

/**
 * How long a request that bears the old session's cookie is known to be a late one: as long as requests may be under way
 * that a browser has sent before it heard of its new session.
 */
const LIFE_MS = 10 * 1000

/** A request bears few session cookies; who sends hundreds does not get hundreds of look-ups. */
const MAX_SESSION_COOKIES = 4

/** What the note's record has beside its cookie. */
const MARK = 'guest:ended'

/** What this package uses of a session store; express-session's have it all. */
interface SessionStore {
  get?: (id: string, done: (error?: unknown, record?: unknown) => void) => unknown
  set?: (id: string, record: object, done: (error?: unknown) => void) => unknown
  destroy?: (id: string, done: (error?: unknown) => void) => unknown
}

/**
 * Notes in the session store, for every process to see, that this request's session ends with its guest. A request that
 * is under way with its cookie meanwhile would be taken for a stranger's, be made a guest, and its `Set-Cookie` would
 * replace the account's session. The note comes before the end, so that there is no moment between the two.
 *
 * It has a name of its own, made of the session's id: under the id itself express-session would take it for a session,
 * and with `rolling` send its cookie again. The name is signed by nobody, so that no cookie opens it, and there is no login
 * in it to open. A store that fails is not in a login's way.
 */
export async function noteSessionEnd(req: Request, end: SessionEnd): Promise<EndNote> {
  const id = currentSessionId(req)
  const store = storeOf(req)
  const session = Reflect.get<object, string>(req, 'session') as HostSession | undefined
  const cookie = cookieLikeSession(req, session ?? {})

  async function write(): Promise<void> {
    if (id === undefined || typeof store?.set !== 'function') return
    const until = Date.now() + LIFE_MS
    // Stores take a record's life from whichever of these they know.
    const life = { maxAge: LIFE_MS, originalMaxAge: LIFE_MS, expires: new Date(until) }
    const record = { cookie: { ...cookie, ...life }, [MARK]: { end, until } }
    await settled((done) => store.set?.(nameOf(id), record, done))
  }

  async function withdraw(): Promise<void> {
    if (id !== undefined && typeof store?.destroy === 'function')
      await settled((done) => store.destroy?.(nameOf(id), done))
  }

  const note = { confirm: () => tried(write), withdraw: () => tried(withdraw) }
  await note.confirm()
  return note
}

/**
 * Whether this request bears the cookie of a session that has just ended with its guest, and how it ended. Such a request
 * is a late one of a browser that has another session by now: whatever it does to its own is kept from the browser.
 */
export async function lateForEndedSession(req: Request): Promise<SessionEnd | undefined> {
  const store = storeOf(req)
  if (typeof store?.get !== 'function') return undefined
  for (const id of presentedSessionIds(req).slice(0, MAX_SESSION_COOKIES)) {
    const end = await endOf(store, id)
    if (end === undefined) continue
    withholdSession(req)
    return end
  }
  return undefined
}

async function endOf(store: SessionStore, id: string): Promise<SessionEnd | undefined> {
  const record = await new Promise<unknown>((resolve, reject) => {
    store.get?.(nameOf(id), (error, found) => {
      if (error === undefined || error === null) resolve(found)
      else reject(error instanceof Error ? error : new Error('The session store failed', { cause: error }))
    })
  }).catch((error: unknown) => {
    debug('the session store does not say whether a session has just ended: %o', error)
  })
  const mark = (record as HostSession | null | undefined)?.[MARK] as
    { readonly end?: unknown; readonly until?: unknown } | undefined
  const { end, until } = mark ?? {}
  const isKnown = end === 'converted' || end === 'merged'
  return isKnown && typeof until === 'number' && until > Date.now() ? end : undefined
}

async function tried(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    debug('the session store does not keep that a session has ended: %o', error)
  }
}

function storeOf(req: Request): SessionStore | undefined {
  return Reflect.get(req, 'sessionStore') as SessionStore | undefined
}

/** As long, and of the same letters, as the ids that express-session makes: stores have columns for those. */
function nameOf(id: string): string {
  return hash('sha256', `${MARK}\0${id}`, 'base64url').slice(0, 32)
}
