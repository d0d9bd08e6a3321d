import { randomBytes } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from './database.js'
import { defineModels } from './models.js'
import { freePort } from './parts/free-port.js'
import { nginx } from './parts/nginx.js'
import { Part } from './parts/part.js'
import { postgresql } from './parts/postgresql.js'
import { redis } from './parts/redis.js'

export interface FleetOptions {
  /** The folder of data, configuration and secrets. */
  readonly folder: string
  /** The port of nginx; 0: a free one. Other ports are always free ones. */
  readonly port: number
  /** Further settings of web processes and workers; see settings.ts. */
  readonly env?: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

/** The running processes. */
export interface Fleet {
  readonly origin: string
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly postgresql: Part
  readonly redis: Part
  readonly nginx: Part
  readonly webs: readonly Part[]
  readonly workers: readonly Part[]
  readonly stop: () => Promise<void>
}

const WEBS = 3
const WORKERS = 2

/**
 * Starts PostgreSQL and Redis, creates the tables, then starts the other parts. If one part does not start, all are
 * stopped.
 */
export async function startFleet({ folder, port, env = {}, log }: FleetOptions): Promise<Fleet> {
  await chmod(folder, 0o711) // PostgreSQL and nginx do not run as root, and have their own folders in it
  const started: Part[] = []
  const start = async (...parts: Part[]): Promise<void> => {
    started.unshift(...parts)
    await Promise.all(parts.map((part) => part.start()))
  }
  /** In reverse order: nginx first, the databases last. */
  const stop = async (): Promise<void> => {
    for (const part of started) await part.stop()
  }
  try {
    const common = { folder, log, password: await storedSecret(folder, 'password') }
    const database = await postgresql({ ...common, port: await freePort() })
    const store = await redis({ ...common, port: await freePort() })
    await start(database.part, store.part)

    const publicPort = port === 0 ? await freePort() : port
    const origin = `http://127.0.0.1:${publicPort}`
    const settings = {
      ...env,
      DATABASE_URL: database.url,
      REDIS_URL: store.url,
      PUBLIC_URL: origin,
      SESSION_SECRET: await storedSecret(folder, 'session-secret'),
      VISITOR_SECRET: await storedSecret(folder, 'visitor-secret'),
    }
    await createTables(database.url, settings.VISITOR_SECRET)

    const ports = await Promise.all(Array.from({ length: WEBS }, freePort))
    const webs = ports.map((own, index) =>
      script(`web-${index + 1}`, 'web.ts', { ...settings, PORT: String(own) }, log, async () => {
        const { ok } = await fetch(`http://127.0.0.1:${own}/health`)
        if (!ok) throw new Error('not yet')
      }),
    )
    const workers = Array.from({ length: WORKERS }, (_, index) =>
      script(`worker-${index + 1}`, 'worker.ts', settings, log, () => Promise.resolve()),
    )
    await start(...workers)
    await start(...webs)
    const proxy = await nginx({ folder, log, port: publicPort, webs: ports })
    await start(proxy)
    return {
      origin,
      databaseUrl: database.url,
      redisUrl: store.url,
      postgresql: database.part,
      redis: store.part,
      nginx: proxy,
      webs,
      workers,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function script(
  name: string,
  file: string,
  env: Readonly<Record<string, string>>,
  log: (line: string) => void,
  answers: () => Promise<unknown>,
): Part {
  return new Part({
    name,
    command: process.execPath,
    args: ['--import', 'tsx', join(import.meta.dirname, file)],
    env: { ...env, NAME: name },
    answers,
    log,
  })
}

/** Once, before the processes start. Enough for a demo; use migrations in your application. */
async function createTables(databaseUrl: string, visitorSecret: string): Promise<void> {
  const sequelize = openDatabase(databaseUrl, 'tables', 60)
  try {
    defineModels(sequelize, { visitorSecret, guestMaxAge: 1 })
    await sequelize.sync()
  } finally {
    await sequelize.close()
  }
}

/** A random secret, stored in the folder for the next start. */
async function storedSecret(folder: string, name: string): Promise<string> {
  const file = join(folder, name)
  try {
    const secret = randomBytes(32).toString('base64url')
    await writeFile(file, secret, { flag: 'wx', mode: 0o600 })
    return secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return await readFile(file, 'utf8')
  }
}
