import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApplication, type Who } from '../support/application.js'
import { later } from '../support/clock.js'
import { dialect } from '../support/database.js'

/** What the driver prepares, and keeps: texts with parameters. */
const preparedBy = async (
  app: Awaited<ReturnType<typeof startApplication>>,
  work: () => Promise<unknown>,
) => {
  app.database.takeStatements()
  await work()
  const texts = app.database.takeStatements().filter((text) => text.includes('?'))
  return new Set(texts.map((text) => text.replace(/^Executing \([^)]*\): /, '').replace(/;.*$/s, '')))
}

test(
  'a second link, guest, code or merge prepares no statement that the first has not',
  { skip: dialect !== 'mysql' && 'MySQL and MariaDB alone keep each text' },
  async () => {
    const app = await startApplication({
      guest: { expiry: 'sliding', touchInterval: 1 },
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (_req, res) => res.json({}))
      },
    })
    try {
      await app.User.bulkCreate([{ username: 'fred' }, { username: 'adele' }])
      const person = async (username: string, seconds: number): Promise<void> => {
        const browser = app.browser()
        for (const maxUses of [null, 5]) {
          const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo', maxUses })
          await browser.get(pass.tokenise('/who'))
          await browser.post(pass.tokenise('/who'))
        }
        await browser.get('/play').expect(200)
        await later(seconds, () => browser.get('/who').expect(200))
        await browser.post('/login').type('form').send({ username, password: 'x' }).expect(200)
        assert.equal(((await browser.get('/who')).body as Who).user?.username, username)
      }
      const first = await preparedBy(app, () => person('fred', 5))
      const second = await preparedBy(app, () => person('adele', 7))
      assert.ok(first.size > 0)
      assert.deepEqual(
        [...second].filter((text) => !first.has(text)),
        [],
      )
    } finally {
      await app.close()
    }
  },
)
