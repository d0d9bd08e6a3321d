import { createHmac } from 'node:crypto'
import { parse } from 'cookie'
import type { Request } from 'express'
import { currentSessionId, presentedSessionIds, type HostSession } from '../../http/session.js'
import { isTouchThrottled } from '../../http/throttle-touch.js'
import { checkCookie } from './cookie-checks.js'
import type { Check } from './request-checks.js'

/** What express-session and cookie-session put on a request. */
interface SessionRequest {
  readonly session?: HostSession | null
  readonly sessionStore?: {
    touch?: Touch
    readonly sessions?: unknown
    readonly get: (id: string, done: (error?: unknown, stored?: HostSession | null) => void) => unknown
  }
}

type Touch = (id: string, session: object, done?: (...results: unknown[]) => void) => unknown

const checkPresence: Check = ({ req, report }) => {
  const { session } = req as unknown as SessionRequest
  if (typeof session !== 'object' || session === null) report('SESSION_MISSING')
  else if (typeof session.regenerate !== 'function') report('SESSION_NOT_RENEWABLE')
  return true
}

const checkStore: Check = ({ req, report }) => {
  const { sessionStore } = req as unknown as SessionRequest
  // Other packages call theirs MemoryStore too.
  if (sessionStore?.constructor.name === 'MemoryStore' && typeof sessionStore.sessions === 'object')
    report('MEMORY_STORE')
  return true
}

/** A cookie for a session that is new and empty is what `saveUninitialized: true` sends. */
const checkSavesUninitialized: Check = ({ req, report }) => {
  const { session } = req as unknown as SessionRequest
  const { res } = req
  const id = currentSessionId(req)
  if (!session || res === undefined || id === undefined || presentedSessionIds(req).includes(id)) return false
  res.once('finish', () => {
    const cookies = [res.getHeader('set-cookie') ?? []].flat().map(String)
    const isEmpty = currentSessionId(req) === id && dataOf(session) === '{}'
    if (!isEmpty || !cookies.some((cookie) => cookie.includes(`s%3A${id}.`))) return
    report('SAVE_UNINITIALIZED')
  })
  return true
}

/** A session that is saved as the store has it is what `resave: true` does; a store with `touch` needs no such write. */
const checkResaves: Check = ({ req, report }) => {
  const { session, sessionStore } = req as unknown as SessionRequest
  const id = currentSessionId(req)
  if (!session?.save || !sessionStore?.touch) return false
  if (id === undefined || !presentedSessionIds(req).includes(id)) return false
  const { save } = session
  Object.defineProperty(session, 'save', {
    configurable: true,
    enumerable: false, // stores serialize what is enumerable
    writable: true,
    value(done?: (error?: unknown) => void) {
      sessionStore.get(id, (_error, stored) => {
        if (stored && dataOf(stored) === dataOf(session)) report('RESAVE')
        Reflect.apply(save, session, [done])
      })
    },
  })
  return true
}

const watchedTouches = new WeakSet()

/** Touches of so many sessions of a store are looked at. */
const TOUCHES = 100

/**
 * Two touches of one session within a minute are one too many, if responses wait for them. A touch that sends nothing
 * (`disableTouch`) has called back when it returns; those of stores in memory cost nothing either.
 */
const checkTouches: Check = ({ req, isProbe, report }) => {
  const { sessionStore: store } = req as unknown as SessionRequest
  const touch = store?.touch
  if (isProbe || store === undefined || typeof touch !== 'function') return false
  if (watchedTouches.has(store) || isTouchThrottled(store) || store.constructor.name === 'MemoryStore')
    return true
  watchedTouches.add(store)
  const sentAt = new Map<string, number>()
  const watchingTouch: Touch = (id, session, done) => {
    let answers = 0
    const result = touch.call(store, id, session, (...results) => {
      answers += 1
      done?.(...results)
    })
    if (answers > 0) return result
    const isRepeated = Date.now() - (sentAt.get(id) ?? -Infinity) < MINUTE_MS
    sentAt.set(id, Date.now())
    if (isRepeated) report('SESSION_TOUCHED_OFTEN')
    if ((isRepeated || sentAt.size >= TOUCHES) && store.touch === watchingTouch) store.touch = touch
    return result
  }
  store.touch = watchingTouch
  return true
}

const MINUTE_MS = 60 * 1000

function dataOf(session: HostSession): string {
  return JSON.stringify({ ...session, cookie: undefined })
}

/** Secrets of tutorials: an attacker tries these first. */
const COMMON_SECRETS =
  `keyboard cat,keyboard,cat,secret,Secret,SECRET,mysecret,my secret,my-secret,your secret
your-secret,your_secret,your-secret-key,your_secret_key,your secret key,secretkey,secret-key,secret key,supersecret
super secret,super-secret,s3cr3t,s3Cur3,session secret,session-secret,session_secret,some secret,somesecret
thisismysecret,changeme,change me,change-me,changeit,password,dev,development,test,123456`.split(/[,\n]/)

/** The signature of the session's cookie shows a common secret. */
const checkSecret: Check = ({ req, report }) => {
  const id = currentSessionId(req)
  const signature = id === undefined ? undefined : signatureOf(req, id)
  if (id === undefined || signature === undefined) return false
  if (COMMON_SECRETS.some((secret) => sign(secret, id) === signature)) report('WEAK_SESSION_SECRET')
  return true
}

/** Of the cookie that express-session has accepted: `s:<id>.<signature>`. */
function signatureOf(req: Request, id: string): string | undefined {
  const start = `s:${id}.`
  const cookies = Object.values(parse(req.headers.cookie ?? ''))
  return cookies.find((value) => value?.startsWith(start))?.slice(start.length)
}

function sign(secret: string, id: string): string {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
}

/** Express stores this beside `trust proxy` until the application sets it. */
const IS_DEFAULT = '@@symbol:trust_proxy_default'

/** Checks which proxies the application trusts for the address of a client. */
const checkProxy: Check = ({ req, isProbe, report }) => {
  const trust: unknown = req.app.get('trust proxy')
  if (trust === true) report('PROXY_TRUSTS_ANYTHING')
  const isChosen = trust !== false || req.app.get(IS_DEFAULT) !== true
  if (isChosen) return true
  const isForwarded = ['x-forwarded-for', 'x-forwarded-proto'].some((name) => name in req.headers)
  if (!isProbe && !isForwarded) return false
  report('PROXY_UNTRUSTED')
  return true
}

/** What a strategy's first requests show of the session, its cookie and the proxy. */
export const sessionChecks: readonly Check[] = [
  checkPresence,
  checkStore,
  checkCookie,
  checkSavesUninitialized,
  checkResaves,
  checkTouches,
  checkSecret,
  checkProxy,
]
