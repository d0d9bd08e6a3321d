import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'

/**
 * Making a PGlite's files takes it seven times as long as opening them, so they are made once and kept, for this
 * version of it, with the other things that `npm ci` clears away.
 */
const folder = fileURLToPath(new URL('../../node_modules/.cache/passport-ephemeral/', import.meta.url))

/** One that was closed is handed out again, emptied. Each has one session. */
const idle: PGlite[] = []

/** Set when the file's tests are over. Its own `after` hooks, which close its databases, run after this one. */
let over = false

after(async () => {
  over = true
  await Promise.all(idle.map((lite) => lite.close()))
})

/** An empty PostgreSQL in this process. */
export async function borrowEmbedded(): Promise<PGlite> {
  const lite = idle.pop() ?? (await openKept())
  await lite.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  return lite
}

export async function returnEmbedded(lite: PGlite): Promise<void> {
  if (over) await lite.close()
  else idle.push(lite)
}

async function openKept(): Promise<PGlite> {
  const file = `${folder}pglite-${await versionOfPglite()}.tar`
  if (existsSync(file)) return await PGlite.create({ loadDataDir: new Blob([await readFile(file)]) })
  const lite = await PGlite.create()
  const dump = Buffer.from(await (await lite.dumpDataDir('none')).arrayBuffer())
  await mkdir(folder, { recursive: true })
  // Test files run side by side: each writes its own, and the last one to finish is as good as the first.
  const own = `${file}.${process.pid}`
  await writeFile(own, dump)
  await rename(own, file)
  return lite
}

async function versionOfPglite(): Promise<string> {
  const manifest = await readFile(
    new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url),
    'utf8',
  )
  return (JSON.parse(manifest) as { version: string }).version
}

/** A node-postgres client of the embedded database. */
export function embeddedClient(lite: PGlite): typeof pg.Client {
  return class EmbeddedClient extends pg.Client {
    constructor() {
      super(createPgConfig(lite))
    }
  }
}

/** All clients of an embedded database share its one session, and so its prepared statements: start afresh. */
export async function forgetStatements(client: unknown): Promise<void> {
  await (client as pg.Client).query('DEALLOCATE ALL')
}
