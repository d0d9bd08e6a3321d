import { randomBytes } from 'node:crypto'
import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import connectSessionSequelize from 'connect-session-sequelize'
import session, { type Store } from 'express-session'
import createMemoryStore from 'memorystore'
import pg from 'pg'
import { createClient } from 'redis'
import { settled } from '../../src/http/session.js'
import { dialect, isEmbedded, openDatabase, type TestDatabase } from './database.js'

/** An empty session store. */
export interface OpenStore {
  readonly store: Store
  /** The same sessions, as another process has them: a second object, where the sessions are outside the process. */
  readonly elsewhere: Store
  readonly close: () => Promise<void>
}

/** A kind of session store: one that this package's users have. */
export interface StoreKind {
  readonly name: string
  /** What it needs and this run of the suite does not have, as `skip` of a test. */
  readonly skip: string | false
  readonly open: () => Promise<OpenStore>
}

const onPostgres = dialect === 'postgres' && !isEmbedded

export const pgSimple: StoreKind = {
  name: 'connect-pg-simple',
  skip: !onPostgres && 'needs DATABASE_URL to name PostgreSQL',
  async open() {
    const database = await openDatabase()
    const pool = new pg.Pool({ connectionString: urlOf(database), max: 4 })
    const PgStore = connectPgSimple(session)
    const [store, elsewhere] = twice(
      () => new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false }),
    )
    // Before requests come, because each of the two would create the table.
    await settled<unknown>((done) => {
      store.get('none', done)
    })
    return {
      store,
      elsewhere,
      async close() {
        await pool.end()
        await database.close()
      },
    }
  },
}

const redis: StoreKind = {
  name: 'connect-redis',
  skip: process.env['REDIS_URL'] === undefined && 'needs REDIS_URL',
  async open() {
    const client = createClient({ url: process.env['REDIS_URL'] ?? '' })
    await client.connect()
    const prefix = `test:${randomBytes(6).toString('hex')}:`
    const [store, elsewhere] = twice(() => new RedisStore({ client, prefix }))
    return {
      store,
      elsewhere,
      async close() {
        await store.clear()
        await client.close()
      },
    }
  },
}

const sessionSequelize: StoreKind = {
  name: 'connect-session-sequelize',
  skip: false,
  async open() {
    const { sequelize, close } = await openDatabase()
    const SessionStore = connectSessionSequelize(session.Store)
    const [store, elsewhere] = twice(() => new SessionStore({ db: sequelize, checkExpirationInterval: 0 }))
    await sequelize.sync()
    return { store, elsewhere, close }
  },
}

const inMemory: StoreKind = {
  name: 'memorystore',
  skip: false,
  open() {
    const MemoryStore = createMemoryStore(session)
    const store = new MemoryStore({})
    return Promise.resolve({ store, elsewhere: store, close: () => Promise.resolve() })
  },
}

export const storeKinds: readonly StoreKind[] = [pgSimple, redis, sessionSequelize, inMemory]

function twice<T>(make: () => T): [T, T] {
  return [make(), make()]
}

function urlOf({ sequelize }: TestDatabase): string {
  const url = new URL(process.env['DATABASE_URL'] ?? '')
  url.pathname = `/${sequelize.getDatabaseName()}`
  return url.href
}
