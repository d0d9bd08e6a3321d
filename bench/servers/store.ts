import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import pg from 'pg'
import { createClient } from 'redis'
import { throttleTouch } from 'passport-ephemeral'
import { POOL_SIZE, REDIS_URL, type Setting } from './settings.js'

/** Opens the session store of a contender, with its own connections; `undefined` for the process's memory. */
export async function openStore(setting: Setting): Promise<session.Store | undefined> {
  const store = await openPlainStore(setting)
  return store && setting.isThrottled ? throttleTouch(store) : store
}

async function openPlainStore({ store, databaseUrl }: Setting): Promise<session.Store | undefined> {
  switch (store) {
    case 'memory':
      return undefined
    case 'pg': {
      const PgStore = connectPgSimple(session)
      const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE })
      return new PgStore({ pool, tableName: SESSION_TABLE, pruneSessionInterval: false })
    }
    case 'redis': {
      const client = createClient({ url: REDIS_URL })
      await client.connect()
      return new RedisStore({ client, prefix: `bench:${String(process.pid)}:`, ttl: 600 })
    }
  }
}

/** Statements that name this table are the store's and are not counted. */
export const SESSION_TABLE = 'bench_sessions'

/** The table of connect-pg-simple. */
export const CREATE_SESSION_TABLE = `CREATE TABLE ${SESSION_TABLE} (
  sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL);
  CREATE INDEX ON ${SESSION_TABLE} (expire)`
