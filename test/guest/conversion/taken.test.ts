import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { whoIs } from '../../support/application.js'
import { dialect } from '../../support/database.js'
import { body, errorsOf, fred, ginger, guest, pathOf, post, startConversion, verifying } from './stage.js'
import type { Options, Stage } from './stage.js'

const TAKEN_NAME = { username: 'This username is taken' }
const TAKEN_ADDRESS = { email: 'This address belongs to an account already' }

/* The tables are changed by hand. SQLite cannot drop a unique constraint; MariaDB has no partial indexes and none on expressions. */

/** Replaces the unique constraints of the users table by indexes of the test's own. */
async function withIndexes(
  statements: readonly string[],
  options: Options,
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await startConversion(options, {
    routes: (app) => app.get('/me', (req, res) => res.json(whoIs(req))),
  })
  try {
    const drop =
      dialect === 'mysql'
        ? ['ALTER TABLE Users DROP INDEX username', 'ALTER TABLE Users DROP INDEX email']
        : [
            'ALTER TABLE "Users" DROP CONSTRAINT "Users_username_key"',
            'ALTER TABLE "Users" DROP CONSTRAINT "Users_email_key"',
          ]
    for (const statement of [...drop, ...statements]) await stage.sequelize.query(statement)
    await test(stage)
  } finally {
    await stage.close()
  }
}

const withEmail: Options = {
  fields: [
    { name: 'username', label: 'Username', type: 'text' },
    { name: 'email', label: 'E-mail address', type: 'email' },
    { name: 'password', label: 'Password', type: 'password' },
  ],
  schema: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (form) => ({
        value: form as { username: string; email: string; password: string },
      }),
    },
  },
}

async function warningsOf(code: string, work: () => Promise<void>): Promise<number> {
  let count = 0
  const listen = (warning: Error & { code?: string }): void => {
    if (warning.code === code) count += 1
  }
  process.on('warning', listen)
  try {
    await work()
    await new Promise(setImmediate)
  } finally {
    process.off('warning', listen)
  }
  return count
}

if (dialect !== 'sqlite') {
  describe('conversion where the users table has no unique index', () => {
    it('refuses a username and an address of another account beside their fields, and warns once of each column', async () => {
      await withIndexes([], withEmail, async (stage) => {
        await stage.User.create({ username: 'fred', email: 'fred@example.test' })
        const warnings = await warningsOf('NO_UNIQUE_INDEX', async () => {
          for (const round of [1, 2]) {
            const { browser } = await guest(stage)
            const response = await post(browser, { ...fred, email: `new${String(round)}@example.test` })
            assert.equal(response.status, 422)
            assert.deepEqual(errorsOf(response.text), TAKEN_NAME)
            const other = await post(browser, {
              ...fred,
              username: `new${String(round)}`,
              email: 'FRED@example.test',
            })
            assert.deepEqual(errorsOf(other.text), TAKEN_ADDRESS)
          }
        })
        assert.equal(warnings, 2)
        assert.equal(await stage.User.count({ where: { username: 'fred' } }), 1)
      })
    })

    it('lets one of two guests have a name that both convert to at once', async () => {
      await withIndexes([], {}, async (stage) => {
        const guests = await Promise.all([guest(stage), guest(stage), guest(stage)])
        const answers = await Promise.all(guests.map(({ browser }) => post(browser, fred)))
        assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 422, 422])
        assert.equal(await stage.User.count({ where: { username: 'fred' } }), 1)
      })
    })
  })

  describe('conversion where a username is unique within a tenant', () => {
    const perTenant =
      dialect === 'mysql'
        ? [
            'ALTER TABLE Users ADD COLUMN tenant INTEGER NOT NULL DEFAULT 1',
            'CREATE UNIQUE INDEX per_tenant ON Users (tenant, username)',
            'CREATE UNIQUE INDEX per_tenant_email ON Users (tenant, email)',
          ]
        : [
            'ALTER TABLE "Users" ADD COLUMN tenant INTEGER NOT NULL DEFAULT 1',
            'CREATE UNIQUE INDEX per_tenant ON "Users" (tenant, username)',
            'CREATE UNIQUE INDEX per_tenant_email ON "Users" (tenant, email)',
          ]
    const users = dialect === 'mysql' ? 'Users' : '"Users"'

    it('accepts the name of an account of another tenant, and refuses that of the same one', async () => {
      await withIndexes(perTenant, {}, async (stage) => {
        await stage.User.create({ username: 'fred' })
        const { browser } = await guest(stage)
        assert.deepEqual(errorsOf((await post(browser, fred)).text), TAKEN_NAME)
        await stage.sequelize.query(`UPDATE ${users} SET tenant = 2 WHERE username = 'fred'`)
        assert.equal((await post(browser, fred)).status, 303)
        assert.equal(body(await browser.get('/me')).user?.username, 'fred')
      })
    })

    it('verifies an address that an account of another tenant has', async () => {
      await withIndexes(perTenant, verifying(), async (stage) => {
        await stage.User.create({ username: 'old', email: 'ginger@example.test' })
        await stage.sequelize.query(`UPDATE ${users} SET tenant = 2 WHERE username = 'old'`)
        const { browser } = await guest(stage)
        assert.equal((await post(browser, ginger)).status, 303)
        const link = pathOf(stage.mailbox[0]?.link ?? '')
        assert.equal((await post(browser, {}, link)).status, 303)
        assert.equal(body(await browser.get('/me')).user?.username, 'ginger')
      })
    })
  })
}

if (dialect === 'postgres') {
  describe('conversion where an index is on lower(username)', () => {
    it('refuses the name in another case beside its field', async () => {
      await withIndexes(['CREATE UNIQUE INDEX lowered ON "Users" (lower(username))'], {}, async (stage) => {
        await stage.User.create({ username: 'Fred' })
        const { browser } = await guest(stage)
        const response = await post(browser, fred)
        assert.equal(response.status, 422)
        assert.deepEqual(errorsOf(response.text), TAKEN_NAME)
      })
    })

    it('does not call a free address taken beside a taken username', async () => {
      const indexes = [
        'CREATE UNIQUE INDEX lowered ON "Users" (lower(username))',
        'CREATE UNIQUE INDEX lowered_email ON "Users" (lower(email))',
      ]
      await withIndexes(indexes, withEmail, async (stage) => {
        await stage.User.create({ username: 'Fred', email: 'old@example.test' })
        const { browser } = await guest(stage)
        const response = await post(browser, { ...fred, email: 'new@example.test' })
        assert.deepEqual(errorsOf(response.text), TAKEN_NAME)
        const both = await post(browser, { ...fred, email: 'OLD@example.test' })
        assert.deepEqual(errorsOf(both.text), { ...TAKEN_NAME, ...TAKEN_ADDRESS })
      })
    })
  })

  describe('conversion where an index covers some users only', () => {
    const partial = [
      'ALTER TABLE "Users" ADD COLUMN closed BOOLEAN NOT NULL DEFAULT false',
      'CREATE UNIQUE INDEX open_names ON "Users" (username) WHERE NOT closed',
      'CREATE UNIQUE INDEX open_addresses ON "Users" (email) WHERE NOT closed',
    ]

    it('accepts the name of a closed account, and refuses that of an open one', async () => {
      await withIndexes(partial, {}, async (stage) => {
        await stage.User.create({ username: 'fred' })
        const { browser } = await guest(stage)
        assert.deepEqual(errorsOf((await post(browser, fred)).text), TAKEN_NAME)
        await stage.sequelize.query(`UPDATE "Users" SET closed = true WHERE username = 'fred'`)
        assert.equal((await post(browser, fred)).status, 303)
      })
    })

    it('verifies the address of a closed account', async () => {
      await withIndexes(partial, verifying(), async (stage) => {
        await stage.User.create({ username: 'old', email: 'ginger@example.test' })
        await stage.sequelize.query(`UPDATE "Users" SET closed = true`)
        const { browser } = await guest(stage)
        assert.equal((await post(browser, ginger)).status, 303)
        const link = pathOf(stage.mailbox[0]?.link ?? '')
        assert.equal((await post(browser, {}, link)).status, 303)
        assert.equal(body(await browser.get('/me')).user?.username, 'ginger')
      })
    })
  })
}

if (dialect === 'mysql') {
  describe('conversion where an index is on a generated column', () => {
    it('lets the index decide, and does not warn', async () => {
      const generated = [
        'ALTER TABLE Users ADD COLUMN username_lower VARCHAR(150) AS (lower(username)) STORED',
        'CREATE UNIQUE INDEX lowered ON Users (username_lower)',
        'CREATE UNIQUE INDEX addresses ON Users (email)',
      ]
      await withIndexes(generated, {}, async (stage) => {
        await stage.User.create({ username: 'Fred' })
        const warnings = await warningsOf('NO_UNIQUE_INDEX', async () => {
          const { browser } = await guest(stage)
          assert.deepEqual(errorsOf((await post(browser, fred)).text), TAKEN_NAME)
        })
        assert.equal(warnings, 0)
      })
    })
  })
}
