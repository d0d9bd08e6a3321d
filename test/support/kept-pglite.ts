import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'

/**
 * Making a PGlite's files takes it seven times as long as opening them, so they are made once and kept, for this
 * version of it, with the other things that `npm ci` clears away.
 */
const folder = fileURLToPath(new URL('../../node_modules/.cache/passport-ephemeral/', import.meta.url))

/** An empty PostgreSQL in this process. */
export async function openKept(): Promise<PGlite> {
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
