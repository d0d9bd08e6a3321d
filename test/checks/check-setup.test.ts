import assert from 'node:assert/strict'
import { Server } from 'node:net'
import { after, before, describe, it, mock } from 'node:test'
import express5 from 'express'
import session from 'express-session'
import {
  checkSetup,
  convertRouter,
  loadGuest,
  selfServiceRouter,
  GuestStrategy,
  VisitorTokenStrategy,
  type CheckSetupOptions,
  type Finding,
} from '../../src/index.js'
import { openDatabase, type TestDatabase } from '../support/database.js'
import {
  answer,
  buildApp,
  codes,
  defineModels,
  healthySession,
  limiter,
  mountRoutes,
  passwordless,
  PATHS,
  registerAll,
  warningsOf,
  type Choices,
  type Models,
} from './stage.js'

describe('checkSetup', () => {
  let database: TestDatabase
  let models: Models
  before(async () => {
    database = await openDatabase()
    models = defineModels(database.sequelize)
    buildApp(models) // defines the model of the sessions
    await database.sequelize.sync()
  })
  after(() => database.close())

  async function check(choices: Choices, options: CheckSetupOptions = {}): Promise<readonly Finding[]> {
    return await checkSetup(buildApp(models, choices), { isProduction: true, paths: PATHS, ...options })
  }

  it('finds nothing in a healthy application', async () => {
    assert.deepEqual(codes(await check({})), [])
    assert.deepEqual(codes(await check({}, { isProduction: false })), [])
  })

  it('finds nothing where Passport is initialised by hand, and guests are loaded', async () => {
    const { Guest, Visitor, Users } = models
    const findings = await check(
      {
        strategies(authenticator) {
          authenticator.use(new VisitorTokenStrategy({ Visitor, name: 'link' }))
          authenticator.use(new GuestStrategy({ Guest, limiter, name: 'someone' }))
          authenticator.use(passwordless(Users))
          authenticator.serializeUser((user, done) => {
            done(null, user)
          })
          authenticator.deserializeUser((user, done) => {
            done(null, user as Express.User)
          })
        },
        middleware(app, { authenticator }) {
          app.use(authenticator.initialize(), authenticator.session(), loadGuest({ Guest }))
          app.use(authenticator.authenticate('link'))
          app.get('/', authenticator.authenticate('someone'), answer)
        },
      },
      { paths: ['/'] },
    )
    assert.deepEqual(codes(findings), [])
  })

  it('collects the mistakes of each path it asks for, errors first, each once', async () => {
    const choices: Choices = {
      settings: (app) => app.set('trust proxy', true),
      middleware(app, parts) {
        app.use(parts.authenticator.session())
        mountRoutes(app, parts)
      },
    }
    const findings = await check(choices)
    assert.deepEqual(codes(findings), [
      'VISITOR_STRATEGY_MISSING',
      'REQUEST_FAILS', // a guard with self-service does not know whose passes to offer
      'PROXY_TRUSTS_ANYTHING',
    ])
    const [missing] = findings
    assert.equal(missing?.severity, 'error')
    assert.match(missing.message, /has not run before ensureVisitor/)
    assert.equal(missing.help, 'node_modules/passport-ephemeral/docs/doctor.md#visitor_strategy_missing')
    assert.deepEqual(codes(await check(choices, { paths: ['/why-join'] })), [])
  })

  it('reports the same mistake in every call, and emits no warning', async () => {
    const app = buildApp(models, { settings: (each) => each.set('trust proxy', true) })
    const emitted = await warningsOf(async () => {
      for (let time = 0; time < 8; time += 1) {
        const findings = await checkSetup(app, { isProduction: true })
        assert.deepEqual(codes(findings), ['PROXY_TRUSTS_ANYTHING'])
      }
    })
    assert.deepEqual(emitted, [])
  })

  it('judges by isProduction', async () => {
    const choices: Choices = {
      session: { ...healthySession(models.sequelize), store: new session.MemoryStore() },
    }
    const severities = async (isProduction: boolean): Promise<string[]> =>
      (await check(choices, { isProduction }))
        .filter(({ code }) => code !== 'NOT_REACHED')
        .map(({ code, severity }) => `${severity} ${code}`)
    assert.deepEqual(await severities(true), ['error MEMORY_STORE'])
    assert.deepEqual(await severities(false), ['note MEMORY_STORE'])
  })

  it('runs no check that the application has turned off', async () => {
    const choices: Choices = { settings: (app) => app.set('trust proxy', true) }
    const validations = { PROXY_TRUSTS_ANYTHING: false }
    assert.deepEqual(codes(await check({ ...choices, validations })), [])
  })

  for (const trust of [undefined, false, 1]) {
    it(`finds a cookie that is not secure in production, with 'trust proxy' ${String(trust)}`, async () => {
      const found = async (secure: boolean | 'auto', isProduction: boolean): Promise<string[]> => {
        const session = {
          ...healthySession(models.sequelize),
          cookie: { sameSite: 'lax', maxAge: 1000, secure },
        } as const
        const settings: Choices['settings'] = (app) => {
          if (trust !== undefined) app.set('trust proxy', trust)
        }
        return codes(await check({ session, settings }, { isProduction })).filter(
          (code) => code !== 'PROXY_UNTRUSTED',
        )
      }
      assert.deepEqual(await found(false, true), ['COOKIE_INSECURE'])
      assert.deepEqual(await found(false, false), [])
      assert.deepEqual(await found('auto', true), [])
      assert.deepEqual(await found(true, true), [])
    })
  }

  it('notes a cookie that goes with the browser', async () => {
    const cookie = { secure: true, sameSite: 'lax' } as const
    const findings = await check({ session: { ...healthySession(models.sequelize), cookie } })
    assert.deepEqual(codes(findings), ['COOKIE_WITHOUT_MAX_AGE'])
    assert.equal(findings[0]?.severity, 'note')
  })

  it('reports a proxy setting that is not set in production, and accepts a deliberate one', async () => {
    assert.deepEqual(codes(await check({ settings: () => undefined })), ['PROXY_UNTRUSTED'])
    assert.deepEqual(codes(await check({ settings: (app) => app.set('trust proxy', false) })), [])
  })

  it('reports the environment in which Express shows stack traces', async () => {
    const findings = await check({
      first: (app) => {
        app.set('env', 'development')
      },
    })
    assert.deepEqual(codes(findings), ['ENV_DEVELOPMENT'])
  })

  it('notes that nothing of this package saw the request', async () => {
    const app = express5()
    app.get('/', answer)
    app.use('/convert', convertRouter({ Guest: models.Guest, hashPassword: String, limiter }))
    app.set('env', 'test')
    assert.deepEqual(codes(await checkSetup(app, { isProduction: true })), ['NOTHING_SEEN'])
    const findings = await checkSetup(app, { isProduction: true, paths: ['/convert'] })
    assert.deepEqual(codes(findings), ['PASSPORT_SESSION_MISSING'])
  })

  it('names what no request has reached, and nothing once every part has a path', async () => {
    const unreached = (findings: readonly Finding[]): string | undefined =>
      findings.find(({ code }) => code === 'NOT_REACHED')?.message
    const some = await check({}, { paths: ['/', '/play'] })
    assert.equal(some.find(({ code }) => code === 'NOT_REACHED')?.severity, 'note')
    assert.match(
      unreached(some) ?? '',
      /^Not checked, because they saw nothing of GET \/, GET \/play: convertRouter, ensureGuest, .*selfServiceRouter\.$/,
    )
    assert.doesNotMatch(unreached(some) ?? '', /mergeGuest|authenticate\('guest'\)|guestLogout/)
    assert.doesNotMatch(unreached(await check({})) ?? '', /convertRouter|ensure|Router|Logout/)
  })

  it('finds a part that sends links without baseUrl, wherever the address may be missing', async () => {
    const { Guest, Visitor } = models
    const send = (): void => undefined
    const sending = (own: { readonly baseUrl?: string }, setting?: string): Choices => ({
      settings: (app) => {
        app.set('trust proxy', 1)
        if (setting !== undefined) app.set('baseUrl', setting)
      },
      middleware(app, { authenticator }) {
        app.use(authenticator.session())
        app.use('/visitor', selfServiceRouter({ Visitor, send, limiter, ...own }))
        const verifyEmail = { send, ...own }
        app.use('/convert', convertRouter({ Guest, hashPassword: String, limiter, verifyEmail }))
      },
    })
    for (const path of ['/visitor', '/convert']) {
      const found = async (choices: Choices, isProduction = true): Promise<string[]> =>
        (await check(choices, { paths: [path], isProduction }))
          .filter(({ code }) => code !== 'NOT_REACHED')
          .map(({ code, severity }) => `${severity} ${code}`)
      for (const isProduction of [true, false])
        assert.deepEqual(await found(sending({}), isProduction), [
          'error BASE_URL_MISSING',
          'error REQUEST_FAILS',
        ])
      assert.deepEqual(await found(sending({ baseUrl: 'https://example.com' })), [])
      assert.deepEqual(await found(sending({}, 'https://example.com')), [])
    }
  })

  it('finds a strategy that offers fresh links without baseUrl on any page', async () => {
    const onExpiredLink = { send: () => undefined, limiter }
    const choices: Choices = {
      strategies(authenticator, parts) {
        registerAll(authenticator, parts)
        authenticator.use(new VisitorTokenStrategy({ Visitor: models.Visitor, onExpiredLink }))
      },
    }
    assert.deepEqual(codes(await check(choices, { paths: ['/'] })), ['BASE_URL_MISSING'])
    const settings: Choices['settings'] = (app) => {
      app.set('trust proxy', 1).set('baseUrl', 'https://example.com')
    }
    assert.deepEqual(codes(await check({ ...choices, settings }, { paths: ['/'] })), [])
  })

  it('fails if no server may be opened', async () => {
    const listen = mock.method(Server.prototype, 'listen', function (this: Server) {
      process.nextTick(() => this.emit('error', Object.assign(new Error('listen'), { code: 'EPERM' })))
      return this
    })
    await assert.rejects(check({}), { code: 'EPERM' })
    listen.mock.restore()
  })

  it('refuses a value that is no application, and wrong options', async () => {
    const app = buildApp(models)
    await assert.rejects(checkSetup({} as never), /^TypeError: checkSetup: app must be/)
    await assert.rejects(checkSetup(app, { isProduction: 'yes' as never }), TypeError)
    await assert.rejects(checkSetup(app, { paths: ['convert'] }), /option 'paths' must be/)
    await assert.rejects(checkSetup(app, { Guest: models.Guest } as never), /unknown option 'Guest'/)
  })

  describe('leaves no trace', () => {
    it('checkSetup leaves no guest in the users table where every request creates one', async () => {
      const findings = await check({
        middleware(app, { authenticator }) {
          app.use(authenticator.session(), authenticator.authenticate('guest'))
        },
      })
      assert.deepEqual(codes(findings), [])
      assert.equal(await models.Users.count(), 0)
    })

    it('checkSetup leaves no session in the store, even where empty sessions are saved', async () => {
      const store = new session.MemoryStore()
      const choices = { ...healthySession(models.sequelize), store, saveUninitialized: true }
      const findings = await check({ session: choices })
      assert.ok(codes(findings).includes('SAVE_UNINITIALIZED'), codes(findings).join())
      const kept = await new Promise<unknown>((resolve) => {
        store.all((_error, sessions) => {
          resolve(sessions)
        })
      })
      assert.deepEqual(Object.keys(kept as object), [])
    })

    it('checkSetup leaves nothing open that keeps the process alive', async () => {
      const open = (): number =>
        process.getActiveResourcesInfo().filter((name) => /Server|TCP.*Wrap|Timeout/.test(name)).length
      await check({})
      await new Promise(setImmediate)
      const earlier = open()
      await check({})
      await new Promise(setImmediate)
      assert.ok(open() <= earlier)
    })
  })
})
