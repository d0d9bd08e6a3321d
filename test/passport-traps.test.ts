import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import cookieSession from 'cookie-session'
import session from 'express-session'
import passport from 'passport'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { DataTypes } from 'sequelize'
import supertest from 'supertest'
import { defineGuestModel, GuestStrategy, VisitorTokenStrategy } from '../src/index.js'
import {
  BROWSER,
  express,
  startApplication,
  whoIs,
  type TestApp,
  type User,
  type Who,
} from './support/application.js'

const body = (response: { body: unknown }): Who => response.body as Who
type Authenticator = passport.Authenticator
const authenticator = (): Authenticator => new passport.Passport()

let app: TestApp

before(async () => {
  app = await startApplication({
    routes(host, { passport: own, Guest, Visitor, User }) {
      // One strategy object for all requests, as a caller may pass it.
      const shared = new GuestStrategy({ Guest })
      host.get('/shared-play', own.authenticate(shared), (req, res) => {
        res.json(whoIs(req))
      })
      const sharedVisitor = new VisitorTokenStrategy({ Visitor, stripToken: false })
      host.get('/shared-visit', own.authenticate(sharedVisitor), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/assigned', own.authenticate('guest', { assignProperty: 'player' }), (req, res) => {
        const { player } = req as unknown as { player: User }
        res.json({ player: player.username, user: req.user ?? null })
      })
      host.get('/sessionless', own.authenticate('guest', { session: false }), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/kept', (req, res, next) => {
        Object.assign(req.session, { cart: ['shoes'] })
        own.authenticate('guest', { keepSessionInfo: true })(req, res, (error?: unknown) => {
          if (error) next(error)
          else res.json(req.session)
        })
      })
      host.get('/login-by-hand', (req, res, next) => {
        User.create({ username: `by-hand-${Date.now()}-${Math.random()}` }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
      host.get('/callback', (req, res, next) => {
        own.authenticate('guest', (error: unknown, user?: Express.User | false | null) => {
          if (error) next(error)
          else res.json({ username: user ? (user as User).username : null, user: req.user ?? null })
        })(req, res, next)
      })
    },
  })
})
after(() => app.close())

const invite = (email: string) => app.Visitor.create({ email, scope: 'foo' })

describe('a strategy object that parallel requests share', () => {
  it('gives each request its own guest', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => app.browser().get('/shared-play').expect(200)),
    )
    const ids = answers.map((answer) => body(answer).user?.id)
    assert.equal(new Set(ids).size, 12)
    assert.ok(!ids.includes(undefined))
  })

  it('gives each request its own visitor, and refuses those with a forged token', async () => {
    const passes = await Promise.all(Array.from({ length: 6 }, (_, i) => invite(`ginger${i}@example.test`)))
    const links = passes.flatMap((pass, i) => [pass.tokenise('/shared-visit'), `/shared-visit?vuid=bad${i}`])
    const answers = await Promise.all(links.map((link) => app.browser().get(link).redirects(1)))
    answers.forEach((answer, i) => {
      if (i % 2 === 1) assert.equal(body(answer).visitor, null)
      else assert.equal(body(answer).visitor?.email, `ginger${i / 2}@example.test`)
    })
  })
})

describe('Passport’s own options', () => {
  it('assignProperty receives the guest, and the guest is not logged in', async () => {
    const browser = app.browser()
    const { player, user } = (await browser.get('/assigned').expect(200)).body as {
      player: string
      user: null
    }
    assert.match(player, /^[0-9a-f]{32}$/)
    assert.equal(user, null)
    assert.equal(body(await browser.get('/who')).user, null)
  })

  it('session: false creates a guest for this request only', async () => {
    const browser = app.browser()
    assert.equal(body(await browser.get('/sessionless').expect(200)).isGuest, true)
    assert.equal(body(await browser.get('/who')).user, null)
  })

  it('keepSessionInfo keeps all session data at the login of the guest', async () => {
    const kept = (await app.browser().get('/kept').expect(200)).body as { cart: string[] }
    assert.deepEqual(kept.cart, ['shoes'])
  })

  it('a callback of the application decides whether the guest is logged in', async () => {
    const { username, user } = (await app.browser().get('/callback').expect(200)).body as Record<
      string,
      unknown
    >
    assert.match(String(username), /^[0-9a-f]{32}$/)
    assert.equal(user, null)
  })
})

describe('an exception while the strategy responds', () => {
  it('is passed to the error handler, and the request does not hang', async () => {
    const broken = (): never => {
      throw new Error('broken below')
    }
    const browser = stack((host, own) => {
      host.use(sessions())
      host.use(own.session())
      host.get('/play', (req, _res, next) => {
        Object.assign(req, { logIn: broken })
        next()
      })
      host.get('/redeem', (_req, res, next) => {
        const setHeader = res.setHeader.bind(res)
        res.setHeader = (name, value) => (name === 'Location' ? broken() : setHeader(name, value))
        next()
      })
      host.get('/play', own.authenticate('guest'))
      host.use(own.authenticate('visitor-token'))
    })
    const pass = await invite('ginger@example.test')
    for (const path of ['/play', pass.tokenise('/redeem')]) {
      const { status, message } = await answer(browser.get(path))
      assert.deepEqual([status, message], [500, 'broken below'])
    }
  })
})

describe('req.login and req.logout', () => {
  it('a login by req.login as a regular user succeeds, and ends the visit', async () => {
    const browser = app.browser()
    await browser.get((await invite('ginger@example.test')).tokenise('/who'))
    const who = body(await browser.get('/login-by-hand').expect(200))
    assert.equal(who.isRegularUser, true)
    assert.equal(body(await browser.get('/who')).isVisitor, false)
  })
})

/** A small stack of its own on the same models, for setups that are wrong or unusual. */
function stack(
  build: (host: ReturnType<typeof express>, own: Authenticator) => void,
): ReturnType<typeof supertest.agent> {
  const own = authenticator()
  own.use(new VisitorTokenStrategy({ Visitor: app.Visitor }))
  own.use(new GuestStrategy({ Guest: app.Guest }))
  own.serializeUser(app.Guest.serializeUser)
  own.deserializeUser(app.Guest.deserializeUser)
  const host = express()
  build(host, own)
  host.get('/who', (req, res) => {
    res.json(whoIs(req))
  })
  const report: ErrorRequestHandler = (
    error: Error & { status?: number; code?: string },
    _req,
    res,
    _next,
  ) => {
    res.status(error.status ?? 500).json({ code: error.code, message: error.message })
  }
  host.use(report)
  return supertest.agent(host).set('User-Agent', BROWSER)
}
const sessions = () => session({ secret: 'x', resave: false, saveUninitialized: false })
const answer = async (
  request: supertest.Test,
): Promise<{ status: number; code: string; message: string }> => {
  const { status, body: json } = await request
  return { status, ...(json as { code: string; message: string }) }
}

describe('a wrong set-up', () => {
  it('without session middleware, both strategies fail with an error that names it', async () => {
    const browser = stack((host, own) => {
      host.get('/visit', own.authenticate('visitor-token'))
      host.get('/play', own.authenticate('guest'))
    })
    for (const path of ['/visit', '/play']) {
      const { status, code, message } = await answer(browser.get(path))
      assert.deepEqual([status, code], [500, 'ERR_SESSION_REQUIRED'])
      assert.match(message, /app\.use\(session\(/)
    }
  })

  it('with session middleware after the strategy, the request fails with the same error', async () => {
    const browser = stack((host, own) => {
      host.use(own.authenticate('visitor-token'))
      host.use(sessions())
    })
    assert.equal((await answer(browser.get('/who'))).code, 'ERR_SESSION_REQUIRED')
  })

  it('with cookie-session, the error states that the session cannot be renewed, and no row is created', async () => {
    const before = await app.User.count()
    const browser = stack((host, own) => {
      host.use(cookieSession({ secret: 'x' }))
      host.use(own.session())
      host.use(own.authenticate('visitor-token'))
      host.get('/play', own.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
    })
    assert.equal((await answer(browser.get('/play'))).code, 'ERR_SESSION_RENEWAL_UNSUPPORTED')
    assert.equal(await app.User.count(), before)
    const pass = await invite('ginger@example.test')
    assert.equal((await answer(browser.get(pass.tokenise('/who')))).code, 'ERR_SESSION_RENEWAL_UNSUPPORTED')
    assert.equal((await browser.get('/who')).status, 200)
  })

  it('without passport.session(), the second request fails with an error and creates no second guest', async () => {
    const before = await app.Guest.count()
    const browser = stack((host, own) => {
      host.use(sessions())
      host.get('/play', own.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
    })
    assert.equal((await browser.get('/play')).status, 200)
    const { status, code, message } = await answer(browser.get('/play'))
    assert.deepEqual([status, code], [500, 'ERR_MIDDLEWARE_ORDER'])
    assert.match(message, /passport\.session\(\)/)
    assert.equal(await app.Guest.count(), before + 1)
  })

  it('with passport.session() after visitor-token, redeeming does not log the user out', async () => {
    const browser = stack((host, own) => {
      host.use(sessions())
      host.use(own.authenticate('visitor-token'))
      host.use(own.session())
      host.get('/play', own.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
    })
    const guest = body(await browser.get('/play').expect(200))
    await browser.get((await invite('ginger@example.test')).tokenise('/who')).expect(303)
    const who = body(await browser.get('/who').expect(200))
    assert.equal(who.user?.id, guest.user?.id)
    assert.equal(who.isVisitor, true)
  })

  it('with a session store that fails, the request fails with one error and does not hang', async () => {
    class BrokenStore extends session.MemoryStore {
      override destroy = (_id: string, done?: (error?: unknown) => void): void =>
        done?.(new Error('the store is down'))
    }
    const browser = stack((host, own) => {
      host.use(session({ store: new BrokenStore(), secret: 'x', resave: false, saveUninitialized: false }))
      host.use(own.session())
      host.use(own.authenticate('visitor-token'))
      host.get('/play', own.authenticate('guest'))
    })
    const pass = await invite('ginger@example.test')
    for (const path of ['/play', pass.tokenise('/who')]) {
      const { status, message } = await answer(browser.get(path))
      assert.deepEqual([status, message], [500, 'the store is down'])
    }
  })
})

describe('two users models under one Authenticator', () => {
  it('restore only their own sessions, because the same key is a different user in each model', async () => {
    const { sequelize } = app
    const Staff = sequelize.define('Staff', { username: { type: DataTypes.STRING(150), allowNull: false } })
    const StaffGuest = defineGuestModel(sequelize, { User: Staff, modelName: 'StaffGuest' })
    await Staff.sync()
    await StaffGuest.sync()
    const boss = await Staff.create({ username: 'boss' })
    const key: unknown = boss.get('id')
    await app.User.findOrCreate({
      where: { id: key as number },
      defaults: { username: `customer ${String(key)}` },
    })
    const show: RequestHandler = (req, res) => {
      res.json({ is: req.user?.constructor.name ?? null })
    }
    for (const order of [
      [app.Guest, StaffGuest],
      [StaffGuest, app.Guest],
    ] as const) {
      const both = authenticator()
      for (const Guest of order) {
        both.serializeUser(Guest.serializeUser)
        both.deserializeUser(Guest.deserializeUser)
      }
      const browser = stack((host) => {
        host.use(sessions())
        host.use(both.session())
        host.get(
          '/login/:model',
          (req, res, next) => {
            const model = req.params['model'] === 'Staff' ? Staff : app.User
            model.findByPk(key as number, { rejectOnEmpty: true }).then((user) => {
              req.login(user, next)
            }, next)
          },
          show,
        )
        host.get('/show', show)
      })
      for (const model of ['Staff', 'User']) {
        await browser.get(`/login/${model}`).expect(200)
        assert.deepEqual((await browser.get('/show').expect(200)).body, { is: model })
      }
    }
  })
})

describe('two Authenticators in one application', () => {
  it('keep their guests separate, each in its own users model and its own session', async () => {
    const { sequelize } = app
    const Admin = sequelize.define('Admin', {
      username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
    })
    const AdminGuest = defineGuestModel(sequelize, { User: Admin, modelName: 'AdminGuest' })
    await Admin.sync()
    await AdminGuest.sync()
    await sequelize.model('AdminGuestOutcome').sync()
    const admins = authenticator()
    admins.use(new GuestStrategy({ Guest: AdminGuest, generateUsername: () => `admin-${Math.random()}` }))
    admins.serializeUser(AdminGuest.serializeUser)
    admins.deserializeUser(AdminGuest.deserializeUser)
    const show: RequestHandler = (req, res) => {
      res.json(whoIs(req))
    }
    const browser = stack((host, own) => {
      host.use(
        '/site',
        session({ name: 'site', secret: 'x', resave: false, saveUninitialized: false }),
        own.session(),
      )
      host.use(
        '/admin',
        session({ name: 'admin', secret: 'x', resave: false, saveUninitialized: false }),
        admins.session(),
      )
      host.get('/site/play', own.authenticate('guest'), show)
      host.get('/admin/play', admins.authenticate('guest'), show)
      host.get(['/site/who', '/admin/who'], show)
    })
    const site = body(await browser.get('/site/play').expect(200))
    assert.equal(body(await browser.get('/admin/who')).user, null)
    const admin = body(await browser.get('/admin/play').expect(200))
    assert.match(admin.user?.username ?? '', /^admin-/)
    assert.equal(await AdminGuest.count(), 1)
    for (const [path, expected] of [
      ['/site/who', site],
      ['/admin/who', admin],
    ] as const) {
      const who = body(await browser.get(path))
      assert.deepEqual([who.user, who.isGuest], [expected.user, true])
    }
    await AdminGuest.convert(admin.user?.id ?? 0, { username: 'root' })
    assert.equal(body(await browser.get('/admin/who')).user, null)
    assert.equal(body(await browser.get('/site/who')).isGuest, true)
  })
})

describe('Express’s query', () => {
  for (const parser of ['simple', 'extended', false] as const) {
    it(`may be read-only and parsed by the ${String(parser)} parser`, async () => {
      const browser = stack((host, own) => {
        host.set('query parser', parser)
        host.use((req, _res, next) => {
          const query: unknown = req.query
          Object.defineProperty(req, 'query', { get: () => query, configurable: true })
          next()
        })
        host.use(sessions())
        host.use(own.session())
        host.use(own.authenticate('visitor-token'))
      })
      const pass = await invite('ginger@example.test')
      const token = pass.tokenise('').slice('?vuid='.length)
      const redeemed = await browser.get(`/who?a[b]=1&vuid=${token}&a[b]=2`).expect(303)
      assert.equal(redeemed.headers['location'], '/who?a[b]=1&a[b]=2')
      await browser.get(`/who?vuid=${token}&vuid=${token}`).expect(303).expect('Location', '/who')
      assert.equal(body(await browser.get('/who?vuid[$ne]=1').expect(200)).visitor, null)
    })
  }

  it('keeps the path of the whole application if the strategy is mounted on a path', async () => {
    const browser = stack((host, own) => {
      host.use(sessions())
      host.use(own.session())
      host.use('/inner', own.authenticate('visitor-token'), (req, res) => {
        res.json(whoIs(req))
      })
    })
    const pass = await invite('ginger@example.test')
    const redeemed = await browser.get(pass.tokenise('/inner/page?x=1')).expect(303)
    assert.equal(redeemed.headers['location'], '/inner/page?x=1')
  })
})

describe('userProperty', () => {
  it('is respected: a user who is logged in under another property does not become a new guest', async () => {
    const before = await app.Guest.count()
    const browser = stack((host, own) => {
      host.use(sessions())
      host.use(own.initialize({ userProperty: 'account' }))
      host.use(own.session())
      host.get('/play', own.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
    })
    await browser.get('/play').expect(200)
    const second = body(await browser.get('/play').expect(200))
    assert.equal(second.isGuest, true)
    assert.equal(await app.Guest.count(), before + 1)
  })
})
