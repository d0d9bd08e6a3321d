import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'redis'
import { findProgram } from './find-program.js'
import { Part } from './part.js'

export interface RedisOptions {
  readonly folder: string
  readonly port: number
  readonly password: string
  readonly log: (line: string) => void
}

/** The fleet's own Redis. It writes each change to disk before it replies, so no session is lost. */
export async function redis({
  folder,
  port,
  password,
  log,
}: RedisOptions): Promise<{ part: Part; url: string }> {
  const data = join(folder, 'redis')
  await mkdir(data, { recursive: true, mode: 0o700 })
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${data}"`,
    `requirepass ${password}`,
    'daemonize no',
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'loglevel warning',
    'maxmemory-policy noeviction', // a session is no cache
  ]
  const file = join(data, 'redis.conf')
  await writeFile(file, settings.join('\n') + '\n', { mode: 0o600 })
  const url = `redis://:${password}@127.0.0.1:${port}`
  const part = new Part({
    name: 'redis',
    command: await findProgram('redis-server'),
    args: [file],
    answers: () => ask(url),
    log,
  })
  return { part, url }
}

async function ask(url: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 1000 } })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.ping() // refused while it loads its file
  } finally {
    client.destroy()
  }
}
