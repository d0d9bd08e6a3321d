import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Request } from 'express'
import { Model, QueryTypes, Sequelize } from 'sequelize'
import { cleanup, defineGuestModel, type GuestModel } from '../../src/index.js'
import { dialect, isEmbedded } from '../support/database.js'
import { eventually } from '../support/eventually.js'
import { defineUser, type User } from '../support/application.js'
import { emptied, guestsOf, stageOf, type Stage } from '../cleanup/stage.js'

const PGBOUNCER = '/usr/sbin/pgbouncer'

/** Statements that the connection has prepared under a name. */
async function preparedNames(sequelize: Sequelize): Promise<string[]> {
  const rows = await sequelize.query<{ name: string }>('SELECT name FROM pg_prepared_statements', {
    type: QueryTypes.SELECT,
  })
  return rows.map(({ name }) => name)
}

if (dialect === 'postgres') {
  describe('a clean-up', () => {
    it('prepares no named statement, for each way of deletion', async () => {
      const app = await stageOf({ database: { pool: { max: 1 } } })
      try {
        for (const keep of [{}, { guests: () => false }, { guests: { username: 'none' } }]) {
          await guestsOf(app, 3)
          assert.equal((await cleanup({ Guest: app.Guest }, { keep })).guests, 3)
        }
        assert.deepEqual(await preparedNames(app.sequelize), [])
      } finally {
        await app.close()
      }
    })
  })
}

if (dialect === 'postgres' && !isEmbedded && existsSync(PGBOUNCER)) {
  describe('behind PgBouncer in transaction mode, which does not support prepared statements', () => {
    let app: Stage
    let pooler: Awaited<ReturnType<typeof startPgBouncer>>
    before(async () => {
      app = await stageOf()
      pooler = await startPgBouncer()
    })
    after(async () => {
      await pooler.stop()
      await app.close()
    })
    beforeEach(() => emptied(app))

    /** One process of an application: an instance of its own, and so connections of its own. Returns how often it sent a named statement. */
    async function asProcess(
      preparedStatements: boolean,
      work: (Guest: GuestModel<User>) => Promise<unknown>,
    ): Promise<number> {
      let named = 0
      const sequelize = new Sequelize(pooler.url(app.sequelize.getDatabaseName()), {
        logging: false,
        pool: { max: 2 },
      })
      sequelize.addHook('afterConnect', (connection) => {
        const client = connection as { query: (...args: unknown[]) => unknown }
        const query = client.query.bind(client)
        client.query = (...args) => {
          if ((args[0] as { name?: string }).name !== undefined) named += 1
          return query(...args)
        }
      })
      const Guest = defineGuestModel(sequelize, { User: defineUser(sequelize), preparedStatements })
      await work(Guest).finally(() => sequelize.close())
      return named
    }

    it('the clean-ups of several processes work, with keep and maxAge', async () => {
      for (let process = 0; process < 3; process++) {
        await guestsOf(app, 4)
        await asProcess(false, async (Guest) => {
          const byKeep = await cleanup({ Guest }, { keep: { guests: ({ user }) => user.email !== null } })
          assert.equal(byKeep.guests, 4)
          await guestsOf(app, 4)
          assert.equal((await cleanup({ Guest }, { maxAge: 60 })).guests, 4)
        })
      }
    })

    it('a missing preparedStatements: false causes one warning, after which that instance prepares no named statements', async () => {
      const warnings: string[] = []
      const onWarning = (warning: Error & { code?: string }): void => {
        if (warning.code === 'PREPARED_STATEMENTS_FAIL') warnings.push(warning.message)
      }
      process.on('warning', onWarning)
      try {
        const [user] = await guestsOf(app, 1, 1)
        const named: number[] = []
        for (let number = 0; number < 3; number++) {
          const count = await asProcess(true, async (Guest) => {
            for (let page = 0; page < 5; page++) {
              const [found] = await Promise.all([
                load(Guest, user?.id ?? 0),
                load(Guest, user?.id ?? 0),
                load(Guest, user?.id ?? 0),
              ])
              assert.equal(found, user?.id)
            }
          })
          named.push(count)
        }
        assert.equal(warnings.length, 1)
        assert.match(warnings[0] ?? '', /preparedStatements: false/)
        // Each process loads fifteen times, in up to two connections.
        assert.ok(
          named.every((count) => count > 0 && count < 6),
          String(named),
        )
      } finally {
        process.off('warning', onWarning)
      }
    })
  })
}

/** What a page of a guest does first: it restores the user from the session. */
async function load(Guest: GuestModel<User>, id: number): Promise<number | undefined> {
  const user = await new Promise<unknown>((resolve, reject) => {
    Guest.deserializeUser({} as Request, id, (error: unknown, found: unknown) => {
      if (error instanceof Error) reject(error)
      else resolve(found)
    })
  })
  return user instanceof Model ? Number(user.get('id')) : undefined
}

/** Starts a pooler of our own on a free port of this host. */
async function startPgBouncer() {
  const server = new URL(process.env['DATABASE_URL'] ?? '')
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  await chmod(folder, 0o755)
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
default_pool_size = 1
ignore_startup_parameters = extra_float_digits,client_min_messages
`,
  )
  const child = spawn(PGBOUNCER, [...(process.getuid?.() === 0 ? ['-u', 'postgres'] : []), settings])
  let log = ''
  child.stderr.on('data', (text: Buffer) => (log += text.toString()))
  child.stdout.on('data', (text: Buffer) => (log += text.toString()))
  await eventually(
    () => Promise.resolve(log),
    (said) => said.includes('process up'),
  )
  return {
    url: (database: string) => `postgres://postgres@127.0.0.1:${String(port)}/${database}`,
    stop: async () => {
      const exit = once(child, 'exit')
      child.kill()
      await exit
      await rm(folder, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The probe has no port')
  return address.port
}
