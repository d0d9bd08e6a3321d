import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { convertRouter, InvalidOption, mergeGuest, selfServiceRouter } from '../src/index.js'
import { ask, buildApp, defineModels, healthySession, type Models } from './checks/stage.js'
import { openStage } from './cli/stage.js'
import { dialect, openDatabase, type TestDatabase } from './support/database.js'
import { collectWarnings } from './support/warnings.js'

const warnings = collectWarnings()

/** Messages that a new user meets first: each says what was expected, and what to do. */
describe('The message', () => {
  let database: TestDatabase
  let models: Models
  before(async () => {
    database = await openDatabase()
    models = defineModels(database.sequelize)
    buildApp(models) // defines the model of the sessions
    await database.sequelize.sync()
  })
  after(() => database.close())

  it('of a session cookie that is not secure names the option, and what a proxy needs besides', async () => {
    const cookie = { secure: false, sameSite: 'lax', maxAge: 60_000 } as const
    const app = buildApp(models, { session: { ...healthySession(models.sequelize), cookie } })
    const environment = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      await ask(app, '/')
      await new Promise(setImmediate)
    } finally {
      process.env['NODE_ENV'] = environment
    }
    const [warning] = warnings.filter(({ code }) => code === 'COOKIE_INSECURE')
    assert.equal(
      warning?.message,
      "The session's cookie is not secure: it goes over plain HTTP, where it can be read.",
    )
    assert.match(
      warning.detail ?? '',
      /^session\({ cookie: { secure: true } }\)\. .*app\.set\('trust proxy', 1\).*X-Forwarded-Proto: https.*\nSee .*docs\/doctor\.md#cookie_insecure$/,
    )
  })

  it('of a name in place of a model in reassign says that a model is expected, and how it is written', () => {
    models.sequelize.define('Todo', { userId: DataTypes.INTEGER })
    assert.throws(
      () => mergeGuest({ Guest: models.Guest, reassign: ['Todo' as never] }),
      (error: unknown) => {
        assert.ok(error instanceof InvalidOption)
        assert.equal(
          error.message,
          "mergeGuest: option 'reassign' must be a non-empty array of models, or of { model, foreignKey }, not names of models: write [Todo] rather than ['Todo']",
        )
        return true
      },
    )
  })

  it('of a path in place of baseUrl says that an absolute address is expected, and what a path needs', async () => {
    const expected =
      /must be(?:, or return,)? an absolute http\(s\) address without a query, such as 'https:\/\/example\.com\/app'.*, not a path alone: a proxy that removes it can send it as X-Forwarded-Prefix instead/
    const { Guest, Visitor } = models
    const wrong = { send: () => undefined, baseUrl: '/app' }
    for (const make of [
      () => selfServiceRouter({ Visitor, ...wrong }),
      () => convertRouter({ Guest, hashPassword: String, verifyEmail: wrong }),
    ])
      assert.throws(
        make,
        (error: unknown) =>
          error instanceof InvalidOption && expected.test(error.message) && error.help !== '',
      )
    // The setting of the application is read by the first request.
    const errors: unknown[] = []
    const app = buildApp(models, { settings: (each) => each.set('trust proxy', 1).set('baseUrl', '/app') })
    app.use((error: unknown, _req: unknown, res: { end: () => void }, _next: unknown) => {
      errors.push(error)
      res.end()
    })
    await ask(app, '/convert')
    assert.ok(errors[0] instanceof InvalidOption)
    assert.match(errors[0].message, expected)
  })

  it('of tables that exist already says who may have made them, and what to do with an index that is left', async () => {
    const stage = await openStage()
    try {
      const { code, stderr } = await stage.run(['migrate'])
      assert.equal(code, 1)
      assert.match(stderr, /The tables exist already: /)
      if (dialect === 'mysql') assert.match(stderr, /Duplicate key name/)
      assert.match(
        stderr,
        /sequelize\.sync\(\), migrations of your own, or a run that was cut short created them\./,
      )
      assert.match(stderr, /drop that index or the table, if it is empty, and run migrate again/)
      assert.match(stderr, /See "Tables that exist already" in docs\/operations\.md\./)
    } finally {
      await stage.close()
    }
  })
})
