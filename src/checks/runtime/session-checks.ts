import { createHmac } from 'node:crypto'
import { parse } from 'cookie'
import type { Request } from 'express'
import { currentSessionId, presentedSessionIds, type HostSession } from '../../http/session.js'
import { MAKE_A_SECRET, WEAKNESSES, weaknessOf } from '../secrets.js'
import { checkCookie } from './cookie-checks.js'
import { checkProxy } from './proxy-check.js'
import type { Check } from './request-checks.js'

/** What express-session and cookie-parser put on a request. */
interface SessionRequest {
  readonly session?: HostSession | null
  readonly sessionStore?: SessionStore
  readonly secret?: unknown
}

interface SessionStore {
  readonly touch?: unknown
  readonly sessions?: unknown
  readonly get?: (id: string, done: (error?: unknown, stored?: HostSession | null) => void) => unknown
}

const checkPresence: Check = ({ req, caller, report }) => {
  const { session } = req as unknown as SessionRequest
  if (typeof session !== 'object' || session === null) {
    report(
      'SESSION_MISSING',
      'error',
      `${caller} met a request without a session.`,
      'Put app.use(session({ … })) of express-session before all of Passport.',
    )
  } else if (typeof session.regenerate !== 'function') {
    report(
      'SESSION_NOT_RENEWABLE',
      'error',
      'The session has no regenerate(), as that of cookie-session: without a new session id no link is redeemed, and no guest is created.',
      'Use express-session with a store on the server.',
    )
  }
  return undefined
}

const checkStore: Check = ({ req, isProduction, report }) => {
  const { sessionStore } = req as unknown as SessionRequest
  // Other packages call theirs MemoryStore too.
  const isMemory =
    sessionStore?.constructor.name === 'MemoryStore' && typeof sessionStore.sessions === 'object'
  if (isMemory) {
    report(
      'MEMORY_STORE',
      isProduction ? 'error' : 'note',
      "Sessions are kept in express-session's MemoryStore: a restart logs all users out, guests for good, and it grows without end.",
      'Give session({ store }) a store on the server: connect-session-sequelize, connect-redis, connect-pg-simple.',
    )
  }
  return undefined
}

/** A cookie for a session that is new and empty is what `saveUninitialized: true` sends. */
const checkSavesUninitialized: Check = ({ req, isProduction, report }) => {
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
      isProduction ? 'warning' : 'note',
      'saveUninitialized is true: every crawler, and every request without a cookie, leaves a row in the store.',
      'session({ saveUninitialized: false })',
    )
  })
  return undefined
}

/** A session that is saved as it was read is what `resave: true` does; a store with `touch` needs no such write. */
const checkResaves: Check = ({ req, isProduction, report }) => {
  const { session, sessionStore } = req as unknown as SessionRequest
  const id = currentSessionId(req)
  if (!session?.save || typeof sessionStore?.touch !== 'function' || !sessionStore.get) return false
  if (id === undefined || !presentedSessionIds(req).includes(id)) return false
  const { save } = session
  const { get } = sessionStore
  const before = dataOf(session)
  Object.defineProperty(session, 'save', {
    configurable: true,
    enumerable: false, // stores serialize what is enumerable
    writable: true,
    value(done?: (error?: unknown) => void) {
      const write = (): unknown => Reflect.apply(save, session, [done])
      if (dataOf(session) !== before) return write()
      // A middleware before this one may have changed it: the store has what was read.
      return get.call(sessionStore, id, (_error, stored) => {
        if (stored && dataOf(stored) === before) {
          report(
            'RESAVE',
            isProduction ? 'warning' : 'note',
            'resave is true: every request writes its session, and of two requests at once the later one undoes what the other stored.',
            'session({ resave: false }); the store has touch(), so sessions in use do not expire.',
          )
        }
        write()
      })
    },
  })
  return undefined
}

function dataOf(session: HostSession): string {
  return JSON.stringify({ ...session, cookie: undefined })
}

/** Secrets of tutorials: an attacker tries these first. */
const COMMON_SECRETS = [
  ...['keyboard cat', 'keyboard', 'cat', 'secret', 'Secret', 'SECRET', 'mysecret', 'my secret', 'my-secret'],
  ...['your secret', 'your-secret', 'your_secret', 'your-secret-key', 'your_secret_key', 'your secret key'],
  ...[
    'secretkey',
    'secret-key',
    'secret key',
    'supersecret',
    'super secret',
    'super-secret',
    's3cr3t',
    's3Cur3',
  ],
  ...['session secret', 'session-secret', 'session_secret', 'some secret', 'somesecret', 'thisismysecret'],
  ...['changeme', 'change me', 'change-me', 'changeit', 'password', 'dev', 'development', 'test', '123456'],
]

/** The secret itself shows only where cookie-parser has it; but a signature of the session cookie shows a common one. */
const checkSecret: Check = ({ req, isProduction, report }) => {
  const { secret } = req as unknown as SessionRequest
  const weakness = typeof secret === 'string' ? weaknessOf(secret) : undefined
  const signature = signatureOf(req)
  const isCommon =
    signature !== undefined && COMMON_SECRETS.some((each) => sign(each, signature.id) === signature.mac)
  if (isCommon || weakness !== undefined) {
    report(
      'WEAK_SESSION_SECRET',
      isProduction ? 'error' : 'note',
      `The secret that signs cookies ${isCommon || weakness === undefined ? 'is one of a tutorial' : WEAKNESSES[weakness]}: with it, an attacker signs session ids.`,
      `${MAKE_A_SECRET}, and put it first in an array, so that sessions go on: secret: [new, old].`,
    )
  }
  return signature !== undefined || typeof secret === 'string'
}

/** The session cookie that express-session has accepted: `s:<id>.<signature>`. */
function signatureOf(req: Request): { readonly id: string; readonly mac: string } | undefined {
  const id = currentSessionId(req)
  if (id === undefined) return undefined
  const start = `s:${id}.`
  const value = Object.values(parse(req.headers.cookie ?? '')).find((each) => each?.startsWith(start))
  return value === undefined ? undefined : { id, mac: value.slice(start.length) }
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
