import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { SessionOptions } from 'express-session'
import { convertRouter, endVisit } from '../../src/index.js'
import {
  express,
  startApplication,
  whoIs,
  type TestApp,
  type TestAppOptions,
  type Who,
} from '../support/application.js'
import { ginger } from '../guest/conversion/stage.js'
import { DAY, later, MINUTE } from '../support/clock.js'
import { whileStoreFails } from '../support/failing-store.js'
import { pgSimple } from '../support/session-stores.js'

/** Ends the requests to `/slow` that are under way. */
let finish: () => void = () => undefined
let hasBegun: Promise<void> = Promise.resolve()

async function start(
  options: TestAppOptions = {},
  hashPassword: () => string | Promise<string> = () => 'hash',
): Promise<TestApp> {
  let begin: () => void = () => undefined
  hasBegun = new Promise((resolve) => (begin = resolve))
  const released = new Promise<void>((resolve) => (finish = resolve))
  const app = await startApplication({
    ...options,
    routes(host, { passport, Guest }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => res.json(whoIs(req)))
      host.get('/session', (req, res) => res.json(req.session))
      host.get('/slow', (req, res) => {
        begin()
        void released.then(() => {
          Object.assign(req.session, { cart: ['shoes'] })
          res.json(whoIs(req))
        })
      })
      host.post('/end', (req, res, next) => {
        endVisit(req).then(() => res.json(whoIs(req)), next)
      })
      host.post('/end-and-convert', (req, _res, next) => {
        req.url = '/convert'
        endVisit(req).then(() => {
          next()
        }, next)
      })
      host.post('/logout', (req, res, next) => {
        req.logout((error) => {
          if (error) next(error)
          else res.json(whoIs(req))
        })
      })
      host.use(express.urlencoded({ extended: false }))
      host.use('/convert', convertRouter({ Guest, hashPassword }))
    },
  })
  await app.User.bulkCreate([{ username: 'fred' }, { username: 'adele' }])
  return app
}

type Browser = ReturnType<TestApp['browser']>
const logIn = (browser: Browser, username = 'fred') =>
  browser.post('/login').type('form').send({ username, password: 'x' }).expect(200)
const invite = (app: TestApp, values: object = {}) =>
  app.Visitor.create({ email: 'ginger@example.test', scope: 'foo', ...values })
const who = async (browser: Browser): Promise<Who> => (await browser.get('/who').expect(200)).body as Who
const cookieOf = (headers: object): string =>
  ((headers as { 'set-cookie'?: string[] })['set-cookie'] ?? [])
    .filter((cookie) => cookie.startsWith('visitor-binding='))
    .at(-1) ?? ''

/** A browser that is logged in, and has redeemed a link then. */
async function visiting(app: TestApp, values: object = {}) {
  const browser = app.browser()
  await logIn(browser)
  const pass = await invite(app, values)
  const { headers } = await browser.get(pass.tokenise('/who')).expect(303)
  return { browser, pass, cookie: cookieOf(headers) }
}

const configurations: [string, Partial<SessionOptions>, boolean?][] = [
  ['resave: false', {}],
  ['resave: true', { resave: true }],
  ['resave: true, rolling: true', { resave: true, rolling: true }],
  ['resave: true, in PostgreSQL', { resave: true }, true],
]

describe('a visit that begins inside a login', () => {
  it('survives a conversion that renews the session at the same time', async () => {
    let convert: (() => Promise<unknown>) | undefined
    const app = await start({}, async () => {
      await convert?.()
      return 'hash'
    })
    try {
      const browser = app.browser()
      await browser.get('/play').expect(200)
      const { cookies } = (await browser.get('/convert')).request as unknown as { cookies: string }
      const pass = await invite(app)
      let binding = ''
      convert = async () => {
        const { headers } = await app.browser().get(pass.tokenise('/who')).set('Cookie', cookies).expect(303)
        binding = cookieOf(headers).split(';')[0] ?? ''
      }
      const converted = await app.browser().post('/convert').set('Cookie', cookies).type('form').send(ginger)
      const session = String(converted.headers['set-cookie']).split(';')[0] ?? ''
      const page = async (cookie: string) => {
        const { body, headers } = await app
          .browser()
          .get('/who')
          .set('Cookie', `${session}; ${cookie}`)
          .expect(200)
        const cache = String((headers as Record<string, unknown>)['cache-control'])
        return { ...(body as Who), binding: cookieOf(headers).split(';')[0] ?? '', cache }
      }
      const next = await page(binding)
      assert.deepEqual([next.isRegularUser, next.visitor?.id], [true, pass.id])
      assert.match(next.cache, /private|no-store/)
      // From now on the visit is bound to the new session.
      const last = await later(MINUTE, () => page(next.binding))
      assert.deepEqual([last.isRegularUser, last.visitor?.id, last.binding], [true, pass.id, ''])
      assert.equal((await later(MINUTE, () => page(binding))).visitor, null)
    } finally {
      await app.close()
    }
  })

  for (const [name, options, inPostgres = false] of configurations) {
    it(
      `survives a request that saves the session as it was before the visit (${name})`,
      { skip: inPostgres && pgSimple.skip },
      async () => {
        const opened = inPostgres ? await pgSimple.open() : undefined
        const app = await start({ session: { ...options, ...(opened && { store: opened.store }) } })
        try {
          const browser = app.browser()
          await logIn(browser)
          const slow = browser.get('/slow').then((response) => response.body as Who)
          await hasBegun
          const pass = await invite(app)
          await browser.get(pass.tokenise('/who')).expect(303).expect('Location', '/who')
          finish()
          assert.equal((await slow).isVisitor, false)
          const { user, visitor } = await who(browser)
          assert.deepEqual([user?.username, visitor?.id], ['fred', pass.id])
          const stored = (await browser.get('/session')).body as { cart?: string[] }
          assert.deepEqual(stored.cart, ['shoes'])
          assert.equal('visitor:session' in stored, false)
        } finally {
          await app.close()
          await opened?.close()
        }
      },
    )
  }

  let app: TestApp
  before(async () => {
    app = await start()
  })
  after(() => app.close())

  it('does not depend on the session store', async () => {
    const browser = app.browser()
    await logIn(browser)
    const pass = await invite(app, { maxUses: 1 })
    await whileStoreFails(app.store, () => browser.post(pass.tokenise('/who')).expect(303))
    assert.equal((await who(browser)).visitor?.id, pass.id)
  })

  it('is replaced by the visit of a second pass', async () => {
    const { browser } = await visiting(app)
    const second = await invite(app)
    await browser.get(second.tokenise('/who')).expect(303)
    assert.equal((await who(browser)).visitor?.id, second.id)
  })

  it('replaces a visit that began before a guest was made', async () => {
    const browser = app.browser()
    await browser.get((await invite(app)).tokenise('/who')).expect(303)
    await browser.get('/play').expect(200)
    const second = await invite(app)
    await browser.get(second.tokenise('/who')).expect(303)
    assert.equal((await who(browser)).visitor?.id, second.id)
    await second.deactivate()
    assert.equal((await who(browser)).isVisitor, false)
    assert.equal((await who(browser)).isVisitor, false)
  })

  it('counts one use for a link that is followed again, and is not prolonged by it', async () => {
    const { browser, pass } = await visiting(app, { sessionExpiry: 60 })
    await later(50, () => browser.get(pass.tokenise('/who')).expect(303))
    assert.equal((await pass.reload()).uses, 1)
    await later(61, async () => {
      assert.equal((await who(browser)).isVisitor, false)
    })
  })

  it('ends with a logout, and its cookie opens nothing in the next login', async () => {
    const { browser, cookie } = await visiting(app)
    await browser.post('/logout').expect(200)
    assert.equal((await who(browser)).isVisitor, false)
    for (const name of ['fred', 'adele']) {
      const other = app.browser()
      await logIn(other, name)
      const response = await other.get('/who').set('Cookie', cookie.split(';', 1)[0] ?? '')
      assert.equal((response.body as Who).isVisitor, false)
    }
    await logIn(browser)
    assert.equal((await who(browser)).isVisitor, false)
  })

  it('opens nothing without the login', async () => {
    const { cookie } = await visiting(app)
    const response = await app
      .browser()
      .get('/who')
      .set('Cookie', cookie.split(';', 1)[0] ?? '')
    assert.equal((response.body as Who).isVisitor, false)
  })

  it('is kept when the guest converts, with its end', async () => {
    const browser = app.browser()
    const before = (await browser.get('/play').expect(200)).body as Who
    const pass = await invite(app, { sessionExpiry: 60 })
    await browser.get(pass.tokenise('/who')).expect(303)
    await browser.post('/convert').type('form').send(ginger).expect(303)
    const converted = await who(browser)
    assert.notEqual(converted.sessionID, before.sessionID)
    assert.deepEqual([converted.isRegularUser, converted.visitor?.id], [true, pass.id])
    await later(61, async () => {
      assert.equal((await who(browser)).isVisitor, false)
    })
  })

  for (const [name, end] of [
    ['deactivated', (pass) => pass.deactivate()],
    ['reissued', (pass) => pass.reissue()],
    ['deleted', (pass) => pass.destroy()],
  ] as [string, (pass: Awaited<ReturnType<typeof invite>>) => Promise<unknown>][]) {
    it(`ends when its pass is ${name}, and its cookie is removed`, async () => {
      const { browser, pass } = await visiting(app)
      await end(pass)
      const response = await browser.get('/who')
      const { isVisitor, user } = response.body as Who
      assert.deepEqual([isVisitor, user?.username], [false, 'fred'])
      assert.match(cookieOf(response.headers), /^visitor-binding=; .*Expires=Thu, 01 Jan 1970/)
    })
  }

  it('does not come back as that of the next guest when the user is deleted', async () => {
    const app = await start()
    const browser = app.browser()
    await logIn(browser)
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    await browser.get(pass.tokenise('/who'))
    await app.User.destroy({ where: { username: 'fred' } })
    const guest = (await browser.get('/play').expect(200)).body as Who
    assert.deepEqual([guest.isGuest, guest.visitor], [true, null])
    assert.equal(((await browser.get('/who').expect(200)).body as Who).visitor, null)
    await app.close()
  })

  it('does not come back by a conversion on the same request when endVisit has ended it', async () => {
    const app = await start()
    const browser = app.browser()
    await browser.get('/play').expect(200)
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    await browser.get(pass.tokenise('/who'))
    await browser
      .post('/end-and-convert')
      .type('form')
      .send({ username: 'ginger', password: 'correct horse', passwordAgain: 'correct horse' })
      .expect(303)
    const { user, visitor } = (await browser.get('/who').expect(200)).body as Who
    assert.deepEqual([user?.username, visitor], ['ginger', null])
    await app.close()
  })

  it('ends by endVisit, which removes its cookie and leaves the user logged in', async () => {
    const { browser } = await visiting(app)
    const response = await browser.post('/end').expect(200)
    assert.match(cookieOf(response.headers), /^visitor-binding=; .*Expires=Thu, 01 Jan 1970/)
    const { isVisitor, user } = await who(browser)
    assert.deepEqual([isVisitor, user?.username], [false, 'fred'])
  })

  it('ends by endVisit also for a client that keeps its cookie; the link opens it again', async () => {
    const { browser, pass, cookie } = await visiting(app, { sessionExpiry: null })
    await browser.post('/end').expect(200)
    const [pair = ''] = cookie.split(';', 1)
    const copied = (await browser.get('/who').set('Cookie', pair).expect(200)).body as Who
    assert.deepEqual([copied.isVisitor, copied.user?.username], [false, 'fred'])
    await browser.get(pass.tokenise('/who')).expect(303)
    assert.equal((await who(browser)).visitor?.id, pass.id)
  })

  it('does not come back by a conversion that was under way when endVisit ended it in another tab', async () => {
    let end: (() => Promise<unknown>) | undefined
    const app = await start({}, async () => {
      await end?.()
      return 'hash'
    })
    try {
      const browser = app.browser()
      await browser.get('/play').expect(200)
      const pass = await invite(app)
      const [pair = ''] = cookieOf((await browser.get(pass.tokenise('/who'))).headers).split(';', 1)
      end = () => browser.post('/end').expect(200)
      await browser.post('/convert').type('form').send(ginger).expect(303)
      const { isRegularUser, visitor } = await who(browser)
      assert.deepEqual([isRegularUser, visitor], [true, null])
      const copied = (await browser.get('/who').set('Cookie', pair).expect(200)).body as Who
      assert.equal(copied.visitor, null)
    } finally {
      await app.close()
    }
  })

  it('ends by endVisit also for a client that keeps its cookie over a conversion', async () => {
    const app = await start()
    try {
      const browser = app.browser()
      await browser.get('/play').expect(200)
      const pass = await invite(app)
      const [pair = ''] = cookieOf((await browser.get(pass.tokenise('/who'))).headers).split(';', 1)
      const converted = await browser.post('/convert').type('form').send(ginger).expect(303)
      const [session = ''] = String(converted.headers['set-cookie']).split(';', 1)
      // Without the cookie the visit is in the session.
      const anew = app.browser()
      assert.equal(((await anew.post('/end').set('Cookie', session).expect(200)).body as Who).visitor, null)
      const copied = await app.browser().get('/who').set('Cookie', `${session}; ${pair}`).expect(200)
      assert.equal((copied.body as Who).visitor, null)
    } finally {
      await app.close()
    }
  })

  it('is over for good when a later one has replaced it while the guest was converted', async () => {
    let convert: (() => Promise<unknown>) | undefined
    const app = await start({}, async () => {
      await convert?.()
      return 'hash'
    })
    try {
      const browser = app.browser()
      await browser.get('/play').expect(200)
      const [first, second] = await Promise.all([
        invite(app, { sessionExpiry: null }),
        invite(app, { email: 'fred@example.test', sessionExpiry: 60 }),
      ])
      await browser.get(first.tokenise('/who')).expect(303)
      convert = () => browser.get(second.tokenise('/who')).expect(303)
      await browser.post('/convert').type('form').send(ginger).expect(303)
      assert.equal((await who(browser)).visitor?.id, second.id)
      await later(61, async () => {
        assert.equal((await who(browser)).visitor, null)
      })
    } finally {
      await app.close()
    }
  })

  it('ends on the server, for a client that keeps its cookie for longer', async () => {
    for (const [sessionExpiry, pattern, lasts] of [
      [60, /; Max-Age=60; /, 60],
      [0, /^(?!.*Max-Age)/, DAY],
    ] as const) {
      const { browser, cookie, pass } = await visiting(app, { sessionExpiry })
      assert.match(cookie, pattern)
      const [pair = ''] = cookie.split(';', 1)
      const isVisitor = async () =>
        ((await browser.get('/who').set('Cookie', pair)).body as Who).visitor?.id === pass.id
      await later(lasts - 5, async () => {
        assert.equal(await isVisitor(), true)
      })
      await later(lasts + 5, async () => {
        assert.equal(await isVisitor(), false)
      })
    }
  })

  it('lasts as long as the login with sessionExpiry: null', async () => {
    const { browser, cookie, pass } = await visiting(app, { sessionExpiry: null })
    assert.match(cookie, /; Max-Age=34560000; /)
    await later(100 * DAY, async () => {
      assert.equal((await who(browser)).visitor?.id, pass.id)
    })
  })

  it('is found by one statement, and a forged cookie is refused without one', async () => {
    const { browser, cookie } = await visiting(app)
    const [pair = ''] = cookie.split(';', 1)
    const statements = async (request: () => PromiseLike<{ body: unknown }>) => {
      app.database.takeStatements()
      const { isVisitor } = (await request()).body as Who
      return [isVisitor, app.database.takeStatements().filter((sql) => /visitors/i.test(sql)).length]
    }
    assert.deepEqual(await statements(() => browser.get('/who')), [true, 1])
    const other = app.browser()
    await logIn(other)
    for (const forged of [
      pair,
      `${pair.slice(0, -1)}${pair.endsWith('A') ? 'B' : 'A'}`,
      'visitor-binding=e30.zzzzzz.x',
    ])
      assert.deepEqual(await statements(() => other.get('/who').set('Cookie', forged)), [false, 0])
  })
})

describe('a visit that begins inside a login, without a secret', () => {
  it('is bound by the uuid of its pass', async () => {
    const app = await start({ visitor: { secret: false } })
    try {
      const { browser, pass, cookie } = await visiting(app)
      assert.equal((await who(browser)).visitor?.id, pass.id)
      const other = app.browser()
      await logIn(other, 'adele')
      const stolen = await other.get('/who').set('Cookie', cookie.split(';', 1)[0] ?? '')
      assert.equal((stolen.body as Who).isVisitor, false)
      await pass.reissue()
      assert.equal((await who(browser)).isVisitor, false)
    } finally {
      await app.close()
    }
  })

  it('is not found by a cookie that names no possible key, and the page is shown', async () => {
    const app = await start({ visitor: { secret: false } })
    try {
      const browser = app.browser()
      await logIn(browser)
      for (const id of ['1.5', '2147483648', '1e308', '-1', '"1"']) {
        const entry = `{"id":${id},"model":"Visitor","link":"x","until":null}`
        const cookie = `visitor-binding=${Buffer.from(entry).toString('base64url')}.zz.zz`
        const response = await browser.get('/who').set('Cookie', cookie).expect(200)
        assert.equal((response.body as Who).isVisitor, false)
      }
    } finally {
      await app.close()
    }
  })
})
