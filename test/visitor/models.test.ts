import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { findPassByUuid } from '../../src/visitor/statements.js'
import { defineVisitorModels, ensureVisitor, SCOPE_ANY } from '../../src/index.js'
import { SECRET, startApplication, type TestApp, type TestAppOptions } from '../support/application.js'
import { later } from '../support/clock.js'

async function withApp(options: TestAppOptions, work: (app: TestApp) => Promise<void>): Promise<void> {
  const app = await startApplication({
    ...options,
    routes(host) {
      host.get('/any', ensureVisitor(SCOPE_ANY), (_req, res) => {
        res.json({ ok: true })
      })
    },
  })
  try {
    await work(app)
  } finally {
    await app.close()
  }
}

const ginger = { email: 'ginger@example.test', scope: 'foo' }

describe('defineVisitorModels', () => {
  it('secret: false keeps links out of the log and of errors, even where the host logs what it binds', async () => {
    const logged: string[] = []
    const database = { logging: (sql: string) => logged.push(sql), logQueryParameters: true }
    for (const preparedStatements of [true, false]) {
      await withApp({ database, visitor: { secret: false, preparedStatements } }, async (app) => {
        const pass = await app.Visitor.create(ginger)
        const [other] = await app.Visitor.bulkCreate([ginger])
        await app.browser().get(pass.tokenise('/any')).expect(303)
        await pass.reissue()
        const broken = app.Visitor.getTableName() as string
        await app.sequelize.getQueryInterface().renameTable(broken, 'away')
        const thrown: string[] = []
        const response = await app.browser().get(pass.tokenise('/any'))
        assert.equal(response.status, 500)
        thrown.push(response.text)
        await assert.rejects(findPassByUuid(app.Visitor, pass.uuid), (error) => {
          thrown.push(inspect(error, { depth: 9 }))
          return true
        })
        await app.sequelize.getQueryInterface().renameTable('away', broken)
        const seen = [...logged, ...thrown].join('\n')
        assert.ok(seen.length > 100)
        for (const { uuid } of [pass, other ?? pass]) assert.ok(!seen.includes(uuid), seen)
      })
    }
  })

  it('secret: false makes links of bare UUIDs, and keeps them out of the log', async () => {
    await withApp({ visitor: { secret: false } }, async (app) => {
      const pass = await app.Visitor.create(ginger)
      const refused = await app.Visitor.create({ ...ginger, isActive: false })
      app.database.takeStatements()
      assert.equal(pass.tokenise('/any'), `/any?vuid=${pass.uuid}`)
      const browser = app.browser()
      await browser.get(pass.tokenise('/any')).expect(303)
      await browser.get('/any').expect(200)
      await app.browser().get(refused.tokenise('/any')).expect(403)
      await app.browser().get(`/any?vuid=${randomUUID()}`).expect(403)
      await app.browser().get('/any?vuid=68201321').expect(403)
      const log = app.database.takeStatements().join('\n')
      assert.ok(!log.includes(pass.uuid) && !log.includes(refused.uuid))
    })
  })

  it('queryKey names the parameter', async () => {
    await withApp({ visitor: { queryKey: 'invitation' } }, async (app) => {
      const pass = await app.Visitor.create(ginger)
      assert.match(pass.tokenise('/any?vuid=mine'), /^\/any\?vuid=mine&invitation=[0-9a-f]{64}$/)
      const browser = app.browser()
      await browser.get(pass.tokenise('/any?vuid=mine')).expect(303).expect('Location', '/any?vuid=mine')
      await browser.get('/any').expect(200)
    })
  })

  it('tokenExpiry and sessionExpiry are the defaults of a pass', async () => {
    await withApp({ visitor: { tokenExpiry: 60, sessionExpiry: 600 } }, async (app) => {
      const pass = await app.Visitor.create(ginger)
      const own = await app.Visitor.create({ ...ginger, sessionExpiry: null })
      assert.deepEqual([pass.sessionExpiry, own.sessionExpiry], [600, null])
      const [one, two] = [app.browser(), app.browser()]
      await one.get(pass.tokenise('/any')).expect(303)
      await two.get(own.tokenise('/any')).expect(303)
      await later(61, () => app.browser().get(pass.tokenise('/any')).expect(403))
      await later(601, () => one.get('/any').expect(403))
      await later(601, () => two.get('/any').expect(200))
    })
  })

  it('a link of an old secret works while that secret is in the array, and is unknown after', async () => {
    await withApp(
      { visitor: { secret: ['the new secret, of more than 32 characters', SECRET] } },
      async (app) => {
        const pass = await app.Visitor.create(ginger)
        const withSecret = async (secret: string): Promise<string> => {
          const { Visitor } = defineVisitorModels(app.sequelize, {
            secret,
            modelName: 'Other',
            tableName: 'Visitors',
          })
          return (await Visitor.findByPk(pass.id, { rejectOnEmpty: true })).tokenise('/any')
        }
        await app
          .browser()
          .get(await withSecret(SECRET))
          .expect(303)
        await app
          .browser()
          .get(await withSecret('a secret that was dropped, long, long ago'))
          .expect(403)
      },
    )
  })
})
