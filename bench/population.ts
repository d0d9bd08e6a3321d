import pg from 'pg'
import { addressOf, dropDatabase, newDatabaseName, onServer } from './on-server.js'
import { openModels } from './servers/models.js'

/** A template database with guests, from which copies are created in seconds. */
export interface Population {
  readonly guests: number
  readonly url: string
  /** Creates a copy, passes its address to `work`, and drops it. */
  readonly withCopy: <T>(work: (url: string) => Promise<T>) => Promise<T>
  readonly drop: () => Promise<void>
}

/** The age and the rows of the guests. */
export interface PopulationOptions {
  /** The age of the youngest guest, in days. */
  readonly daysAgo: number
  /** The application's rows for each guest, deleted by a cascade. */
  readonly children: number
}

/** Creates guests of evenly distributed ages over twelve days, and one pass for every ten guests. */
export async function populate(guests: number, options: PopulationOptions): Promise<Population> {
  const template = newDatabaseName()
  await onServer((admin) => admin.query(`CREATE DATABASE ${template}`))
  const drop = (): Promise<void> => dropDatabase(template)
  try {
    await fill(addressOf(template), guests, options)
  } catch (error) {
    await drop()
    throw error
  }
  return {
    guests,
    url: addressOf(template),
    async withCopy(work) {
      const name = newDatabaseName()
      await onServer(async (admin) => {
        await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`)
        await admin.query('CHECKPOINT') // so that the next measurement does not include it
      })
      try {
        return await work(addressOf(name))
      } finally {
        await dropDatabase(name)
      }
    },
    drop,
  }
}

/** Creates the package's tables and one of the application. */
async function fill(url: string, guests: number, { daysAgo, children }: PopulationOptions): Promise<void> {
  const { sequelize } = openModels(url)
  try {
    await sequelize.sync()
    const sql = (statement: string): Promise<unknown> => sequelize.query(statement)
    await sql(
      'CREATE TABLE todos (id serial PRIMARY KEY, title text NOT NULL, "userId" int NOT NULL REFERENCES "Users" ON DELETE CASCADE)',
    )
    await sql(`INSERT INTO "Users" (username, "createdAt", "updatedAt")
      SELECT gen_random_uuid(), now(), now() FROM generate_series(1, ${String(guests)})`)
    await sql(`INSERT INTO "Guests" ("userId", "createdAt", "lastSeenAt", "sessionHash")
      SELECT id, at, at, encode(sha256(id::text::bytea), 'hex') FROM (
        SELECT id, now() - interval '${String(daysAgo)} days' - (${String(guests)} - id) * interval '12 days' / ${String(guests)} AS at FROM "Users"
      ) AS made`)
    await sql(
      `INSERT INTO todos (title, "userId") SELECT 'buy milk', id FROM "Users", generate_series(1, ${String(children)})`,
    )
    await sql(`INSERT INTO "Visitors" (uuid, email, scope, "createdAt", "updatedAt", "expiresAt")
      SELECT gen_random_uuid(), 'someone@example.com', 'OTHER', now(), now(), now() + interval '3 days'
      FROM generate_series(1, ${String(Math.ceil(guests / 10))})`)
    await sql('CREATE INDEX ON todos ("userId")')
    await sql('VACUUM ANALYZE')
  } finally {
    await sequelize.close()
  }
}

/** Runs one statement on a new connection. */
export async function run(url: string, sql: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
