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
  /** Where everything is kept: data, configuration, secrets. */
  readonly folder: string
  /** nginx's; 0 picks a free one. The others are picked in any case. */
  readonly port: number
  /** What web processes and workers are told besides where everything is; see settings.ts. */
  readonly env?: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

/** Everything that runs. */
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

/** Starts PostgreSQL and Redis, makes the tables, then starts what relies on them. If one part does not start, all are stopped. */
export async function startFleet({ folder, port, env = {}, log }: FleetOptions): Promise<Fleet> {
  await chmod(folder, 0o711) // PostgreSQL and nginx do not run as root, and have folders of their own in it
  const started: Part[] = []
  const start = async (...parts: Part[]): Promise<void> => {
    started.unshift(...parts)
    await Promise.all(parts.map((part) => part.start()))
  }
  /** In reverse: first nobody is let in any more, and what holds the data goes last. */
  const stop = async (): Promise<void> => {
    for (const part of started) await part.stop()
  }
  try {
    const common = { folder, log, password: await keptSecret(folder, 'password') }
    const database = await postgresql({ ...common, port: await freePort() })
    const store = await redis({ ...common, port: await freePort() })
    await start(database.part, store.part)

    const publicPort = port === 0 ? await freePort() : port
    const origin = `http://127.0.0.1:${publicPort}`
    const told = {
      ...env,
      DATABASE_URL: database.url,
      REDIS_URL: store.url,
      PUBLIC_URL: origin,
      SESSION_SECRET: await keptSecret(folder, 'session-secret'),
      VISITOR_SECRET: await keptSecret(folder, 'visitor-secret'),
    }
    await createTables(database.url, told.VISITOR_SECRET)

    const ports = await Promise.all(Array.from({ length: WEBS }, freePort))
    const webs = ports.map((own, index) =>
      script(`web-${index + 1}`, 'web.ts', { ...told, PORT: String(own) }, log, async () => {
        const { ok } = await fetch(`http://127.0.0.1:${own}/health`)
        if (!ok) throw new Error('not yet')
      }),
    )
    const workers = Array.from({ length: WORKERS }, (_, index) =>
      script(`worker-${index + 1}`, 'worker.ts', told, log, () => Promise.resolve()),
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

/** Once, before there are several who would. A demo's tables; an application of yours has migrations. */
async function createTables(databaseUrl: string, visitorSecret: string): Promise<void> {
  const sequelize = openDatabase(databaseUrl, 'tables', 60)
  try {
    defineModels(sequelize, { visitorSecret, guestMaxAge: 1 })
    await sequelize.sync()
  } finally {
    await sequelize.close()
  }
}

/** Made up once, and found again where the folder is kept. */
async function keptSecret(folder: string, name: string): Promise<string> {
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
