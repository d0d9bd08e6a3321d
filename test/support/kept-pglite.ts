import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'

/**
 * Creating a PGlite's files takes seven times as long as opening them, so they are created once for each version and
 * stored in `node_modules`, which `npm ci` deletes.
 */
const folder = fileURLToPath(new URL('../../node_modules/.cache/passport-ephemeral/', import.meta.url))

/** An empty PostgreSQL in this process. */
export async function openKept(): Promise<PGlite> {
  const file = `${folder}pglite-${await versionOfPglite()}.tar`
  if (existsSync(file)) return await PGlite.create({ loadDataDir: new Blob([await readFile(file)]) })
  const lite = await PGlite.create()
  const dump = Buffer.from(await (await lite.dumpDataDir('none')).arrayBuffer())
  await mkdir(folder, { recursive: true })
  // Test files run in parallel: each writes its own file, and the last rename wins.
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
