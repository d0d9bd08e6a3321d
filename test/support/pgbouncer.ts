import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.js'

const PGBOUNCER = '/usr/sbin/pgbouncer'

export const hasPgBouncer = existsSync(PGBOUNCER)

/** A pooler of our own, in front of the PostgreSQL that `DATABASE_URL` names. */
export interface PgBouncer {
  readonly url: (database: string) => string
  readonly stop: () => Promise<void>
}

/**
 * Starts PgBouncer in transaction mode on a free port of this host. It keeps no prepared statements.
 *
 * @param poolSize connections to the server, for each database
 */
export async function startPgBouncer({ poolSize }: { readonly poolSize: number }): Promise<PgBouncer> {
  const server = new URL(process.env['DATABASE_URL'] ?? '')
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  await chmod(folder, 0o755) // its user is another than root
  const port = await freePort()
  const settings = join(folder, 'pgbouncer.ini')
  await writeFile(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port || '5432'} user=${server.username}${server.password && ` password=${server.password}`}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(port)}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${String(poolSize)}
max_client_conn = 500
server_login_retry = 1
ignore_startup_parameters = extra_float_digits,client_min_messages
${keepsStatements() ? 'max_prepared_statements = 0\n' : ''}`,
  )
  const child = spawn(PGBOUNCER, [...(process.getuid?.() === 0 ? ['-u', 'postgres'] : []), settings])
  let log = ''
  child.stderr.on('data', (text: Buffer) => (log += text.toString()))
  child.stdout.on('data', (text: Buffer) => (log += text.toString()))
  const started = await eventually(
    () => Promise.resolve(log),
    (said) => said.includes('process up'),
  )
  if (!started.includes('process up')) throw new Error(`PgBouncer did not start: ${started}`)
  return {
    url: (database) => `postgres://postgres@127.0.0.1:${String(port)}/${database}`,
    stop: async () => {
      if (child.exitCode === null) {
        const exit = once(child, 'exit')
        child.kill()
        await exit
      }
      await rm(folder, { recursive: true })
    },
  }
}

/** From 1.21 on there is a setting for it; older versions refuse the setting. */
function keepsStatements(): boolean {
  const [, major = '', minor = ''] =
    /(\d+)\.(\d+)/.exec(spawnSync(PGBOUNCER, ['--version']).stdout.toString()) ?? []
  return Number(major) > 1 || Number(minor) > 20
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The probe has no port')
  return address.port
}
