import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** The demo in a process of its own, as its users start it. */
export interface Demo {
  /** Where it listens; another port after a restart. */
  readonly address: string
  /** What it wrote to stderr so far, by line. */
  readonly complaints: () => string[]
  /** Stops it as a service manager would and starts it again on the same data. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Which of the demos: its folder in `examples/`. */
export type Example = 'references' | 'todo'

/** Settings of the demo's that are not the walk's environment's; `undefined` takes one out. */
export type DemoSettings = Partial<
  Record<'MAIL_FROM' | 'NODE_ENV' | 'SMTP_URL' | 'VISITOR_SECRET', string | undefined>
>

/** Starts the demo on data of its own, for as long as the walk takes. */
export async function withDemo(
  example: Example,
  settings: DemoSettings,
  walkThrough: (demo: Demo) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `${example}-`))
  try {
    const demo = await startDemo(example, folder, settings)
    try {
      await walkThrough(demo)
    } finally {
      await demo.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Starts the demo, its embedded database in `folder`; with `DATABASE_URL`, on a fresh database of that server. */
export async function startDemo(example: Example, folder: string, settings: DemoSettings): Promise<Demo> {
  const database = await freshDatabase(example, process.env['DATABASE_URL'])
  const data = { [`${example.toUpperCase()}_DATA`]: folder }
  const env = { ...process.env, PORT: '0', ...data, ...database?.env, ...settings }
  const complaints: string[] = []
  let running = await start(example, env, complaints).catch(async (error: unknown) => {
    await database?.drop()
    throw error
  })
  return {
    get address() {
      return running.address
    },
    complaints: () => complaints,
    restart: async () => {
      await stop(running.child)
      running = await start(example, env, complaints)
    },
    stop: async () => {
      await stop(running.child)
      await database?.drop()
    },
  }
}

async function start(
  example: Example,
  env: NodeJS.ProcessEnv,
  complaints: string[],
): Promise<{ child: ChildProcess; address: string }> {
  const server = join(import.meta.dirname, '..', '..', 'examples', example, 'server.ts')
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), server], { env })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaints.push(...chunk.split('\n').filter((line) => line !== ''))
  })
  const address = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      const found = /listens on (\S+)\n/.exec(printed)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => {
      reject(new Error(`The demo ended with ${String(code)}:\n${complaints.join('\n')}`))
    })
  })
  return { child, address }
}

/** It must end by itself, having closed its database: a demo that hangs is a failure. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = once(child, 'exit', { signal: AbortSignal.timeout(20_000) })
  child.kill('SIGTERM')
  try {
    const [code] = (await gone) as [number | null]
    if (code !== 0) throw new Error(`The demo ended with ${String(code)}`)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** Secrets come along: on a server the demo keeps none of its own, and the walk restarts it. */
async function freshDatabase(example: Example, url: string | undefined) {
  if (url === undefined) return undefined
  const name = `${example}_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  const secret = () => randomBytes(32).toString('base64url')
  return {
    env: { DATABASE_URL: own.href, SESSION_SECRET: secret(), VISITOR_SECRET: secret() },
    drop: async () => {
      await admin.query(`DROP DATABASE ${name}`)
      await admin.end()
    },
  }
}
