import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import cookieSession from 'cookie-session'
import express5, { Router, type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import {
  checkSetup,
  convertRouter,
  ensureGuest,
  ensureRegularUser,
  ensureVisitor,
  GuestStrategy,
  loadGuest,
  mergeGuest,
  selfServiceRouter,
  VisitorTokenStrategy,
  type CheckSetupOptions,
  type Finding,
} from '../../src/index.js'
import { checkApplication } from '../../src/checks/app/check-application.js'
import { BLIND } from '../../src/checks/app/closures.js'
import { routerOf } from '../../src/checks/app/express-parts.js'
import { express } from '../support/application.js'
import { openDatabase, type TestDatabase } from '../support/database.js'
import {
  answer,
  buildApp,
  codes,
  defineModels,
  healthySession,
  limiter,
  mountAll,
  mountRoutes,
  passwordless,
  RANDOM,
  registerAll,
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
    return await checkSetup(buildApp(models, choices), { isProduction: true, ...options })
  }

  it('has nothing to say of a healthy application', async () => {
    assert.deepEqual(await check({}), [])
    assert.deepEqual(await check({}, { isProduction: false }), [])
  })

  it('has nothing to say of one where Passport is initialised by hand, and guests are loaded', async () => {
    const { Guest, Visitor, Users } = models
    const findings = await check({
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
        app.use(authenticator.authenticate('link'), mergeGuest({ Guest }))
        app.get('/play', authenticator.authenticate('someone'), ensureGuest, answer)
        app.get('/reference', ensureVisitor('REFERENCE'), answer)
      },
    })
    assert.deepEqual(findings, [])
  })

  describe('says of the session', () => {
    const cases: readonly {
      readonly of: string
      readonly code: string
      readonly severity?: Finding['severity']
      readonly choices: () => Choices
      readonly options?: CheckSetupOptions
    }[] = [
      {
        of: 'a cookie without secure',
        code: 'session-cookie-insecure',
        severity: 'error',
        choices: () => withCookie({ secure: false }),
      },
      {
        of: 'a cookie that scripts can read',
        code: 'session-cookie-readable',
        severity: 'error',
        choices: () => withCookie({ httpOnly: false }),
      },
      {
        of: 'a cookie without sameSite',
        code: 'session-cookie-same-site-missing',
        choices: () => withCookie({ sameSite: undefined }),
      },
      {
        of: 'a cookie that no link brings along',
        code: 'session-cookie-same-site-strict',
        choices: () => withCookie({ sameSite: 'strict' }),
      },
      {
        of: 'a cookie that every site can use',
        code: 'session-cookie-same-site-none',
        choices: () => withCookie({ sameSite: 'none' }),
      },
      {
        of: 'a cookie that goes with the browser',
        code: 'session-cookie-without-max-age',
        severity: 'note',
        choices: () => withCookie({ maxAge: undefined }),
      },
      {
        of: 'a store in memory, in production',
        code: 'session-store-memory',
        severity: 'error',
        choices: () => withSession({ store: new session.MemoryStore() }),
      },
      {
        of: 'a store in memory, at home',
        code: 'session-store-memory',
        severity: 'note',
        choices: () => withSession({ store: new session.MemoryStore() }),
        options: { isProduction: false },
      },
      {
        of: 'sessions that are saved for nothing',
        code: 'session-save-uninitialized',
        severity: 'warning',
        choices: () => withSession({ saveUninitialized: true }),
      },
      {
        of: 'a secret out of an example',
        code: 'session-secret-weak',
        severity: 'error',
        choices: () => withSession({ secret: 'keyboard cat' }),
      },
      {
        of: 'a weak secret among several, at home',
        code: 'session-secret-weak',
        severity: 'warning',
        choices: () => withSession({ secret: [RANDOM, 'x'.repeat(40)] }),
        options: { isProduction: false },
      },
    ]
    for (const { of, code, severity = 'warning', choices, options } of cases) {
      it(of, async () => {
        const findings = await check(choices(), options)
        assert.deepEqual(codes(findings), [code])
        assert.equal(findings[0]?.severity, severity)
        assert.ok(!JSON.stringify(findings).includes('keyboard'), 'a secret is told')
      })
    }

    function withCookie(cookie: Readonly<Record<string, unknown>>): Choices {
      const healthy = { secure: true, sameSite: 'lax', maxAge: 1_209_600_000 } as const
      return withSession({ cookie: { ...healthy, ...cookie } as session.SessionOptions['cookie'] })
    }

    function withSession(options: Partial<session.SessionOptions>): Choices {
      return { session: { ...healthySession(models.sequelize), ...options } }
    }

    it("nothing of a cookie that is secure when the request is: 'auto'", async () => {
      assert.deepEqual(await check(withCookie({ secure: 'auto' })), [])
    })

    it('what a cookie is that depends on the request', async () => {
      const cookie = ((): session.CookieOptions => ({
        secure: true,
        sameSite: 'none',
        maxAge: 1000,
      })) as never
      assert.deepEqual(codes(await check(withSession({ cookie }))), ['session-cookie-same-site-none'])
    })

    it('what the request shows, of a session inside a function of the application', async () => {
      const inner = session({ ...healthySession(models.sequelize), cookie: { secure: true } })
      const findings = await check({
        session: false,
        first(app) {
          app.use((req, res, next) => {
            inner(req, res, next)
          })
        },
      })
      assert.deepEqual(codes(findings), [
        'session-cookie-same-site-missing',
        'session-cookie-without-max-age',
      ])
    })

    it('that there is none', async () => {
      const findings = await check({ session: false })
      assert.ok(codes(findings).includes('session-missing'), codes(findings).join())
      assert.equal(findings.find(({ code }) => code === 'session-missing')?.severity, 'error')
    })

    it('that it comes too late', async () => {
      const findings = await check({
        session: false,
        middleware(app, parts) {
          mountAll(app, parts)
          app.use(session(healthySession(models.sequelize)))
        },
      })
      const [missing] = findings.filter(({ code }) => code === 'session-missing')
      assert.match(missing?.message ?? '', /it comes later/)
    })

    it("that cookie-session's cannot be given a new id", async () => {
      const findings = await check({
        session: false,
        first(app) {
          app.use(cookieSession({ secret: RANDOM }))
        },
      })
      assert.deepEqual(codes(findings), ['session-cannot-renew'])
    })
  })

  describe('says of the order', () => {
    it('that a visitors guard has no strategy before it', async () => {
      const findings = await check({
        middleware(app, parts) {
          app.use(parts.authenticator.session(), mergeGuest({ Guest: parts.Guest }))
          mountRoutes(app, parts)
        },
      })
      assert.deepEqual(codes(findings), ['visitor-token-missing'])
      assert.match(findings[0]?.message ?? '', /ensureVisitor \(GET \/reference\)/)
    })

    it('that a visitors guard has it after it only', async () => {
      const findings = await check({
        middleware(app, parts) {
          app.use(parts.authenticator.session(), mergeGuest({ Guest: parts.Guest }))
          mountRoutes(app, parts)
          app.use(parts.authenticator.authenticate('visitor-token'))
        },
      })
      assert.deepEqual(codes(findings), ['visitor-token-missing'])
      assert.match(findings[0]?.message ?? '', /it comes later/)
    })

    it('that the strategy stands on another path than the guard', async () => {
      const findings = await check({
        middleware(app, { authenticator }) {
          app.use(authenticator.session())
          app.use('/members', authenticator.authenticate('visitor-token'))
          app.get('/members/reference', ensureVisitor('REFERENCE'), answer)
          app.get('/reference', ensureVisitor('REFERENCE'), answer)
        },
      })
      assert.deepEqual(codes(findings), ['visitor-token-missing'])
      assert.match(findings[0]?.message ?? '', /before ensureVisitor \(GET \/reference\)/)
      assert.doesNotMatch(findings[0]?.message ?? '', /members/)
    })

    it('that guards of users come before passport.session()', async () => {
      const findings = await check({
        middleware(app, { authenticator, Guest }) {
          app.get('/settings', ensureRegularUser, answer)
          app.get('/why-join', ensureGuest(), answer)
          app.use(authenticator.session(), mergeGuest({ Guest }))
        },
      })
      assert.deepEqual(codes(findings), ['passport-session-missing'])
      assert.match(
        findings[0]?.message ?? '',
        /ensureRegularUser \(GET \/settings\), ensureGuest \(GET \/why-join\): it comes later/,
      )
    })

    it('that mergeGuest has no passport.session() before it', async () => {
      const findings = await check({
        middleware(app, { authenticator, Guest }) {
          app.use(authenticator.initialize(), mergeGuest({ Guest }), authenticator.session())
        },
      })
      assert.deepEqual(codes(findings), ['passport-session-missing'])
      assert.match(findings[0]?.message ?? '', /mergeGuest \(app\.use\(\)\)/)
    })

    it('that a login comes before the merge', async () => {
      const findings = await check({
        middleware(app, parts) {
          const { authenticator, Guest } = parts
          app.use(authenticator.session(), authenticator.authenticate('visitor-token'))
          app.post('/early', authenticator.authenticate('local'), answer)
          app.post('/token', authenticator.authenticate('local', { session: false }), answer)
          app.use(mergeGuest({ Guest }))
          mountRoutes(app, parts)
        },
      })
      assert.deepEqual(codes(findings), ['merge-after-login'])
      assert.match(findings[0]?.message ?? '', /authenticate\('local'\) \(POST \/early\)/)
      assert.doesNotMatch(findings[0]?.message ?? '', /token|\/login/)
    })

    it('nothing of what a function of the application may do on a path where the probe did not come by', async () => {
      const findings = await check({
        middleware(app, { authenticator }) {
          const mine: RequestHandler = (req, res, next) => {
            ;(authenticator.authenticate('visitor-token') as RequestHandler)(req, res, next)
          }
          app.use(authenticator.session())
          app.get('/reference', mine, ensureVisitor('REFERENCE'), answer)
        },
      })
      assert.deepEqual(findings, [])
    })

    it('nothing of a strategy that a function of the application calls for every request', async () => {
      const findings = await check({
        middleware(app, { authenticator }) {
          const [restore, redeem] = [authenticator.session(), authenticator.authenticate('visitor-token')]
          app.use((req, res, next) => {
            ;(restore as RequestHandler)(req, res, next)
          })
          app.use(async (req, res, next) => {
            await Promise.resolve()
            ;(redeem as RequestHandler)(req, res, next)
          })
          app.get('/reference', ensureVisitor('REFERENCE'), answer)
          app.get('/why-join', ensureGuest, answer)
        },
      })
      assert.deepEqual(findings, [])
    })
  })

  describe('says of Passport', () => {
    it('that a strategy is not registered', async () => {
      const findings = await check({
        strategies(authenticator, all) {
          registerAll(authenticator, all)
          authenticator.unuse('local')
        },
      })
      assert.deepEqual(codes(findings), ['strategy-unknown'])
      assert.match(findings[0]?.message ?? '', /'local' \(POST \/login\)/)
    })

    it('that guests are made without limit', async () => {
      const findings = await check({
        strategies(authenticator, all) {
          registerAll(authenticator, all)
          authenticator.use(new GuestStrategy({ Guest: models.Guest }))
        },
      })
      assert.deepEqual(codes(findings), ['guest-strategy-unlimited'])
    })

    it('that nobody restores guests', async () => {
      const strategies: Choices['strategies'] = (authenticator, all) => {
        registerAll(authenticator, all)
        Object.assign(authenticator, { _deserializers: [] })
      }
      const findings = await check({ strategies })
      assert.deepEqual(codes(findings), ['guest-deserializer-missing'])
      assert.equal(findings[0]?.severity, 'error')
    })

    it('that a deserializer of the application may not know of guests', async () => {
      const findings = await check({
        strategies(authenticator, all) {
          registerAll(authenticator, all)
          Object.assign(authenticator, { _deserializers: [] })
          authenticator.deserializeUser((id, done) => {
            done(null, id as Express.User)
          })
        },
      })
      assert.deepEqual(codes(findings), ['guest-deserializer-missing'])
      assert.equal(findings[0]?.severity, 'warning')
    })

    it('that another deserializer comes first', async () => {
      const findings = await check({
        strategies(authenticator, all) {
          authenticator.deserializeUser((_id, done) => {
            done('pass')
          })
          registerAll(authenticator, all)
        },
      })
      assert.deepEqual(codes(findings), ['deserializer-before-guest'])
    })

    it('that sessions do not say who opened them', async () => {
      const findings = await check({
        strategies(authenticator, all) {
          registerAll(authenticator, all)
          Object.assign(authenticator, { _serializers: [] })
        },
      })
      assert.deepEqual(codes(findings), ['guest-serializer-missing'])
    })
  })

  describe('says of what stands around', () => {
    it('that forms can be posted without limit', async () => {
      const findings = await check({
        middleware(app, { authenticator, Guest, Visitor }) {
          app.use(authenticator.session(), authenticator.authenticate('visitor-token'))
          app.use('/convert', convertRouter({ Guest, hashPassword: String }))
          const nested = Router()
          nested.use(
            '/ask',
            selfServiceRouter({ Visitor, send: () => undefined, baseUrl: 'https://example.com' }),
          )
          app.use('/visitor', nested)
        },
      })
      assert.deepEqual(codes(findings), ['form-unlimited'])
      assert.match(findings[0]?.message ?? '', /convertRouter \(app\.use\('\/convert'\)\)/)
      assert.match(findings[0]?.message ?? '', /selfServiceRouter \(app\.use\('\/visitor\/ask'\)\)/)
    })

    it("that 'trust proxy' is not set, in production only", async () => {
      const settings = (): void => undefined
      assert.deepEqual(codes(await check({ settings })), ['trust-proxy-unset'])
      assert.deepEqual(await check({ settings }, { isProduction: false }), [])
      assert.deepEqual(await check({ settings: (app) => app.set('trust proxy', false) }), [])
    })

    it('that everybody is believed to be a proxy', async () => {
      const settings: Choices['settings'] = (app) => app.set('trust proxy', true)
      assert.deepEqual(codes(await check({ settings })), ['trust-proxy-anything'])
    })

    it('that nothing of this package is there', async () => {
      const app = express()
      app.set('trust proxy', 1)
      app.get('/', answer)
      assert.deepEqual(codes(await checkSetup(app)), ['nothing-found'])
    })
  })

  describe('where functions cannot be looked into', () => {
    async function checkBlindly(choices: Choices): Promise<readonly Finding[]> {
      const app = buildApp(models, choices)
      const router = routerOf(app)
      assert.ok(router !== undefined)
      const circumstances = { isProduction: true, hasGuests: true }
      return await checkApplication(app as never, router, BLIND, circumstances)
    }

    it('says so, and nothing else of a healthy application', async () => {
      assert.deepEqual(codes(await checkBlindly({})), ['seen-from-outside'])
    })

    it('says what shows in a request', async () => {
      const findings = await checkBlindly({
        session: {
          ...healthySession(models.sequelize),
          cookie: { httpOnly: false, secure: true, maxAge: 1000 },
        },
        middleware(app, { authenticator }) {
          app.use(authenticator.session())
          app.get('/reference', ensureVisitor('REFERENCE'), answer)
        },
      })
      assert.deepEqual(codes(findings), [
        'seen-from-outside',
        'visitor-token-missing',
        'session-cookie-readable',
        'session-cookie-same-site-missing',
      ])
    })
  })

  it('puts errors first', async () => {
    const findings = await checkSetup(
      buildApp(models, {
        settings: (app) => app.set('trust proxy', true),
        session: { ...healthySession(models.sequelize), cookie: {}, saveUninitialized: true },
      }),
      { isProduction: true },
    )
    const ranks = findings.map(({ severity }) => ['error', 'warning', 'note'].indexOf(severity))
    assert.ok(ranks.length > 3)
    assert.deepEqual(ranks, [...ranks].sort())
  })

  it('refuses options that it does not know', async () => {
    await assert.rejects(checkSetup(express(), { production: true } as never), /unknown option 'production'/)
  })

  it('says so if it is given something else than an application', async () => {
    for (const odd of [undefined, null, {}, () => undefined, 'app', passport, express5.Router()]) {
      assert.deepEqual(codes(await checkSetup(odd as never)), ['app-not-express'])
    }
  })
})
