import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import express, { type Application, type Request, type RequestHandler, type Response } from 'express'
import pg from 'pg'
import { createClient } from 'redis'
import { NOT_FOUND, POOL_SIZE, REDIS_URL, ROUTES, SECRET, type Setting } from './settings.js'

/** What this file uses of better-auth, whose types are not installed here. */
interface BetterAuth {
  readonly betterAuth: (options: object) => {
    readonly api: {
      readonly signInAnonymous: (request: {
        headers: Headers
        returnHeaders: true
      }) => Promise<{ headers: Headers; response: { user: { name: string } } | null }>
      readonly getSession: (request: { headers: Headers }) => Promise<{ user: { name: string } } | null>
    }
  }
}

/**
 * better-auth's `anonymous` plugin: user and session in PostgreSQL, or the session in its secondary storage. Its server API
 * is called in the pages, which costs less than its HTTP handler. Its cookie cache is off, as by default: with it a page
 * would believe a signed cookie for five minutes, whatever the database holds.
 */
export async function betterAuthApplication({
  databaseUrl,
  store,
  betterAuth: folder,
}: Setting): Promise<Application> {
  const require = createRequire(folder)
  const load = (name: string): Promise<unknown> => import(pathToFileURL(require.resolve(name)).href)
  const { betterAuth } = (await load('better-auth')) as BetterAuth
  const { anonymous } = (await load('better-auth/plugins/anonymous')) as { anonymous: () => object }
  const { getMigrations } = (await load('better-auth/db/migration')) as {
    getMigrations: (options: object) => Promise<{ runMigrations: () => Promise<void> }>
  }
  const { fromNodeHeaders } = (await load('better-auth/node')) as {
    fromNodeHeaders: (headers: Request['headers']) => Headers
  }
  const options = {
    secret: SECRET,
    baseURL: 'http://127.0.0.1',
    database: new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE }),
    plugins: [anonymous()],
    rateLimit: { enabled: false },
    logger: { disabled: true },
    ...(store !== 'pg' && { secondaryStorage: await secondaryStorage(store) }),
  }
  await (await getMigrations(options)).runMigrations()
  const { api } = betterAuth(options)

  const app = express()
  app.get(
    ROUTES.newGuest,
    page(async (req, res) => {
      const { headers, response } = await api.signInAnonymous({
        headers: fromNodeHeaders(req.headers),
        returnHeaders: true,
      })
      res.append('Set-Cookie', headers.getSetCookie())
      return response?.user.name
    }),
  )
  app.get(
    ROUTES.guestPage,
    page(async (req) => (await api.getSession({ headers: fromNodeHeaders(req.headers) }))?.user.name),
  )
  return app
}

function page(username: (req: Request, res: Response) => Promise<string | undefined>): RequestHandler {
  return (req, res, next) => {
    username(req, res).then((name = NOT_FOUND) => res.json({ username: name }), next)
  }
}

/** What better-auth uses of a store of sessions outside the database. In Redis its keys end as those of the others do. */
async function secondaryStorage(store: 'memory' | 'redis'): Promise<object> {
  if (store === 'memory') {
    const values = new Map<string, string>()
    return {
      get: (key: string) => values.get(key) ?? null,
      set: (key: string, value: string) => void values.set(key, value),
      delete: (key: string) => void values.delete(key),
    }
  }
  const client = createClient({ url: REDIS_URL })
  await client.connect()
  const prefixed = (key: string): string => `bench:better-auth:${key}`
  return {
    get: (key: string) => client.get(prefixed(key)),
    set: (key: string, value: string, ttl?: number) =>
      client.set(prefixed(key), value, { expiration: { type: 'EX', value: Math.min(ttl ?? 600, 600) } }),
    delete: (key: string) => client.del(prefixed(key)),
  }
}
