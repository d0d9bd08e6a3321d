import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import connectSession from 'connect-session-sequelize'
import cookieSession from 'cookie-session'
import session, { type CookieOptions, type SessionOptions } from 'express-session'
import { checkSetup, type CheckCode } from '../../../src/index.js'
import { BROWSER } from '../../support/application.js'
import { openDatabase, type TestDatabase } from '../../support/database.js'
import {
  ask,
  buildApp,
  defineModels,
  healthySession,
  mountAll,
  RANDOM,
  warningsOf,
  type Choices,
  type Models,
} from '../stage.js'

describe('The first requests in production', () => {
  let database: TestDatabase
  let models: Models
  const environment = process.env['NODE_ENV']
  before(async () => {
    process.env['NODE_ENV'] = 'production'
    database = await openDatabase()
    models = defineModels(database.sequelize)
    buildApp(models) // defines the model of the sessions
    await database.sequelize.sync()
  })
  after(async () => {
    if (environment === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = environment
    await database.close()
  })

  const withSession = (options: Partial<SessionOptions>): Choices => ({
    session: { ...healthySession(models.sequelize), ...options },
  })
  const withCookie = (cookie: CookieOptions): Choices =>
    withSession({ cookie: { secure: true, sameSite: 'lax', maxAge: 1_209_600_000, ...cookie } })

  const sessionStore = (options: { disableTouch?: boolean } = {}): session.Store => {
    const SessionStore = connectSession(session.Store)
    return new SessionStore({ db: models.sequelize, checkExpirationInterval: -1, ...options })
  }

  /** A guest's first page, and the next one with its session. */
  async function browse(app: ReturnType<typeof buildApp>): Promise<void> {
    const { cookie } = await ask(app, '/play')
    await ask(app, '/play', { headers: { cookie } })
    await ask(app, '/play', { headers: { cookie } })
  }

  it('requests to a healthy application cause no warning', async () => {
    assert.deepEqual(await warningsOf(() => browse(buildApp(models))), [])
  })

  it('a health check over plain HTTP causes no warning of the cookie', async () => {
    const app = buildApp(models)
    const headers = { 'user-agent': 'kube-probe/1.30', 'x-forwarded-proto': 'http' }
    assert.deepEqual(await warningsOf(() => ask(app, '/', { headers })), [])
  })

  it('a store that does not touch sessions causes no warning SESSION_TOUCHED_OFTEN', async () => {
    const app = buildApp(models, withSession({ store: sessionStore({ disableTouch: true }) }))
    assert.deepEqual(await warningsOf(() => browse(app)), [])
  })

  it('a session that another middleware has changed causes no warning RESAVE', async () => {
    const app = buildApp(models, {
      middleware(outer, parts) {
        outer.use((req, _res, next) => {
          Object.assign(req.session, { seen: Date.now() })
          next()
        })
        mountAll(outer, parts)
      },
    })
    assert.deepEqual(await warningsOf(() => browse(app)), [])
  })

  const cases: readonly {
    readonly of: string
    readonly code: CheckCode
    readonly choices: () => Choices
    readonly visit?: typeof browse
  }[] = [
    {
      of: 'a store in memory',
      code: 'MEMORY_STORE',
      choices: () => withSession({ store: new session.MemoryStore() }),
    },
    {
      of: 'sessions that are saved although they are empty',
      code: 'SAVE_UNINITIALIZED',
      choices: () => withSession({ saveUninitialized: true }),
      visit: async (app) => {
        await ask(app, '/why-join')
      },
    },
    {
      of: 'sessions that are saved although they were not changed',
      code: 'RESAVE',
      choices: () => withSession({ resave: true }),
    },
    {
      of: 'a store that is touched at every request',
      code: 'SESSION_TOUCHED_OFTEN',
      choices: () => withSession({ store: sessionStore() }),
    },
    {
      of: 'a secret of a tutorial, by the signature of the cookie',
      code: 'WEAK_SESSION_SECRET',
      choices: () => withSession({ secret: 'keyboard cat' }),
    },
    {
      of: 'no session at all',
      code: 'SESSION_MISSING',
      choices: () => ({
        session: false,
        middleware(app, { authenticator }) {
          app.use(authenticator.authenticate('visitor-token'))
        },
      }),
    },
    {
      of: 'a session without regenerate()',
      code: 'SESSION_NOT_RENEWABLE',
      choices: () => ({
        session: false,
        first(app) {
          app.use(cookieSession({ secret: RANDOM }))
        },
      }),
    },
    {
      of: 'a cookie that is not secure',
      code: 'COOKIE_INSECURE',
      choices: () => withCookie({ secure: false }),
    },
    {
      of: 'a secure cookie over a connection that is not',
      code: 'COOKIE_NEVER_SENT',
      choices: () => ({}),
      visit: async (app) => {
        await ask(app, '/', { headers: { 'x-forwarded-proto': 'http' } })
      },
    },
    {
      of: 'a cookie that scripts can read',
      code: 'COOKIE_READABLE',
      choices: () => withCookie({ httpOnly: false }),
    },
    {
      of: 'a cookie without sameSite',
      code: 'COOKIE_SAME_SITE_MISSING',
      choices: () => withSession({ cookie: { secure: true, maxAge: 1000 } }),
    },
    {
      of: 'a cookie that no link brings along',
      code: 'COOKIE_SAME_SITE_STRICT',
      choices: () => withCookie({ sameSite: 'strict' }),
    },
    {
      of: 'a cookie that every site can use',
      code: 'COOKIE_SAME_SITE_NONE',
      choices: () => withCookie({ sameSite: 'none' }),
    },
    {
      of: 'two session cookies of one name',
      code: 'COOKIE_DUPLICATE',
      choices: () => ({}),
      visit: async (app) => {
        await ask(app, '/', { headers: { cookie: 'connect.sid=s%3Aone.sig; connect.sid=s%3Atwo.sig' } })
      },
    },
    {
      of: 'a proxy that is not trusted',
      code: 'PROXY_UNTRUSTED',
      choices: () => ({ settings: () => undefined }),
    },
    {
      of: 'a proxy setting that trusts every client',
      code: 'PROXY_TRUSTS_ANYTHING',
      choices: () => ({ settings: (app) => app.set('trust proxy', true) }),
    },
  ]
  for (const { of, code, choices, visit = browse } of cases) {
    it(`a request shows ${of}, once a process, unless validations turns ${code} off`, async () => {
      const silent = buildApp(models, { ...choices(), validations: { [code]: false } })
      assert.deepEqual(await warningsOf(() => visit(silent)), [])
      const off = buildApp(models, { ...choices(), validations: false })
      assert.deepEqual(await warningsOf(() => visit(off)), [])
      const loud = buildApp(models, choices())
      for (let time = 0; time < 8; time += 1) await checkSetup(loud) // uses nothing up
      assert.deepEqual(await warningsOf(() => visit(loud)), [code])
      const another = buildApp(models, choices())
      assert.deepEqual(await warningsOf(() => visit(another)), [])
    })
  }

  it('requests are answered, and sessions stored, while resave is checked', async () => {
    const app = buildApp(models, withSession({ resave: true }))
    const { cookie } = await ask(app, '/play', { headers: { 'user-agent': BROWSER } })
    for (let page = 0; page < 7; page += 1) {
      assert.equal((await ask(app, '/why-join', { headers: { cookie } })).status, 200)
    }
  })
})

describe('The first requests in development', () => {
  it('usual settings cause no warning in development', async () => {
    const database = await openDatabase()
    try {
      const models = defineModels(database.sequelize)
      await database.sequelize.sync()
      const app = buildApp(models, {
        session: { secret: 'keyboard cat', resave: true, saveUninitialized: true },
        settings: () => undefined,
      })
      const emitted = await warningsOf(async () => {
        const { cookie } = await ask(app, '/play')
        await ask(app, '/play', { headers: { cookie } })
      })
      assert.deepEqual(emitted, [])
    } finally {
      await database.close()
    }
  })
})
