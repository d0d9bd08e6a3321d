import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { QueryTypes, Sequelize } from 'sequelize'
import { BROWSER, SECRET } from '../../support/application.js'
import { dialect, isEmbedded, openDatabase } from '../../support/database.js'

/** Where a process of its own keeps its visits, and how to count them once it has ended. */
interface Place {
  readonly env: Readonly<Record<string, string>>
  readonly count: () => Promise<number>
  readonly remove: () => Promise<void>
}

async function makePlace(): Promise<Place> {
  if (!isEmbedded && dialect !== 'sqlite') {
    const { sequelize, close } = await openDatabase()
    const url = new URL(process.env['DATABASE_URL'] ?? '')
    url.pathname = `/${sequelize.getDatabaseName()}`
    return { env: { WORKER_DATABASE_URL: url.href }, count: () => countIn(sequelize), remove: close }
  }
  const folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  if (dialect === 'sqlite') {
    const url = `sqlite:${join(folder, 'visits.sqlite')}`
    const count = async (): Promise<number> => {
      const sequelize = new Sequelize(url, { logging: false })
      return await countIn(sequelize).finally(() => sequelize.close())
    }
    return { env: { WORKER_DATABASE_URL: url }, count, remove }
  }
  const count = async (): Promise<number> => {
    const lite = await PGlite.create(folder)
    const { rows } = await lite.query<{ n: number }>('SELECT COUNT(*) AS n FROM "VisitorLogs"')
    await lite.close()
    return Number(rows[0]?.n)
  }
  return { env: { WORKER_FOLDER: folder }, count, remove }
}

async function countIn(sequelize: Sequelize): Promise<number> {
  const table = dialect === 'postgres' ? '"VisitorLogs"' : 'VisitorLogs'
  const [row] = await sequelize.query<{ n: number | string }>(`SELECT COUNT(*) AS n FROM ${table}`, {
    type: QueryTypes.SELECT,
  })
  return Number(row?.n)
}

it('a process that receives SIGTERM writes the visits that it has recorded', async () => {
  const place = await makePlace()
  const worker = fork(fileURLToPath(new URL('shutdown-server.ts', import.meta.url)), {
    env: { ...process.env, ...place.env, WORKER_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  try {
    assert.ok(worker.stdout)
    const [line] = (await once(worker.stdout, 'data')) as [Buffer]
    const { link } = JSON.parse(line.toString()) as { link: string }
    const redeemed = await fetch(link, { headers: { 'user-agent': BROWSER }, redirect: 'manual' })
    const cookie = redeemed.headers.get('set-cookie')?.split(';')[0] ?? ''
    const page = new URL('/page', link)
    for (let i = 0; i < 3; i++) {
      const response = await fetch(page, { headers: { cookie, connection: 'close' } })
      assert.equal(response.status, 200)
      await response.text()
    }
    // One process at a time can have an embedded database.
    if (!isEmbedded) assert.equal(await place.count(), 0)
    const exited = once(worker, 'exit')
    worker.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    assert.equal(await place.count(), 3)
  } finally {
    worker.kill('SIGKILL')
    await place.remove()
  }
})
