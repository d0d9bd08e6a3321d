import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** The demo in its own process, as users start it. */
export interface Demo {
  /** The address it listens on; the port changes after a restart. */
  readonly address: string
  /** The lines that it has written to stderr. */
  readonly reportedErrors: () => string[]
  /** Stops it by SIGTERM and starts it again on the same data. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The demo's folder in `examples/`. */
export type Example = 'references' | 'todo'

/** Environment variables for the demo; `undefined` removes one. */
export type DemoSettings = Partial<
  Record<'MAIL_FROM' | 'NODE_ENV' | 'SMTP_URL' | 'VISITOR_SECRET', string | undefined>
>

/** Runs a test with the demo on an empty data folder. */
export async function withDemo(
  example: Example,
  settings: DemoSettings,
  test: (demo: Demo) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `${example}-`))
  try {
    const demo = await startDemo(example, folder, settings)
    try {
      await test(demo)
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
  const reportedErrors: string[] = []
  let running = await start(example, env, reportedErrors).catch(async (error: unknown) => {
    await database?.drop()
    throw error
  })
  return {
    get address() {
      return running.address
    },
    reportedErrors: () => reportedErrors,
    restart: async () => {
      await stop(running.child)
      running = await start(example, env, reportedErrors)
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
  reportedErrors: string[],
): Promise<{ child: ChildProcess; address: string }> {
  const server = join(import.meta.dirname, '..', '..', 'examples', example, 'server.ts')
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), server], { env })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    reportedErrors.push(...chunk.split('\n').filter((line) => line !== ''))
  })
  const address = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      const found = /listens on (\S+)\n/.exec(printed)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => {
      reject(new Error(`The demo ended with ${String(code)}:\n${reportedErrors.join('\n')}`))
    })
  })
  return { child, address }
}

/** The process must end after SIGTERM: a demo that hangs is a failure. */
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

/** Includes secrets: on a server the demo stores none, and the test restarts it. */
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
