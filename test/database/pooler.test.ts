import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Request } from 'express'
import { Model, QueryTypes, Sequelize } from 'sequelize'
import { withLock } from '../../src/cli/migrate/lock.js'
import { sessionNameOf } from '../../src/guest/session.js'
import { cleanup, defineGuestModel, type GuestModel } from '../../src/index.js'
import { dialect, isEmbedded } from '../support/database.js'
import { eventually } from '../support/eventually.js'
import { hasPgBouncer, startPgBouncer, type PgBouncer } from '../support/pgbouncer.js'
import { defineUser, type User } from '../support/application.js'
import { collectWarnings } from '../support/warnings.js'
import { emptied, guestsOf, stageOf, type Stage } from '../cleanup/stage.js'

const warnings = collectWarnings()

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

if (dialect === 'postgres' && !isEmbedded && hasPgBouncer) {
  describe('behind PgBouncer in transaction mode, which does not support prepared statements', () => {
    let app: Stage
    let pooler: PgBouncer
    before(async () => {
      app = await stageOf()
      pooler = await startPgBouncer({ poolSize: 1 })
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
      const Guest = defineGuestModel(sequelize, {
        User: defineUser(sequelize),
        preparedStatements,
      })
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

    for (const max of [1, 2])
      it(`a migration ${max === 1 ? 'is refused with one connection, and leaves no lock' : 'holds its lock with two connections'}`, async () => {
        const wide = await startPgBouncer({ poolSize: 4 })
        const name = app.sequelize.getDatabaseName()
        const [own, other] = [1, 2].map(
          () => new Sequelize(wide.url(name), { logging: false, pool: { max } }),
        ) as [Sequelize, Sequelize]
        const noWait = (): void => assert.fail('locked')
        try {
          const order: string[] = []
          const work = async (): Promise<void> => {
            // Another client takes the server's session that was used last.
            const busy = await other.transaction()
            await own.query('SELECT 1')
            await busy.commit()
            order.push('done')
          }
          if (max === 1) {
            await assert.rejects(withLock(own, noWait, work), { code: 'ERR_POOLER', exitCode: 2 })
            assert.deepEqual(order, [])
          } else {
            let waited = false
            const first = withLock(own, noWait, async () => {
              await eventually(
                () => Promise.resolve(waited),
                (it) => it,
              )
              await work()
            })
            await setTimeout(100)
            const second = withLock(
              other,
              () => (waited = true),
              () => Promise.resolve(order.push('second')),
            )
            await Promise.all([first, second])
            assert.deepEqual(order, ['done', 'second'])
          }
          await withLock(app.sequelize, noWait, () => Promise.resolve()) // no session has kept the lock
        } finally {
          await Promise.all([own.close(), other.close()])
          await wide.stop()
        }
      })

    it('a missing preparedStatements: false causes one warning, after which that instance prepares no named statements', async () => {
      const [user] = await guestsOf(app, 1, 1)
      assert.ok(user)
      const named: number[] = []
      for (let number = 0; number < 3; number++) {
        const count = await asProcess(true, async (Guest) => {
          for (let page = 0; page < 5; page++) {
            const [found]: unknown[] = await Promise.all([
              load(Guest, user),
              load(Guest, user),
              load(Guest, user),
            ])
            assert.equal(found, user.id)
          }
        })
        named.push(count)
      }
      const [warning, ...others] = warnings.filter(({ code }) => code === 'PREPARED_STATEMENTS_FAIL')
      assert.match(warning?.detail ?? '', /preparedStatements: false/)
      assert.equal(others.length, 0)
      // Each process loads fifteen times, in up to two connections.
      assert.ok(
        named.every((count) => count > 0 && count < 6),
        String(named),
      )
    })
  })
}

/** What a page of a guest does first: it restores the user from the session. */
async function load(Guest: GuestModel<User>, { id }: User): Promise<number | undefined> {
  const { createdAt } = await Guest.findByPk(id, { rejectOnEmpty: true })
  const serialized = { guest: id, since: createdAt.getTime(), model: sessionNameOf(Guest) }
  const user = await new Promise<unknown>((resolve, reject) => {
    Guest.deserializeUser({} as Request, serialized, (error: unknown, found: unknown) => {
      if (error instanceof Error) reject(error)
      else resolve(found)
    })
  })
  return user instanceof Model ? Number(user.get('id')) : undefined
}
