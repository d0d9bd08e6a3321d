import assert from 'node:assert/strict'
import { Server } from 'node:net'
import { after, before, describe, it, mock } from 'node:test'
import type { Application, ErrorRequestHandler, RequestHandler } from 'express'
import session from 'express-session'
import { checkSetup, ensureGuest, ensureVisitor, mergeGuest, type Finding } from '../../src/index.js'
import { express } from '../support/application.js'
import { openDatabase, type TestDatabase } from '../support/database.js'
import {
  answer,
  buildApp,
  codes,
  defineModels,
  healthySession,
  mountAll,
  statusOf,
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

  async function check(app: Application): Promise<readonly Finding[]> {
    return await checkSetup(app, { isProduction: true })
  }

  describe('looks into', () => {
    it('routers in routers', async () => {
      const app = buildApp(models, {
        middleware(outer, { authenticator }) {
          const inner = express.Router()
          inner.get('/reference', ensureVisitor('REFERENCE'), answer)
          const middle = express.Router()
          middle.use(authenticator.session())
          middle.use('/inner', inner)
          outer.use('/outer', middle)
        },
      })
      const findings = await check(app)
      assert.deepEqual(codes(findings), ['visitor-token-missing'])
      assert.match(findings[0]?.message ?? '', /ensureVisitor \(GET \/outer\/inner\/reference\)/)
    })

    it('applications in applications', async () => {
      const app = buildApp(models, {
        middleware(outer, { authenticator }) {
          outer.use(authenticator.session(), authenticator.authenticate('visitor-token'))
          const inner = express()
          inner.get('/reference', ensureVisitor('REFERENCE'), answer)
          inner.get('/why-join', ensureGuest, answer)
          outer.use('/inner', inner)
        },
      })
      assert.deepEqual(await check(app), [])
    })

    it('an application that is all of it under one path', async () => {
      const outer = express()
      outer.set('trust proxy', 1)
      outer.use('/app', buildApp(models))
      outer.use('/static', express.static('.'))
      assert.deepEqual(await check(outer), [])
    })

    it('an application in an application where something is missing', async () => {
      const outer = express()
      outer.set('trust proxy', 1)
      outer.use(
        '/app',
        buildApp(models, {
          middleware(app, { authenticator }) {
            app.use(authenticator.session())
            app.get('/reference', ensureVisitor('REFERENCE'), answer)
          },
        }),
      )
      const findings = await check(outer)
      assert.deepEqual(codes(findings), ['visitor-token-missing'])
      assert.match(findings[0]?.message ?? '', /GET \/app\/reference/)
    })

    it('a route of which every method has its own handlers', async () => {
      const app = buildApp(models, {
        middleware(outer, { authenticator, Guest }) {
          outer.use(authenticator.session())
          outer
            .route('/door')
            .get(authenticator.authenticate('visitor-token'), ensureVisitor('REFERENCE'), answer)
            .post(ensureVisitor('REFERENCE'), answer)
          outer.all('/all/:rest', authenticator.authenticate('visitor-token'))
          outer.get('/all/:page', ensureVisitor('REFERENCE'), answer)
          outer.use(mergeGuest({ Guest }))
        },
      })
      const findings = await check(app)
      assert.deepEqual(codes(findings), ['visitor-token-missing'])
      assert.match(findings[0]?.message ?? '', /before ensureVisitor \(POST \/door\);/)
    })

    it('a router that is mounted in itself', async () => {
      const router = express.Router()
      router.use('/again', router)
      router.get('/reference', ensureVisitor('REFERENCE'), answer)
      const app = buildApp(models, {
        middleware(outer, parts) {
          mountAll(outer, parts)
          outer.use('/more', router)
        },
      })
      assert.deepEqual(await check(app), [])
    })
  })

  describe('goes on past', () => {
    it('headers, parsers, pages of errors and a gate of the application', async () => {
      const fourOhFour: RequestHandler = (_req, res) => {
        res.status(404).send('Nothing here')
      }
      const fiveHundred: ErrorRequestHandler = (_error, _req, res, _next) => {
        res.status(500).send('Sorry')
      }
      const headers: RequestHandler = (_req, res, next) => {
        res.setHeader('X-Frame-Options', 'DENY')
        res.removeHeader('X-Powered-By')
        next()
      }
      const app = buildApp(models, {
        first(outer) {
          outer.disable('x-powered-by')
          outer.use(headers, express.json(), express.urlencoded({ extended: true }))
          outer.use(async (_req, _res, next) => {
            await Promise.resolve()
            next()
          })
        },
        middleware(outer, parts) {
          mountAll(outer, parts)
          outer.use(fourOhFour)
          outer.use(fiveHundred)
        },
      })
      assert.deepEqual(await check(app), [])
    })

    it('a gate that lets nobody in', async () => {
      const app = buildApp(models, {
        first(outer) {
          outer.use((req, res, next) => {
            if (req.get('authorization') === undefined) res.sendStatus(401)
            else next()
          })
        },
      })
      assert.deepEqual(await check(app), [])
    })

    it('an answer that never ends', { timeout: 20_000 }, async () => {
      const app = buildApp(models, {
        first(outer) {
          outer.use((_req, res) => {
            res.writeHead(200, { 'Content-Type': 'text/event-stream' })
            res.write('data: 1\n\n')
            passTime()
          })
        },
      })
      assert.deepEqual(await inMockedTime(() => check(app)), [])
    })

    it('a middleware that goes on twice, and one that hangs up', async () => {
      const twice = buildApp(models, {
        middleware(outer, parts) {
          mountAll(outer, parts)
          outer.use((_req, _res, next) => {
            next()
            next()
          })
          outer.use((_req, res) => {
            if (!res.headersSent) res.sendStatus(404)
          })
        },
      })
      assert.deepEqual(await check(twice), [])
      const cut = buildApp(models, {
        first(outer) {
          outer.use((req) => {
            req.destroy()
          })
        },
      })
      await check(cut)
    })
  })

  it('says where a request hangs, after five seconds', { timeout: 20_000 }, async () => {
    const app = buildApp(models, {
      first(outer) {
        outer.use(function waitsForEver() {
          passTime()
        })
      },
    })
    const findings = await inMockedTime(() => check(app))
    assert.deepEqual(codes(findings), ['request-hangs'])
    assert.match(findings[0]?.message ?? '', /stuck in waitsForEver \(app\.use\(\)\)/)
  })

  it("says what the package's own error is about", async () => {
    const store = new session.MemoryStore()
    const app = buildApp(models, {
      session: { ...healthySession(database.sequelize), store },
      middleware(outer, { authenticator }) {
        outer.use(authenticator.authenticate('visitor-token'))
      },
    })
    store.emit('disconnect')
    const findings = await check(app)
    const [failure] = findings.filter(({ code }) => code === 'request-fails')
    assert.equal(failure?.severity, 'error')
    assert.match(failure.message, /ERR_SESSION_REQUIRED: .* store is disconnected/)
  })

  it('says that a request fails, and not what with, if the error is not ours', async () => {
    const app = buildApp(models, {
      first(outer) {
        outer.use((_req, _res, next) => {
          next(Object.assign(new TypeError('password of the database'), { code: 'E_ODD' }))
        })
      },
    })
    const findings = await check(app)
    assert.deepEqual(codes(findings), ['request-fails'])
    assert.equal(findings[0]?.severity, 'warning')
    assert.match(findings[0].message, /500 \(TypeError, E_ODD\)/)
  })

  it('is not impressed by an error that the application answers for', async () => {
    const app = buildApp(models, {
      middleware(outer, parts) {
        mountAll(outer, parts)
        outer.use((_req, _res, next) => {
          next(Object.assign(new Error('Not here'), { status: 404 }))
        })
        const page: ErrorRequestHandler = (error: { status: number }, _req, res, _next) => {
          res.sendStatus(error.status)
        }
        outer.use(page)
      },
    })
    assert.deepEqual(await check(app), [])
  })

  it('looks at what there is where no server may be opened', async () => {
    const listen = mock.method(Server.prototype, 'listen', function (this: Server) {
      process.nextTick(() => this.emit('error', Object.assign(new Error('listen'), { code: 'EPERM' })))
      return this
    })
    const app = buildApp(models, { settings: (outer) => outer.set('trust proxy', true) })
    const findings = await check(app).finally(() => {
      listen.mock.restore()
    })
    assert.deepEqual(codes(findings), ['trust-proxy-anything', 'probe-impossible'])
  })

  it('throws nothing at what only looks like an application', async () => {
    const router = Object.assign(() => undefined, { handle: () => undefined, stack: [undefined] })
    const odd = Object.assign(() => undefined, { handle: () => undefined, settings: {}, _router: router })
    assert.deepEqual(codes(await check(odd as never)), ['app-not-understood'])
  })

  describe('leaves no trace', () => {
    it('in the application', async () => {
      const app = buildApp(models)
      const earlier = picture(app)
      await Promise.all([check(app), statusOf(app, '/why-join'), check(app)])
      assert.deepEqual(picture(app), earlier)
      assert.equal(await statusOf(app, '/nowhere'), 404)
    })

    it('in the users table, where guests are made for every request', async () => {
      const app = buildApp(models, {
        middleware(outer, parts) {
          outer.use(parts.authenticator.session(), parts.authenticator.authenticate('guest'))
          outer.use((req, res) => {
            res.json({ name: (req.user as { username: string }).username })
          })
        },
      })
      assert.deepEqual(await check(app), [])
      assert.equal(await models.Users.count(), 0)
    })

    it('in the users table, if a function of the application makes them', async () => {
      const app = buildApp(models, {
        middleware(outer, { authenticator }) {
          outer.use(authenticator.session())
          outer.use((req, res, next) => {
            ;(authenticator.authenticate('guest') as RequestHandler)(req, res, next)
          })
        },
      })
      assert.deepEqual(await check(app), [])
      assert.equal(await models.Users.count(), 0)
    })

    it('in the store of the sessions', async () => {
      const store = new session.MemoryStore()
      const app = buildApp(models, {
        session: { ...healthySession(database.sequelize), store, saveUninitialized: true },
        settings: () => undefined, // so that no cookie is sent
      })
      await check(app)
      const kept = await new Promise<unknown>((resolve) => {
        store.all((_error, sessions) => {
          resolve(sessions)
        })
      })
      assert.deepEqual(Object.keys(kept as object), [])
    })

    it('in the store of the sessions, by a page that answers after everybody has given up', async () => {
      const store = new session.MemoryStore()
      const slow: { answer?: () => void } = {}
      const app = buildApp(models, {
        session: { ...healthySession(database.sequelize), store, saveUninitialized: true },
        settings: () => undefined,
        middleware(outer) {
          outer.use((_req, res) => {
            slow.answer = () => res.send('at last')
            passTime()
          })
        },
      })
      const stored: string[] = []
      const set = store.set.bind(store)
      store.set = (id, data, done) => {
        stored.push(id)
        set(id, data, done)
      }
      const forgotten = new Promise<void>((resolve) => {
        const destroy = store.destroy.bind(store)
        store.destroy = (id, done) => {
          destroy(id, done)
          if (stored.includes(id)) resolve()
        }
      })
      const findings = await inMockedTime(() => check(app))
      assert.ok(codes(findings).includes('request-hangs'))
      slow.answer?.()
      await forgotten
      assert.equal(stored.length, 1)
      const kept = await new Promise<unknown>((resolve) => {
        store.all((_error, sessions) => {
          resolve(sessions)
        })
      })
      assert.deepEqual(Object.keys(kept as object), [])
    })

    it('among what keeps a process alive', async () => {
      await check(buildApp(models))
      await new Promise(setImmediate)
      const open = process.getActiveResourcesInfo().filter((name) => /Server|TCP.*Wrap/.test(name))
      const earlier = open.length
      await check(buildApp(models))
      await new Promise(setImmediate)
      const now = process.getActiveResourcesInfo().filter((name) => /Server|TCP.*Wrap/.test(name))
      assert.ok(now.length <= earlier, now.join())
    })
  })
})

/** Lets the patience of whoever waits in mocked time run out, once what was sent has had time to arrive. */
function passTime(): void {
  const moment = setInterval(() => {
    clearInterval(moment)
    mock.timers.tick(5000)
  }, 50)
}

async function inMockedTime<T>(work: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    return await work()
  } finally {
    mock.timers.reset()
  }
}

interface Drawn {
  readonly stack?: readonly { readonly handle: Drawn; readonly route?: Drawn }[]
}

/** Every layer and its handle, by identity, and whose own properties they are. */
function picture(app: Application): unknown[] {
  const outer = app as unknown as { _router?: Drawn; router: Drawn }
  const draw = ({ stack = [] }: Drawn): unknown[] =>
    stack.flatMap((layer) => [
      layer,
      layer.handle,
      Object.keys(layer).length,
      ...draw(layer.handle),
      ...(layer.route === undefined ? [] : draw(layer.route)),
    ])
  return draw(outer._router ?? outer.router)
}
