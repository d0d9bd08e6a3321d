import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, it, mock } from 'node:test'
import type { Application, ErrorRequestHandler } from 'express'
import session from 'express-session'
import { checkSetup, ensureVisitor, type Finding } from '../../src/index.js'
import { express } from '../support/application.js'
import { openDatabase, type TestDatabase } from '../support/database.js'
import { answer, buildApp, codes, defineModels, healthySession, mountAll, type Models } from './stage.js'

describe('checkSetup of an application of an odd shape', () => {
  let database: TestDatabase
  let models: Models
  before(async () => {
    database = await openDatabase()
    models = defineModels(database.sequelize)
    buildApp(models) // defines the model of the sessions
    await database.sequelize.sync()
  })
  after(() => database.close())

  async function check(app: Application, paths = ['/']): Promise<readonly Finding[]> {
    return await checkSetup(app, { isProduction: true, paths })
  }

  it('sees a guard in an application in a router, with the settings of the outer application', async () => {
    const app = buildApp(models, {
      middleware(outer, { authenticator }) {
        const inner = express()
        inner.get('/reference', ensureVisitor('REFERENCE'), answer)
        const middle = express.Router()
        middle.use(authenticator.session())
        middle.use('/inner', inner)
        outer.use('/outer', middle)
      },
    })
    assert.deepEqual(codes(await check(app, ['/outer/inner/reference'])), ['VISITOR_STRATEGY_MISSING'])
  })

  it('finds nothing in an inner application that has a healthy one around it', async () => {
    const app = buildApp(models, {
      middleware(outer, parts) {
        const inner = express()
        mountAll(inner, parts)
        outer.use('/inner', inner)
      },
    })
    assert.deepEqual(codes(await check(app, ['/inner', '/inner/reference'])), [])
  })

  it('reports NOTHING_SEEN for an application that refuses every client', async () => {
    const app = buildApp(models, {
      first(outer) {
        outer.use((_req, res) => {
          res.sendStatus(401)
        })
      },
    })
    assert.deepEqual(codes(await check(app)), ['NOTHING_SEEN'])
  })

  it('gives up after five seconds on a stream that never ends', { timeout: 20_000 }, async () => {
    const app = buildApp(models, {
      middleware(outer, parts) {
        mountAll(outer, parts)
        outer.use((_req, res) => {
          res.writeHead(200, { 'Content-Type': 'text/event-stream' })
          res.write('data: 1\n\n')
          passTime()
        })
      },
    })
    assert.deepEqual(codes(await inMockedTime(() => check(app))), [])
  })

  it('reports after five seconds that a request hangs', { timeout: 20_000 }, async () => {
    const app = buildApp(models, {
      middleware(outer, parts) {
        mountAll(outer, parts)
        outer.use(passTime)
      },
    })
    assert.deepEqual(codes(await inMockedTime(() => check(app))), ['REQUEST_HANGS'])
  })

  it('survives a middleware that calls next() twice, one that cuts the connection, and one that throws', async () => {
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
    assert.deepEqual(codes(await check(twice)), [])
    const cut = buildApp(models, {
      first(outer) {
        outer.use((req) => {
          req.destroy()
        })
      },
    })
    assert.deepEqual(codes(await check(cut)), ['REQUEST_HANGS', 'NOTHING_SEEN'])
    const odd = (() => {
      throw new Error('no Express at all')
    }) as unknown as Application
    assert.deepEqual(codes(await check(odd)), ['REQUEST_HANGS', 'NOTHING_SEEN'])
  })

  it('reports that a request fails, and repeats no message of the application', async () => {
    const app = buildApp(models, {
      middleware(outer, parts) {
        mountAll(outer, parts)
        outer.use((_req, _res, next) => {
          next(new TypeError('password of the database'))
        })
      },
    })
    const findings = await check(app)
    assert.deepEqual(codes(findings), ['REQUEST_FAILS'])
    assert.doesNotMatch(JSON.stringify(findings), /password/)
  })

  it('reports a missing session if its store is disconnected', async () => {
    const store = new session.MemoryStore()
    const app = buildApp(models, {
      session: { ...healthySession(database.sequelize), store },
      middleware(outer, { authenticator }) {
        outer.use(authenticator.authenticate('visitor-token'))
      },
    })
    store.emit('disconnect')
    assert.deepEqual(codes(await check(app)), ['SESSION_MISSING', 'REQUEST_FAILS'])
  })

  it('accepts an error page with a status below 500', async () => {
    const app = buildApp(models, {
      middleware(outer, parts) {
        mountAll(outer, parts)
        const page: ErrorRequestHandler = (error: { status: number }, _req, res, _next) => {
          res.sendStatus(error.status)
        }
        outer.use((_req, _res, next) => {
          next(Object.assign(new Error('Not here'), { status: 404 }))
        })
        outer.use(page)
      },
    })
    assert.deepEqual(codes(await check(app)), [])
  })

  it('checks an application that already listens, without disturbing it', async () => {
    const app = buildApp(models)
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    try {
      const others = [1, 2, 3].map(() => fetch(`http://127.0.0.1:${String(port)}/nowhere`))
      assert.deepEqual(codes(await check(app)), [])
      for (const response of await Promise.all(others)) assert.equal(response.status, 404)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

/** Lets the five seconds pass in mocked time, once what was sent has had time to arrive. */
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
