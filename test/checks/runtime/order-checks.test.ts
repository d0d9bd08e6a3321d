import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import type { Application, RequestHandler } from 'express'
import {
  convertRouter,
  ensureGuest,
  ensureRegularUser,
  ensureVisitor,
  guestLogout,
  GuestStrategy,
  loadGuest,
  mergeGuest,
  selfServiceRouter,
  type CheckCode,
} from '../../../src/index.js'
import { openDatabase, type TestDatabase } from '../../support/database.js'
import {
  answer,
  ask,
  buildApp,
  defineModels,
  limiter,
  mountRoutes,
  passwordless,
  registerAll,
  warningsOf,
  type Choices,
  type Models,
  type Parts,
} from '../stage.js'

describe('The order of middleware', () => {
  let database: TestDatabase
  let models: Models
  const environment = process.env['NODE_ENV']
  before(async () => {
    process.env['NODE_ENV'] = 'production'
    database = await openDatabase()
    models = defineModels(database.sequelize)
    buildApp(models) // defines the model of the sessions
    await database.sequelize.sync()
    await models.Users.create({ username: 'kim' })
  })
  after(async () => {
    if (environment === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = environment
    await database.close()
  })

  it('the order is not checked any more after the first requests', async () => {
    const guard = ensureVisitor('ANY_OTHER', { validations: true })
    let hasStrategy = true
    const app = buildApp(models, {
      middleware(outer, { authenticator }) {
        outer.use(authenticator.session())
        outer.use((req, res, next) => {
          if (hasStrategy) (authenticator.authenticate('visitor-token') as RequestHandler)(req, res, next)
          else next()
        })
        outer.get('/guarded', guard)
      },
    })
    for (let page = 0; page < 5; page += 1) await ask(app, '/guarded')
    hasStrategy = false
    assert.deepEqual(await warningsOf(() => ask(app, '/guarded')), [])
  })

  type App = ReturnType<typeof buildApp>
  const withoutPassport = (mount: (app: App, parts: Parts) => void): Choices => ({ middleware: mount })
  const get =
    (path: string) =>
    (app: App): Promise<unknown> =>
      ask(app, path)
  const form = (path: string, body: string, type: string) => (app: App) =>
    ask(app, path, { method: 'POST', headers: { 'content-type': type }, body })

  const cases: readonly {
    readonly of: string
    readonly code: CheckCode
    readonly choices: Choices
    readonly visit: (app: App) => Promise<unknown>
  }[] = [
    {
      of: 'a guard for visitors without the strategy before it',
      code: 'VISITOR_STRATEGY_MISSING',
      choices: {
        middleware(app, parts) {
          app.use(parts.authenticator.session())
          mountRoutes(app, parts)
        },
      },
      visit: get('/reference'),
    },
    {
      of: 'a guard for guests without Passport before it',
      code: 'PASSPORT_SESSION_MISSING',
      choices: withoutPassport(mountRoutes),
      visit: get('/why-join'),
    },
    {
      of: 'a guest who was restored by a foreign deserializer',
      code: 'GUEST_DESERIALIZER_MISSING',
      choices: {
        strategies(authenticator, { Users, Guest, validations }) {
          authenticator.use(new GuestStrategy({ Guest, limiter, validations }))
          authenticator.use(passwordless(Users))
          authenticator.serializeUser((user, done) => {
            done(null, (user as { id: number }).id)
          })
          authenticator.deserializeUser((id: number, done) => {
            Users.findByPk(id).then((user) => {
              done(null, user)
            }, done)
          })
        },
        middleware(app, { authenticator }) {
          app.use(authenticator.session())
          app.get('/play', authenticator.authenticate('guest'), answer)
        },
      },
      visit: async (app) => {
        const { cookie } = await ask(app, '/play')
        await ask(app, '/play', { headers: { cookie } })
      },
    },
    {
      of: 'a strategy without a limiter',
      code: 'LIMITER_MISSING',
      choices: {
        strategies(authenticator, parts) {
          registerAll(authenticator, parts)
          const { Guest, validations } = parts
          authenticator.use(new GuestStrategy({ Guest, validations }))
        },
      },
      visit: get('/play'),
    },
    {
      of: 'a router that sends links without baseUrl',
      code: 'BASE_URL_MISSING',
      choices: {
        middleware(app, { Visitor, validations }) {
          app.use('/visitor', selfServiceRouter({ Visitor, send: () => undefined, limiter, validations }))
        },
      },
      visit: get('/visitor'),
    },
    {
      of: 'a form that no parser has read',
      code: 'BODY_NOT_PARSED',
      choices: {},
      visit: form('/visitor', '{"email":"kim@example.com"}', 'application/json'),
    },
  ]
  for (const { of, code, choices, visit } of cases) {
    it(`a request shows ${of}, once a process, unless validations turns ${code} off`, async () => {
      const silent = buildApp(models, { ...choices, validations: { [code]: false } })
      assert.deepEqual(await warningsOf(() => visit(silent)), [])
      const loud = buildApp(models, choices)
      assert.deepEqual(
        await warningsOf(async () => {
          await visit(loud)
          await visit(loud)
        }),
        [code],
      )
    })
  }

  it("a guest's session that a foreign serializer wrote causes a warning", async () => {
    const { sequelize } = models
    const declared = { ...models, ...defineModels(sequelize, { bareKeys: true }) }
    const app = buildApp(declared, {
      strategies(authenticator, parts) {
        authenticator.serializeUser((user, done) => {
          done(null, (user as { id: number }).id)
        })
        registerAll(authenticator, parts)
      },
    })
    const emitted = await warningsOf(async () => {
      const { cookie } = await ask(app, '/play')
      await ask(app, '/play', { headers: { cookie } })
    })
    assert.deepEqual(emitted, ['GUEST_SERIALIZER_MISSING'])
  })

  it('a login of a plain object of the users model causes a warning, if no serializer takes it', async () => {
    const logInAs = (user: object, takesObjects = false): Application =>
      buildApp(models, {
        strategies(authenticator, parts) {
          registerAll(authenticator, parts)
          if (takesObjects)
            authenticator.serializeUser((_user, done) => {
              done(null, 'an object')
            })
        },
        middleware(outer, { authenticator }) {
          outer.use(authenticator.session())
          outer.get('/in', (req, res, next) => {
            req.login(user, (error) => {
              if (error) next(error)
              else res.end()
            })
          })
        },
      })
    const kim = (await models.Users.findOne({ where: { username: 'kim' }, rejectOnEmpty: true })).toJSON()
    for (const [app, status] of [
      [logInAs(kim, true), 200],
      [logInAs({ ...kim, username: 'kim@ldap' }), 500],
      [logInAs({ id: kim.id }), 500],
    ] as const) {
      const emitted = await warningsOf(async () => {
        assert.equal((await ask(app, '/in')).status, status)
        for (let query = 0; query < 3; query++) await models.Users.count() // the look-up began before these
      })
      assert.deepEqual(emitted, [])
    }
    const emitted = await warningsOf(async () => {
      const warned = once(process, 'warning', { signal: AbortSignal.timeout(5000) })
      assert.equal((await ask(logInAs(kim), '/in')).status, 500)
      await warned
    })
    assert.deepEqual(emitted, ['USER_IS_PLAIN_OBJECT'])
  })

  it('two copies of the package cause a warning', async () => {
    const copies = Reflect.get(globalThis, Symbol.for('passport-ephemeral.copies')) as Set<string>
    const other = 'file:///app/node_modules/other/node_modules/passport-ephemeral'
    copies.add(`${other}/dist/checks/runtime/request-checks.js`)
    try {
      assert.deepEqual(await warningsOf(() => ask(buildApp(models), '/')), ['PACKAGE_LOADED_TWICE'])
    } finally {
      copies.delete(`${other}/dist/checks/runtime/request-checks.js`)
    }
  })

  describe('has an option validations everywhere', () => {
    const wrong: never = { MEMORY_STORES: false } as never
    const parts: readonly [string, () => unknown][] = [
      ['ensureVisitor', () => ensureVisitor('REFERENCE', { validations: wrong })],
      ['ensureGuest', () => ensureGuest({ validations: wrong })],
      ['ensureRegularUser', () => ensureRegularUser({ validations: wrong })],
      ['guestLogout', () => guestLogout({ validations: wrong })],
      ['loadGuest', () => loadGuest({ Guest: models.Guest, validations: wrong })],
      ['mergeGuest', () => mergeGuest({ Guest: models.Guest, validations: wrong })],
      ['GuestStrategy', () => new GuestStrategy({ Guest: models.Guest, validations: wrong })],
      [
        'convertRouter',
        () => convertRouter({ Guest: models.Guest, hashPassword: String, validations: wrong }),
      ],
      [
        'selfServiceRouter',
        () =>
          selfServiceRouter({
            Visitor: models.Visitor,
            send: () => undefined,
            baseUrl: 'https://example.com',
            validations: wrong,
          }),
      ],
    ]
    for (const [caller, make] of parts) {
      it(`${caller} refuses an unknown code, and lists the codes`, () => {
        assert.throws(make, (error: Error) => {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, new RegExp(`^${caller}: option 'validations' must be .*MEMORY_STORE`))
          return true
        })
      })
    }
  })
})
