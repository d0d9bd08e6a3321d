import { execFile } from 'node:child_process'
import { chown, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { findProgram } from './find-program.js'
import { Part } from './part.js'

const run = promisify(execFile)

export interface PostgresqlOptions {
  readonly folder: string
  readonly port: number
  readonly password: string
  readonly log: (line: string) => void
}

/** The fleet's own PostgreSQL: a cluster in a folder, on a loopback port, with a password. */
export async function postgresql(options: PostgresqlOptions): Promise<{ part: Part; url: string }> {
  const { folder, port, password, log } = options
  const user = process.getuid?.() === 0 ? await postgresUser() : undefined
  const cluster = join(folder, 'postgresql')
  await createCluster(cluster, { ...options, user })
  const url = `postgres://fleet:${password}@127.0.0.1:${port}/postgres`
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    log_min_messages: 'fatal',
    log_line_prefix: '',
  }
  const part = new Part({
    name: 'postgresql',
    command: await findProgram('postgres'),
    args: ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    ...(user && { user }),
    stopSignal: 'SIGINT', // "fast": disconnects all clients
    answers: () => ask(url),
    log,
  })
  return { part, url }
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root. */
async function postgresUser(): Promise<User> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number((await run('id', [which, 'postgres'])).stdout)),
  ).catch(() => [])
  if (uid === undefined || gid === undefined) {
    throw new Error(
      'Started by root, this example needs a user postgres. On Debian: apt-get install postgresql',
    )
  }
  return { uid, gid }
}

async function createCluster(
  cluster: string,
  { folder, password, user }: PostgresqlOptions & { user: User | undefined },
): Promise<void> {
  if (await stat(join(cluster, 'PG_VERSION')).catch(() => undefined)) return
  const initdb = await findProgram('initdb')
  await mkdir(cluster, { recursive: true, mode: 0o700 })
  const secret = join(folder, 'initdb-password')
  await writeFile(secret, password, { mode: 0o600 })
  if (user) for (const path of [cluster, secret]) await chown(path, user.uid, user.gid)
  const how = [
    '--username=fleet',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]
  await run(initdb, ['-D', cluster, `--pwfile=${secret}`, ...how], { cwd: '/', ...user })
  await rm(secret)
}

async function ask(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
  client.on('error', () => undefined) // the server may stop meanwhile
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end()
  }
}
