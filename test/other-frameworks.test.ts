import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import { collectFindings } from '../src/checks/runtime/request-checks.js'
import type { Finding } from '../src/checks/finding.js'
import { settled } from '../src/http/session.js'
import { ensureGuest, ensureVisitor, GuestRequired, mergeGuest, SCOPE_ANY } from '../src/index.js'
import { warningsOf } from './checks/stage.js'
import { BROWSER, express, startApplication, whoIs, type TestApp, type Who } from './support/application.js'

/** Opens a session for the user whom an `authGuard` has put on the request, as its method `logIn` does. */
const logIn: RequestHandler = (req, _res, next) => {
  assert.ok(req.user)
  req.logIn(req.user, next)
}

/** Calls Passport as `AuthGuard(name)` of `@nestjs/passport` does, with Express's request and response. */
function authGuard(
  passport: TestApp['passport'],
  name: string,
  settings: { readonly property?: string; readonly session?: boolean } = {},
  version: 11 | 12 = 11,
): RequestHandler {
  return (req, res, next) => {
    const options = { session: false, property: 'user', ...settings }
    const { property, ...withoutProperty } = options
    const answered = new Promise<unknown>((resolve, reject) => {
      const callback = (error: unknown, user: unknown): void => {
        if (error || !user)
          reject(error instanceof Error ? error : Object.assign(new Error(), { status: 401 }))
        else resolve(user)
      }
      const middleware = passport.authenticate(
        name,
        version === 11 ? options : withoutProperty,
        callback,
      ) as RequestHandler
      middleware(req, res, (error?: unknown) => {
        if (error instanceof Error) reject(error)
        else resolve(undefined) // the strategy passed: the guard admits the request
      })
    })
    answered.then((user) => {
      Reflect.set(req, property, user)
      next()
    }, next)
  }
}

/** Runs a middleware as `guard` of examples/nestjs does. */
function guard(middleware: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const admitted = settled((done) => {
      void middleware(req, res, done)
    })
    admitted.then(() => {
      next()
    }, next)
  }
}

/** `guestGuard` of examples/nestjs. */
function guestGuard(passport: TestApp['passport']): RequestHandler {
  return guard((req, res, next) => {
    const done = (error?: unknown): void => {
      next(error ?? (req.user ? undefined : new GuestRequired(401)))
    }
    void (passport.authenticate('guest') as RequestHandler)(req, res, done)
  })
}

describe("NestJS's AuthGuard", () => {
  let app: TestApp
  before(async () => {
    app = await startApplication({
      guestStrategy: { limiter: { consume: () => Promise.resolve() } },
      routes(host, { passport, Guest }) {
        const answer: RequestHandler = (req, res) => {
          res.json(whoIs(req))
        }
        host.get('/play', authGuard(passport, 'guest'), answer)
        host.get('/play-with-session', authGuard(passport, 'guest', { session: true }), answer)
        host.get('/reference', authGuard(passport, 'visitor-token', { property: 'visitor' }), answer)
        host.get('/wrong', authGuard(passport, 'visitor-token'), answer)
        const parse = express.urlencoded({ extended: false })
        const merge = mergeGuest({ Guest })
        const login = authGuard(passport, 'local')
        const logout: RequestHandler = (req, _res, next) => {
          req.logout({ keepSessionInfo: true }, next)
        }
        host.post('/login-by-guard', merge, parse, login, logIn, answer)
        host.post('/switch-by-guard', merge, parse, logout, login, logIn, answer)
        host.get('/token', withoutSession, authGuard(passport, 'guest'), answer)
      },
    })
  })
  after(() => app.close())

  const withoutSession: RequestHandler = (req, _res, next) => {
    Object.assign(req, { session: undefined })
    next()
  }
  const who = (response: { body: unknown }): Who => response.body as Who

  for (const path of ['/play', '/play-with-session']) {
    it(`by 'guest' logs a guest in, who is the same in the next requests, also in Express: ${path}`, async () => {
      const browser = app.browser()
      const guests = await app.Guest.count()
      const first = who(await browser.get(path).expect(200))
      assert.equal(first.isGuest, true)
      assert.equal(who(await browser.get(path).expect(200)).user?.id, first.user?.id)
      assert.equal(who(await browser.get('/who').expect(200)).user?.id, first.user?.id)
      assert.equal(await app.Guest.count(), guests + 1)
    })
  }

  it("by 'guest' keeps a regular user", async () => {
    await app.User.create({ username: 'kim' })
    const browser = app.browser()
    await browser.post('/login').type('form').send({ username: 'kim', password: 'x' }).expect(200)
    const response = who(await browser.get('/play').expect(200))
    assert.equal(response.user?.username, 'kim')
    assert.equal(response.isRegularUser, true)
  })

  it("by 'guest' refuses a client who gets no guest", async () => {
    const guests = await app.Guest.count()
    await app.browser().get('/play').set('User-Agent', 'Googlebot/2.1').expect(401)
    assert.equal(await app.Guest.count(), guests)
  })

  it("by 'guest' without a session makes a guest for each request, and warns of that once", async () => {
    const emitted = await warningsOf(async () => {
      assert.equal(who(await app.browser().get('/token').expect(200)).isGuest, true)
      assert.equal(who(await app.browser().get('/token').expect(200)).isGuest, true)
    })
    assert.deepEqual(
      emitted.filter((code) => code === 'GUEST_NOT_REMEMBERED'),
      ['GUEST_NOT_REMEMBERED'],
    )
  })

  it('merges a guest at a login, although the guard has replaced req.user before it calls req.logIn', async () => {
    const account = await app.User.create({ username: 'merged-by-guard' })
    const browser = app.browser()
    const guest = who(await browser.get('/play').expect(200)).user
    const form = { username: account.username, password: 'x' }
    const response = who(await browser.post('/login-by-guard').type('form').send(form).expect(200))
    assert.equal(response.user?.id, account.id)
    assert.equal(response.isRegularUser, true)
    assert.equal(await app.User.findByPk(guest?.id), null)
    assert.equal(who(await browser.get('/who').expect(200)).user?.id, account.id)
  })

  it('merges no guest who was logged out before the login', async () => {
    const account = await app.User.create({ username: 'switched-by-guard' })
    const browser = app.browser()
    const guest = who(await browser.get('/play').expect(200)).user
    const form = { username: account.username, password: 'x' }
    await browser.post('/switch-by-guard').type('form').send(form).expect(200)
    assert.notEqual(await app.User.findByPk(guest?.id), null)
  })

  it("by 'visitor-token' admits visitors only, and leaves the user as it is", async () => {
    const browser = app.browser()
    await browser.get('/reference').expect(401)
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    await browser.get(pass.tokenise('/who')).expect(303)
    const visitor = who(await browser.get('/reference').expect(200))
    assert.equal(visitor.visitor?.id, pass.id)
    assert.equal(visitor.user, null)
    await browser.get('/play').expect(200)
    const both = who(await browser.get('/reference').expect(200))
    assert.equal(both.isGuest, true)
    assert.equal(both.isVisitor, true)
  })

  it("by 'visitor-token' for req.user fails with an error that names the remedy", async () => {
    const response = await app.browser().get('/wrong').expect(500)
    assert.match((response.body as { message: string }).message, /property: 'visitor'/)
  })
})

describe('NestJS with @nestjs/passport 12', () => {
  let app: TestApp
  const findings: Finding[] = []
  before(async () => {
    app = await startApplication({
      before(host) {
        host.use((req, _res, next) => {
          collectFindings(req, { isProduction: false, findings, seen: new Set() })
          next()
        })
      },
      routes(host, { passport }) {
        const answer: RequestHandler = (req, res) => {
          res.json(whoIs(req))
        }
        const fail: RequestHandler = (_req, _res, next) => {
          next(Object.assign(new Error(), { status: 418 }))
        }
        const logout: RequestHandler = (req, _res, next) => {
          req.logout(next)
        }
        host.get('/auth-guard', authGuard(passport, 'guest', {}, 12), answer)
        const withSession = authGuard(passport, 'guest', { session: true }, 12)
        host.get('/auth-guard-with-session', withSession, answer)
        host.get('/auth-guard-and-login', withSession, logIn, answer)
        host.get('/auth-guard-and-error', withSession, fail)
        host.get('/play', guestGuard(passport), answer)
        host.get('/play-and-logout', guestGuard(passport), logout, answer)
        host.get('/reference', guard(ensureVisitor('foo')), answer)
        host.get('/any', guard(ensureVisitor(SCOPE_ANY)), answer)
      },
    })
  })
  beforeEach(() => {
    findings.length = 0
  })
  after(() => app.close())

  const who = (response: { body: unknown }): Who => response.body as Who
  const isReported = (): boolean => findings.some(({ code }) => code === 'GUEST_NOT_REMEMBERED')

  async function loggedIn(username: string): Promise<ReturnType<TestApp['browser']>> {
    await app.User.create({ username })
    const browser = app.browser()
    await browser.post('/login').type('form').send({ username, password: 'x' }).expect(200)
    return browser
  }

  for (const path of ['/auth-guard', '/auth-guard-with-session']) {
    it(`its AuthGuard('guest') makes a guest whom no session remembers, which is reported: ${path}`, async () => {
      const browser = app.browser()
      assert.equal(who(await browser.get(path).expect(200)).isGuest, true)
      assert.equal(who(await browser.get('/who').expect(200)).user, null)
      assert.equal(isReported(), true)
    })
  }

  it('a guest whom the callback logs in is not reported, nor one whose request fails or ends the login', async () => {
    const browser = app.browser()
    const guest = who(await browser.get('/auth-guard-and-login').expect(200)).user
    assert.notEqual(guest, null)
    assert.equal(who(await browser.get('/who').expect(200)).user?.id, guest?.id)
    await app.browser().get('/auth-guard-and-error').expect(418)
    await app.browser().get('/play-and-logout').expect(200)
    await browser.get('/who').expect(200) // the response before it has finished
    assert.equal(isReported(), false)
  })

  for (const path of ['/auth-guard', '/play']) {
    it(`a regular user stays req.user: ${path}`, async () => {
      const browser = await loggedIn(`regular${path}`)
      const response = who(await browser.get(path).expect(200))
      assert.equal(response.user?.username, `regular${path}`)
      assert.equal(response.isRegularUser, true)
    })
  }

  it('the guard of the recipe makes a guest, who is the same in the next requests, and nothing is reported', async () => {
    const browser = app.browser()
    const guests = await app.Guest.count()
    const first = who(await browser.get('/play').expect(200))
    assert.equal(first.isGuest, true)
    assert.equal(who(await browser.get('/play').expect(200)).user?.id, first.user?.id)
    assert.equal(who(await browser.get('/who').expect(200)).user?.id, first.user?.id)
    assert.equal(await app.Guest.count(), guests + 1)
    assert.equal(isReported(), false)
  })

  it('the guard of the recipe refuses a bot', async () => {
    const guests = await app.Guest.count()
    await app.browser().get('/play').set('User-Agent', 'Googlebot/2.1').expect(401)
    assert.equal(await app.Guest.count(), guests)
  })

  it('the guard of the recipe admits visitors only, of its scope or of any', async () => {
    const browser = app.browser()
    await browser.get('/reference').expect(403)
    await browser.get('/any').expect(403)
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'bar' })
    await browser.get(pass.tokenise('/who')).expect(303)
    await browser.get('/reference').expect(403)
    const visitor = who(await browser.get('/any').expect(200))
    assert.equal(visitor.visitor?.id, pass.id)
    assert.equal(visitor.user, null)
  })
})

describe('a handshake without Express, as by engine.use of Socket.IO', () => {
  let app: TestApp
  let origin: string
  let close: () => Promise<unknown>
  before(async () => {
    app = await startApplication({
      guestStrategy: { limiter: { consume: () => Promise.resolve() } },
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
    const { passport, store } = app
    const guarded: Readonly<Record<string, RequestHandler>> = {
      '/guest': ensureGuest,
      '/visitor': ensureVisitor('foo'),
    }
    const middlewares = [
      session({ store, secret: 'session secret', resave: false, saveUninitialized: false }),
      passport.session(),
      passport.authenticate('visitor-token'),
      passport.authenticate('guest'),
      (req: Request, res: Response, next: (error?: unknown) => void) => {
        const guard = guarded[new URL(req.url, 'http://host').pathname]
        if (guard) guard(req, res, next)
        else next()
      },
    ] as RequestHandler[]
    const server = createServer((req, res) => {
      Object.assign(req, { res }) // as engine.io does
      run(middlewares, req, res, (error) => {
        res.statusCode = error === undefined ? 200 : (error as { status: number }).status
        res.end(JSON.stringify(error === undefined ? whoIs(req as Request) : {}))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    close = () => new Promise((resolve) => server.close(resolve))
  })
  after(async () => {
    await close()
    await app.close()
  })

  async function shake(path: string, cookie = ''): Promise<{ status: number; who: Who; cookies: string[] }> {
    const response = await fetch(origin + path, { headers: { 'user-agent': BROWSER, cookie } })
    return {
      status: response.status,
      who: (await response.json()) as Who,
      cookies: response.headers.getSetCookie(),
    }
  }

  async function cookieOf(path: string): Promise<string> {
    const response = await fetch(app.origin + path, {
      headers: { 'user-agent': BROWSER },
      redirect: 'manual',
    })
    return response.headers.getSetCookie().map((each) => each.split(';')[0])[0] ?? ''
  }

  it('has the guest of the session', async () => {
    const cookie = await cookieOf('/play')
    const { status, who } = await shake('/guest', cookie)
    assert.equal(status, 200)
    assert.equal(who.isGuest, true)
  })

  it('has the visitor of the session, and its visit is logged', async () => {
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const cookie = await cookieOf(pass.tokenise('/who'))
    const { status, who } = await shake('/visitor?transport=polling', cookie)
    assert.equal(status, 200)
    assert.equal(who.visitor?.id, pass.id)
    await app.VisitorLog.flush()
    assert.equal(await app.VisitorLog.count({ where: { visitorId: pass.id, path: '/visitor' } }), 1)
  })

  it('without a session makes no guest, redeems no link, and is refused by the guards', async () => {
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const guests = await app.Guest.count()
    const { status, who, cookies } = await shake(pass.tokenise('/'))
    assert.equal(status, 200)
    assert.deepEqual([who.user, who.visitor, cookies], [null, null, []])
    assert.equal((await shake('/guest')).status, 401)
    assert.equal((await shake(pass.tokenise('/visitor'))).status, 403)
    assert.equal(await app.Guest.count(), guests)
  })
})

/** Runs one middleware after the other, as `engine.io` does. */
function run(
  [first, ...others]: readonly RequestHandler[],
  req: IncomingMessage,
  res: ServerResponse,
  done: (error?: unknown) => void,
): void {
  if (first === undefined) {
    done()
    return
  }
  void first(req as Request, res as Response, (error?: unknown) => {
    if (error) done(error)
    else run(others, req, res, done)
  })
}
