import { RedisStore } from 'connect-redis'
import type { RequestHandler } from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { Outage } from './outages.js'

export type Redis = ReturnType<typeof openRedis>

/** Reconnects without limit; during an outage a command fails immediately. */
export function openRedis(url: string) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 2000,
      reconnectStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1000),
    },
    commandOptions: { timeout: 3000 },
  })
  client.on('error', (error: Error) => {
    console.error(`Redis: ${error.message}`)
  })
  client.connect().catch(() => undefined) // reported by the error listener, and retried
  return client
}

const TWO_WEEKS = 14 * 24 * 60 * 60 * 1000 // milliseconds, the guest's `maxAge`

/** Sessions in Redis. During an outage, a request that needs a session is refused immediately. */
export function sessions(client: Redis, secret: string): RequestHandler[] {
  const store = new RedisStore({
    client,
    prefix: 'fleet:',
    // The cookie's lifetime begins at the login, so prolonging the session at every request has no use. Meanwhile
    // express-session would delay the end of a response that nginx has begun to pass on.
    disableTouch: true,
  })
  const handler = session({
    name: 'fleet',
    store,
    secret,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: TWO_WEEKS },
  })
  client.on('ready', () => store.emit('connect'))
  client.on('reconnecting', () => store.emit('disconnect'))
  if (!client.isReady) store.emit('disconnect')
  return [handler, requireSession]
}

/** express-session continues without a session while its store is disconnected: every request would be anonymous. */
const requireSession: RequestHandler = (req, _res, next) => {
  next((req.session as unknown) === undefined ? new Outage('Redis') : undefined)
}
