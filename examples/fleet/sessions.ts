import { RedisStore } from 'connect-redis'
import type { RequestHandler } from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { Outage } from './outages.js'

export type Redis = ReturnType<typeof openRedis>

/** Reconnects for ever, and makes nobody wait for it: while it is away, a command fails at once. */
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
  client.connect().catch(() => undefined) // told as an error above, and tried again
  return client
}

const TWO_WEEKS = 14 * 24 * 60 * 60 * 1000 // milliseconds, as long as a guest lasts

/** Sessions in Redis. While it is away, a request that needs one is refused at once. */
export function sessions(client: Redis, secret: string): RequestHandler[] {
  const store = new RedisStore({
    client,
    prefix: 'fleet:',
    // The cookie lasts from when somebody logs in, so nothing is gained by prolonging the session at every request; and while that is
    // written, express-session holds back the end of an answer that nginx has begun to pass on.
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

/** express-session goes on without a session while its store is away: everybody would be a stranger. */
const requireSession: RequestHandler = (req, _res, next) => {
  next((req.session as unknown) === undefined ? new Outage('Redis') : undefined)
}
