import { after } from 'node:test'
import type { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { openKept } from './kept-pglite.js'

/** Closed databases, to be emptied and used again. Each has one session. */
const idle: PGlite[] = []

/** Set when the file's tests are isFinished. Its own `after` hooks, which close its databases, run after this one. */
let isFinished = false

after(async () => {
  isFinished = true
  await Promise.all(idle.map((lite) => lite.close()))
})

/** An empty PostgreSQL in this process. */
export async function borrowEmbedded(): Promise<PGlite> {
  const lite = idle.pop() ?? (await openKept())
  // Another schema's indexes would keep `sync()` from making those of the same names.
  const { rows } = await lite.query<{ name: string }>(
    "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
  )
  for (const { name } of rows) await lite.exec(`DROP SCHEMA "${name}" CASCADE`)
  await lite.exec('CREATE SCHEMA public')
  return lite
}

export async function returnEmbedded(lite: PGlite): Promise<void> {
  if (isFinished) await lite.close()
  else idle.push(lite)
}

/** A node-postgres client of the embedded database. */
export function embeddedClient(lite: PGlite): typeof pg.Client {
  return class EmbeddedClient extends pg.Client {
    constructor() {
      super(createPgConfig(lite))
    }
  }
}

/** All clients of an embedded database share its single session, and so its prepared statements: removes them. */
export async function forgetStatements(client: unknown): Promise<void> {
  await (client as pg.Client).query('DEALLOCATE ALL')
}
