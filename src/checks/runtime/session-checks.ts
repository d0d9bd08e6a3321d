import { createHmac } from 'node:crypto'
import { parse } from 'cookie'
import type { Request } from 'express'
import { currentSessionId, presentedSessionIds, type HostSession } from '../../http/session.js'
import { MAKE_A_SECRET } from '../secrets.js'
import { checkCookie } from './cookie-checks.js'
import { checkProxy } from './proxy-check.js'
import type { Check } from './request-checks.js'

/** What express-session and cookie-session put on a request. */
interface SessionRequest {
  readonly session?: HostSession | null
  readonly sessionStore?: {
    readonly touch?: unknown
    readonly sessions?: unknown
    readonly get: (id: string, done: (error?: unknown, stored?: HostSession | null) => void) => unknown
  }
}

const checkPresence: Check = ({ req, caller, report }) => {
  const { session } = req as unknown as SessionRequest
  if (typeof session !== 'object' || session === null) {
    report(
      'SESSION_MISSING',
      `${caller} met a request without a session.`,
      'Put app.use(session({ … })) of express-session before all of Passport.',
    )
  } else if (typeof session.regenerate !== 'function') {
    report(
      'SESSION_NOT_RENEWABLE',
      'The session has no regenerate(), as that of cookie-session: without a new session id no link is redeemed, and no guest is created.',
      'Use express-session with a store on the server.',
    )
  }
  return true
}

const checkStore: Check = ({ req, report }) => {
  const { sessionStore } = req as unknown as SessionRequest
  // Other packages call theirs MemoryStore too.
  if (sessionStore?.constructor.name === 'MemoryStore' && typeof sessionStore.sessions === 'object') {
    report(
      'MEMORY_STORE',
      "Sessions are kept in express-session's MemoryStore: a restart logs all users out, guests for good, and it grows without end.",
      'Give session({ store }) a store on the server: connect-session-sequelize, connect-redis, connect-pg-simple.',
    )
  }
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
    report(
      'SAVE_UNINITIALIZED',
      'saveUninitialized is true: every crawler, and every request without a cookie, leaves a row in the store.',
      'session({ saveUninitialized: false })',
    )
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
        if (stored && dataOf(stored) === dataOf(session)) {
          report(
            'RESAVE',
            'resave is true: every request writes its session, and of two requests at once the later one undoes what the other stored.',
            'session({ resave: false }); the store has touch(), so sessions in use do not expire.',
          )
        }
        Reflect.apply(save, session, [done])
      })
    },
  })
  return true
}

function dataOf(session: HostSession): string {
  return JSON.stringify({ ...session, cookie: undefined })
}

/** Secrets of tutorials: an attacker tries these first. */
const COMMON_SECRETS = [
  ...'keyboard cat,keyboard,cat,secret,Secret,SECRET,mysecret,my secret,my-secret,your secret'.split(','),
  ...'your-secret,your_secret,your-secret-key,your_secret_key,your secret key,secretkey,secret-key'.split(
    ',',
  ),
  ...'secret key,supersecret,super secret,super-secret,s3cr3t,s3Cur3,session secret,session-secret'.split(
    ',',
  ),
  ...'session_secret,some secret,somesecret,thisismysecret,changeme,change me,change-me,changeit'.split(','),
  ...'password,dev,development,test,123456'.split(','),
]

/** The signature of the session's cookie shows a common secret. */
const checkSecret: Check = ({ req, report }) => {
  const id = currentSessionId(req)
  const signature = id === undefined ? undefined : signatureOf(req, id)
  if (id === undefined || signature === undefined) return false
  if (COMMON_SECRETS.some((secret) => sign(secret, id) === signature)) {
    report(
      'WEAK_SESSION_SECRET',
      'The secret that signs cookies is one of a tutorial: with it, an attacker signs session ids.',
      `${MAKE_A_SECRET}, and put it first in an array, so that sessions go on: secret: [new, old].`,
    )
  }
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

/** What a strategy's first requests show of the session, its cookie and the proxy. */
export const sessionChecks: readonly Check[] = [
  checkPresence,
  checkStore,
  checkCookie,
  checkSavesUninitialized,
  checkResaves,
  checkSecret,
  checkProxy,
]
