import assert from 'node:assert/strict'
import type { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { DataTypes, QueryTypes, type Options } from 'sequelize'
import { quotedTable } from '../../src/database/columns.js'
import { rows, walkStory, who } from '../conventions/story.js'
import { dialect, isEmbedded, isPooled } from '../support/database.js'
import { eventually } from '../support/eventually.js'
import { plainUser, startHost, type Host, type HostOptions } from '../support/host-application.js'

/** One connection, so that what is done to it is done to the one that the requests use. */
const oneConnection: Options = { pool: { max: 1 } }

async function withHost(options: Partial<HostOptions>, run: (host: Host) => Promise<unknown>): Promise<void> {
  const prepared = { preparedStatements: true }
  const host = await startHost({ defineUser: plainUser(), guest: prepared, visitor: prepared, ...options })
  try {
    await run(host)
  } finally {
    await host.close()
  }
}

/** A guest's browser and a visitor's, both past their first page, so that all their statements are prepared. */
async function settle(host: Host) {
  const [guest, visitor] = [host.browser(), host.browser()]
  const { key } = await who(guest.get('/play'))
  await who(guest.get('/who'))
  const pass = await host.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context: null })
  await visitor.get(pass.tokenise('/who'))
  await who(visitor.get('/who'))
  return {
    key,
    /** All four hot statements once more: two pages, a new guest, a redeemed link. */
    clickOn: async () => {
      assert.equal((await who(guest.get('/who'))).key, key)
      assert.equal((await who(visitor.get('/who'))).visitor, pass.id)
      assert.equal((await who(host.browser().get('/play'))).isGuest, true)
      assert.equal((await host.browser().get(pass.tokenise('/who'))).status, 303)
    },
    guest,
  }
}

/** What the connection has prepared for us. */
async function preparedNames({ sequelize }: Host): Promise<string[]> {
  const found = await sequelize.query<{ name: string }>(
    `SELECT name FROM pg_prepared_statements WHERE name LIKE 'passport_ephemeral_%' ORDER BY name`,
    { type: QueryTypes.SELECT },
  )
  return found.map(({ name }) => name)
}

if (dialect === 'postgres') {
  test('the four hot statements are prepared, each once, however often they run', async () => {
    await withHost({ database: oneConnection }, async (host) => {
      const { clickOn } = await settle(host)
      const names = await preparedNames(host)
      assert.equal(names.length, 4)
      await clickOn()
      assert.deepEqual(await preparedNames(host), names)
    })
  })

  test('with preparedStatements: false nothing is prepared, and everything works', async () => {
    const without = { preparedStatements: false }
    await withHost({ database: oneConnection, guest: without, visitor: without }, async (host) => {
      const { clickOn } = await settle(host)
      await clickOn()
      assert.deepEqual(await preparedNames(host), [])
    })
  })

  test('a table that is altered under a live connection gives no errors', async () => {
    const nickname = { type: DataTypes.STRING(50), defaultValue: 'none' }
    await withHost({ database: oneConnection, defineUser: plainUser({ nickname }) }, async (host) => {
      const { clickOn, guest } = await settle(host)
      const [users, passes] = [quotedTable(host.User), quotedTable(host.Visitor)]
      await host.sequelize.query(`ALTER TABLE ${users} ALTER COLUMN nickname TYPE text`)
      await host.sequelize.query(`ALTER TABLE ${passes} ALTER COLUMN "firstName" TYPE text`)
      await clickOn()
      await clickOn()

      await host.sequelize.query(`ALTER TABLE ${users} DROP COLUMN nickname`)
      await host.sequelize.query(`ALTER TABLE ${users} ADD COLUMN nickname varchar(9) DEFAULT 'moved'`)
      await host.sequelize.query(`ALTER TABLE ${passes} ADD COLUMN later integer DEFAULT 1`)
      await clickOn()
      assert.equal((await who(guest.get('/who'))).user?.['nickname'], 'moved')
    })
  })

  test('statements that another client of the session deallocated give no errors', async () => {
    await withHost({ database: oneConnection }, async (host) => {
      const { clickOn } = await settle(host)
      await host.sequelize.query('DEALLOCATE ALL')
      assert.deepEqual(await preparedNames(host), [])
      await clickOn()
      await clickOn()
    })
  })

  // The embedded database has one session, whatever becomes of a connection.
  const isServer = { skip: isEmbedded || isPooled }
  const READ_ONLY = 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY'

  test(
    'a connection that is read-only, as after a failover, fails one statement and is replaced',
    isServer,
    async () => {
      await withHost({ database: oneConnection }, async (host) => {
        await host.sequelize.query(READ_ONLY)
        const failed = await host.browser().get('/play').expect(500)
        assert.match((failed.body as { message: string }).message, /read-only transaction/)
        assert.equal((await who(host.browser().get('/play'))).isGuest, true)

        const pass = await host.Visitor.create({
          email: 'kim@example.org',
          scope: 'REFERENCE',
          context: null,
        })
        await host.sequelize.query(READ_ONLY)
        assert.equal((await host.browser().get(pass.tokenise('/who'))).status, 500)
        assert.equal((await host.browser().get(pass.tokenise('/who'))).status, 303)
      })
    },
  )

  test(
    'a hook of the application replaces a connection that is read-only, for statements of the ORM',
    isServer,
    async () => {
      await withHost({ database: oneConnection }, async ({ sequelize, User }) => {
        // From docs/operations.md.
        sequelize.addHook('afterConnect', (connection) => {
          const client = connection as { _invalid?: boolean; connection: EventEmitter }
          client.connection.on('errorMessage', ({ code }: { code?: string }) => {
            if (code === '25006') client._invalid = true
          })
        })
        await sequelize.connectionManager.destroyConnection(
          await sequelize.connectionManager.getConnection({ type: 'write' }),
        )
        await sequelize.query(READ_ONLY)
        await assert.rejects(User.create({ username: 'kim' }), /read-only transaction/)
        await User.create({ username: 'kim' })
      })
    },
  )

  test(
    'statements that a pooler’s session has prepared already give no errors',
    { skip: isPooled },
    async () => {
      await withHost({ database: oneConnection }, async (host) => {
        const { clickOn } = await settle(host)
        const names = await preparedNames(host)
        const { connectionManager } = host.sequelize
        await connectionManager.destroyConnection(await connectionManager.getConnection({ type: 'write' }))
        for (const name of names) await host.sequelize.query(`PREPARE ${name} AS SELECT 1`)
        await clickOn()
        await clickOn()
      })
    },
  )

  test('the log contains each statement and none of the values', async () => {
    const said: unknown[][] = []
    const logging = (...words: unknown[]): void => void said.push(words)
    await withHost({ database: { logging } }, async (host) => {
      const pass = await host.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context: null })
      said.length = 0
      const browser = host.browser()
      await browser.get(pass.tokenise('/who'))
      await who(browser.get('/who'))
      const { user } = await who(browser.get('/play'))
      await who(browser.get('/who'))
      const heard = said.map((words) => inspect(words))
      assert.deepEqual(
        heard.map((statement) => /Executing \(default\): (\w+)/.exec(statement)?.[1]),
        ['UPDATE', 'SELECT', 'SELECT', 'WITH', 'SELECT', 'SELECT'],
      )
      const guest = await host.Guest.findOne({ rejectOnEmpty: true, logging: false })
      for (const value of [pass.uuid, String(user?.['username']), String(guest.sessionHash)]) {
        assert.match(value, /./)
        assert.ok(!heard.some((statement) => statement.includes(value)), value)
      }
    })
  })
}

if (dialect === 'postgres' && !isEmbedded) {
  test('an idle connection that is closed by the server is replaced', async () => {
    await withHost({ database: oneConnection }, async (host) => {
      const { key, guest } = await settle(host)
      const [row] = await host.sequelize.query<{ pid: number }>('SELECT pg_backend_pid() AS pid', {
        type: QueryTypes.SELECT,
      })
      await withHost({}, async (other) => {
        await other.sequelize.query('SELECT pg_terminate_backend($1)', { bind: [row?.pid] })
      })
      const [first, second] = [await guest.get('/who'), await guest.get('/who')]
      assert.ok(first.status === 200 || first.status === 500, first.text)
      assert.deepEqual([second.status, (second.body as { key: string }).key], [200, key])
    })
  })

  test('a connection that is closed during a request fails that request and no other', async () => {
    await withHost({ database: { pool: { max: 3 } } }, async (host) => {
      const { key, guest } = await settle(host)
      const { sequelize } = host
      const lock = await sequelize.transaction()
      await sequelize.query(`LOCK TABLE ${quotedTable(host.User)} IN ACCESS EXCLUSIVE MODE`, {
        transaction: lock,
      })
      const [cut] = await Promise.all([
        guest.get('/who'),
        eventually(
          () =>
            sequelize.query<{ done: boolean }>(
              `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'`,
              { type: QueryTypes.SELECT },
            ),
          (found) => found.length > 0,
        ).then(() => lock.commit()),
      ])
      assert.equal(cut.status, 500)
      for (let click = 0; click < 4; click++) assert.equal((await who(guest.get('/who'))).key, key)
    })
  })
}

test('no log contains a token', async () => {
  const heard: string[] = []
  const logging = (...said: unknown[]): void => void heard.push(said.map(String).join(' '))
  await withHost({ database: { logging } }, async (host) => {
    const pass = await host.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context: null })
    const link = pass.tokenise('/reference')
    const browser = host.browser()
    await browser.get(link)
    await browser.get('/reference')
    await host.VisitorLog.flush()
    assert.equal(await rows(host, host.VisitorLog), 1)
    await pass.deactivate()
    await browser.get(link)
    const token = new URL(link, 'http://localhost').searchParams.get('vuid') ?? ''
    assert.equal(token.length, 64)
    assert.ok(heard.some((said) => said.includes('INSERT INTO')))
    assert.ok(!heard.some((said) => said.includes(token)))
  })
})

test('with logging: false nothing is logged, and everything works', async (context) => {
  const said = context.mock.method(console, 'log')
  await withHost({ database: { logging: false } }, async (host) => {
    assert.equal((await who(host.browser().get('/play'))).isGuest, true)
  })
  assert.equal(said.mock.callCount(), 0)
})

test('guests and visitors can do everything with preparedStatements: false on every database', async () => {
  const without = { preparedStatements: false }
  await withHost({ guest: without, visitor: without }, async (host) => {
    await walkStory(host, { createdInOne: false, redeemedInOne: false })
  })
})
