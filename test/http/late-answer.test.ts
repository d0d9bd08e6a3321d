import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Application } from 'express'
import session, { MemoryStore, type SessionOptions, type Store } from 'express-session'
import { convertRouter, mergeGuest, type ConvertMessage } from '../../src/index.js'
import {
  express,
  startApplication,
  whoIs,
  type TestApp,
  type TestAppOptions,
  type User,
  type Who,
} from '../support/application.js'
import type { Test } from 'supertest'
import { later } from '../support/clock.js'
import { noteSessionEnd } from '../../src/http/stale-session.js'
import { whileStoreFails } from '../support/failing-store.js'
import { logIn } from '../guest/merge/stage.js'
import { fred, ginger, HTML, pathOf, post } from '../guest/conversion/stage.js'

let app: TestApp | undefined
afterEach(async () => {
  await app?.close()
  app = undefined
})

const mailbox: ConvertMessage[] = []

interface Choices {
  readonly onMerge?: () => unknown
  readonly verifies?: boolean
  readonly guestStrategy?: NonNullable<TestAppOptions['guestStrategy']>
  readonly visitorStrategy?: NonNullable<TestAppOptions['visitorStrategy']>
  /** How long a password is hashed, in milliseconds. */
  readonly hashMs?: number
  /** Runs before the session is mounted. */
  readonly before?: (host: Application) => void
  readonly pages?: (host: Application) => void
}

async function start(
  options: Partial<SessionOptions> = {},
  {
    onMerge,
    verifies = false,
    before,
    pages,
    hashMs = 0,
    guestStrategy = {},
    visitorStrategy = {},
  }: Choices = {},
): Promise<TestApp> {
  app = await startApplication({
    session: options,
    guestStrategy,
    visitorStrategy,
    ...(before && { before }),
    routes(host, { passport, Guest }) {
      pages?.(host)
      host.post(
        '/enter',
        express.urlencoded({ extended: false }),
        passport.authenticate('local'),
        (req, res) => {
          res.json(whoIs(req))
        },
      )
      host.use(mergeGuest({ Guest, ...(onMerge && { onMerge }) }))
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.post(
        '/local',
        express.urlencoded({ extended: false }),
        passport.authenticate('local'),
        (req, res) => {
          res.json(whoIs(req))
        },
      )
      host.post('/by-hand', (req, res, next) => {
        Guest.convert(req.user as User, { username: 'by hand' }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
      host.use(
        '/convert',
        convertRouter({
          Guest,
          hashPassword: () => pause(hashMs).then(() => 'hash'),
          ...(verifies && {
            verifyEmail: { baseUrl: 'https://example.test', send: (message) => mailbox.push(message) },
          }),
        }),
      )
    },
  })
  await app.User.create({ username: 'account' })
  return app
}

/** A browser in which a guest is logged in, and the cookie by which requests are under way. */
async function guest({ browser }: TestApp) {
  const fresh = browser()
  await fresh.get('/play').expect(200)
  return { browser: fresh, cookie: cookieOf(fresh) }
}

function cookieOf(browser: ReturnType<TestApp['browser']>): string {
  const { jar } = browser as unknown as {
    jar: { getCookies: (access: object) => { name: string; value: string }[] }
  }
  return jar
    .getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')
}

const ends: [string, (browser: ReturnType<TestApp['browser']>) => Promise<{ status: number }>, number][] = [
  ['logs in to an account', async (browser) => await logIn(browser, 'account'), 200],
  ['converts by the form', async (browser) => await post(browser, fred), 303],
  ['converts by hand', async (browser) => await browser.post('/by-hand'), 200],
]

describe('a late request, sent before the browser received its new session', () => {
  for (const options of [
    {},
    { rolling: true, cookie: { maxAge: 60_000 } },
    { resave: true, rolling: true },
    { saveUninitialized: true },
  ]) {
    for (const [what, end, status] of ends) {
      it(`a late request makes no guest and sets no cookie when the guest ${what}: ${JSON.stringify(options)}`, async () => {
        const host = await start(options)
        const { browser, cookie } = await guest(host)
        assert.equal((await end(browser)).status, status)
        const users = await host.User.count()
        const late = await host.browser().get('/play').set('Cookie', cookie).expect(200)
        assert.equal((late.body as Who).user, null)
        assert.equal(late.headers['set-cookie'], undefined)
        assert.equal(await host.User.count(), users)
        assert.equal(((await browser.get('/who')).body as Who).isRegularUser, true)
      })
    }
  }

  for (const [what, end, status] of ends) {
    it(`a late request with the session before that of the guest makes no guest when the guest ${what}`, async () => {
      const host = await start(
        {},
        {
          pages(app) {
            app.get('/begin', (req, res) => {
              Object.assign(req.session, { begun: true })
              res.end()
            })
          },
        },
      )
      const browser = host.browser()
      await browser.get('/begin').expect(200)
      const before = cookieOf(browser)
      await browser.get('/play').expect(200)
      assert.equal((await end(browser)).status, status)
      const users = await host.User.count()
      const late = await host.browser().get('/play').set('Cookie', before).expect(200)
      assert.deepEqual([(late.body as Who).user, late.headers['set-cookie']], [null, undefined])
      assert.equal(await host.User.count(), users)
    })
  }

  it('a late request to any other page sets no cookie where cookies roll', async () => {
    const host = await start({ rolling: true, cookie: { maxAge: 60_000 } })
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    const late = await host.browser().get('/who').set('Cookie', cookie).expect(200)
    assert.equal(late.headers['set-cookie'], undefined)
  })

  it('a late request makes no guest when the guest follows the link to their account', async () => {
    const host = await start({}, { verifies: true })
    const { browser, cookie } = await guest(host)
    await post(browser, ginger)
    const link = pathOf(mailbox.pop()?.link ?? '')
    await browser.post(link).set('Accept', HTML).expect(303)
    const late = await host.browser().get('/play').set('Cookie', cookie).expect(200)
    assert.equal(late.headers['set-cookie'], undefined)
  })

  it('a late request does not replace the account’s session at any moment of the login', async () => {
    const host = await start({ store: slow(new session.MemoryStore()) }, { onMerge: () => pause(20) })
    const { browser, cookie } = await guest(host)
    const headers = {
      cookie,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    }
    const login = { isDone: false }
    const loggedIn = logIn(browser, 'account').then((response) => {
      login.isDone = true
      return response
    })
    const polls: Promise<Response>[] = []
    while (!login.isDone) {
      polls.push(fetch(`${host.origin}/play`, { headers }))
      await pause(4)
    }
    assert.equal((await loggedIn).status, 200)
    const cookies = (await Promise.all(polls)).map((answer) => answer.headers.get('set-cookie'))
    assert.ok(cookies.length > 5)
    assert.deepEqual([...new Set(cookies)], [null])
    assert.equal(await host.Guest.count(), 0)
  })

  it('a late request can log in, as a double click on the button does', async () => {
    const host = await start()
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    const second = host.browser()
    const response = await logIn(second, 'account').set('Cookie', cookie).expect(200)
    assert.equal((response.body as Who).user?.username, 'account')
    assert.equal(((await second.get('/who')).body as Who).user?.username, 'account')
  })

  it('a late form sets no cookie where every session is stored', async () => {
    const host = await start({ saveUninitialized: true })
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    const late = await host
      .browser()
      .post('/convert')
      .set({ Cookie: cookie, Accept: HTML })
      .type('form')
      .send(fred)
    assert.equal(late.headers['set-cookie'], undefined)
  })

  it('a request with the old cookie makes a new guest after twenty seconds', async () => {
    const host = await start()
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    await later(21, async () => {
      const late = await host.browser().get('/play').set('Cookie', cookie).expect(200)
      assert.equal((late.body as Who).isGuest, true)
    })
  })
})

/** Pages that renew, end and write sessions in the application's own ways. */
function ownPages(host: Application): void {
  host.get('/login-page', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) next(error)
      else res.json('log in')
    })
  })
  host.post('/leave', (req, res, next) => {
    req.logout((error) => {
      if (error) next(error)
      else req.session.destroy(() => res.json('out'))
    })
  })
  host.post('/count', (req, res) => {
    const kept = req.session as { count?: number }
    kept.count = (kept.count ?? 0) + 1
    res.json(kept.count)
  })
}

describe('a session that the application itself renews or ends', () => {
  it('a late request that renews its session does not replace the account’s', async () => {
    const host = await start({}, { pages: ownPages })
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    const late = await host.browser().get('/login-page').set('Cookie', cookie).expect(200)
    assert.equal(late.headers['set-cookie'], undefined)
    await browser.get('/login-page').expect(200)
    assert.equal(((await browser.get('/who')).body as Who).user, null, 'a request that is not late may')
  })

  it('what takes back its own note of a session’s end leaves that of a login in another tab', async () => {
    const host = await start(
      { rolling: true, cookie: { maxAge: 60_000 } },
      {
        pages(app) {
          app.post('/fail', (req, res, next) => {
            noteSessionEnd(req, 'converted')
              .then((withdraw) => pause(200).then(withdraw))
              .then(() => res.json('failed'), next)
          })
        },
      },
    )
    const { browser, cookie } = await guest(host)
    const failing = host
      .browser()
      .post('/fail')
      .set('Cookie', cookie)
      .then((answer) => answer)
    await pause(50)
    await browser.post('/enter').type('form').send({ username: 'account', password: 'any' }).expect(200)
    assert.equal((await failing).headers['set-cookie'], undefined)
    const late = await host.browser().get('/who').set('Cookie', cookie).expect(200)
    assert.equal(late.headers['set-cookie'], undefined)
    assert.equal(((await browser.get('/who')).body as Who).user?.username, 'account')
  })

  /** A browser with an anonymous session, and its login in another tab while a request is under way. */
  async function overtake(host: TestApp, send: (browser: ReturnType<TestApp['browser']>) => Test) {
    const browser = host.browser()
    await browser.post('/count').expect(200)
    const tab = host.browser()
    const slow = send(tab)
      .set({ Cookie: cookieOf(browser), Accept: HTML })
      .then((answer) => answer)
    await pause(50)
    await browser.post('/enter').type('form').send({ username: 'account', password: 'any' }).expect(200)
    const answer = await slow
    assert.doesNotMatch(String(answer.headers['set-cookie']), /connect\.sid/)
    assert.equal(((await browser.get('/who')).body as Who).user?.username, 'account')
    return answer
  }

  it('a guest who is still being made when a user logs in does not replace that login', async () => {
    const verify = (): Promise<boolean> => pause(200).then(() => true)
    const host = await start({}, { pages: ownPages, guestStrategy: { verify } })
    const answer = await overtake(host, (tab) => tab.get('/play'))
    assert.equal((answer.body as Who).user, null)
  })

  it('a limited link that is still being verified when a user logs in comes again, and counts no use', async () => {
    const verify = (): Promise<boolean> => pause(200).then(() => true)
    const host = await start({}, { pages: ownPages, visitorStrategy: { verify } })
    const pass = await host.Visitor.create({ email: 'kim@example.test', scope: 'foo', maxUses: 1 })
    const answer = await overtake(host, (tab) => tab.post(pass.tokenise('/who')))
    assert.equal(answer.status, 307)
    assert.equal((await pass.reload()).uses, 0)
  })

  it('a conversion that is still being posted when the guest logs in by another tab converts nobody', async () => {
    const host = await start({}, { pages: ownPages, hashMs: 200 })
    const { browser, cookie } = await guest(host)
    const posted = host.browser().post('/convert').set({ Cookie: cookie, Accept: HTML }).type('form')
    const slow = posted.send(fred).then((answer) => answer)
    await pause(50)
    await browser.post('/enter').type('form').send({ username: 'account', password: 'any' }).expect(200)
    const answer = await slow
    assert.deepEqual([answer.status, answer.headers['location']], [303, '/'])
    assert.equal(answer.headers['set-cookie'], undefined)
    assert.equal(await host.Guest.count(), 1)
    assert.equal(((await browser.get('/who')).body as Who).user?.username, 'account')
  })

  it('a browser whose logout destroys the new session, too, can have another one at once', async () => {
    const host = await start({}, { pages: ownPages })
    const browser = host.browser()
    await logIn(browser, 'account').expect(200)
    const out = await browser.post('/leave').expect(200)
    assert.equal(out.headers['set-cookie'], undefined)
    await browser.post('/count').expect(200, '1')
    await browser.post('/count').expect(200, '2')
    assert.equal(((await browser.get('/play')).body as Who).isGuest, true)
  })

  it('a login ends no session of another cookie in the same store', async () => {
    const store = new MemoryStore()
    const host = await start(
      { store, name: 'public.sid' },
      {
        before(app) {
          const admin = express.Router()
          admin.use(
            session({ name: 'admin.sid', store, secret: 'x', resave: false, saveUninitialized: false }),
          )
          app.use('/admin', admin)
          admin.post('/count', (req, res) => {
            const kept = req.session as { count?: number }
            kept.count = (kept.count ?? 0) + 1
            res.json(kept.count)
          })
          admin.use((_req, res) => res.end())
        },
      },
    )
    await guest(host) // from now on the store is watched
    const browser = host.browser()
    await browser.post('/admin/count').expect(200, '1')
    await browser.get('/play').expect(200)
    await browser.post('/admin/count').expect(200, '2')
    await logIn(browser, 'account').expect(200)
    await browser.post('/admin/count').expect(200, '3')
    await browser.post('/admin/count').expect(200, '4')
  })

  it('a login ends no session of another cookie where the application calls session() for every request', async () => {
    const store = new MemoryStore()
    const settings = { store, secret: 'x', resave: false, saveUninitialized: false }
    const host = await start(
      { store, name: 'public.sid' },
      {
        before(app) {
          app.use('/admin', (req, res, next) => {
            session({ ...settings, name: 'admin.sid' })(req, res, next)
          })
          app.post('/admin/count', (req, res) => {
            const kept = req.session as { count?: number }
            kept.count = (kept.count ?? 0) + 1
            res.json(kept.count)
          })
          app.use('/admin', (_req, res) => res.end())
        },
      },
    )
    const browser = host.browser()
    await browser.get('/play').expect(200)
    await browser.post('/admin/count').expect(200, '1')
    await host.User.destroy({ where: {} })
    await host.User.create({ username: 'account' })
    const { sessions } = store as unknown as { sessions: Record<string, string> }
    for (const [id, record] of Object.entries(sessions))
      if (!record.includes('count')) Reflect.deleteProperty(sessions, id) // the guest's is gone
    await logIn(browser, 'account').expect(200)
    await browser.post('/admin/count').expect(200, '2')
    await browser.post('/admin/count').expect(200, '3')
  })
})

describe('the second click on the button of the form', () => {
  for (const [name, address, location] of [
    ['the second click leads to the last page', '/convert', '/convert/success'],
    ['the second click leads to the page first asked for', '/convert?next=%2Flist', '/list'],
  ] as const) {
    it(name, async () => {
      const host = await start()
      const { browser, cookie } = await guest(host)
      assert.equal((await post(browser, fred, address)).status, 303)
      const second = host.browser().post(address).set({ Cookie: cookie, Accept: HTML }).type('form')
      const response = await second.send(fred)
      assert.deepEqual([response.status, response.headers['location']], [303, location])
      assert.equal(response.headers['set-cookie'], undefined)
      const opened = await host.browser().get(address).set({ Cookie: cookie, Accept: HTML })
      assert.equal(opened.headers['location'], location)
    })
  }

  it('the second click leads to registeredUrl when the guest has logged in meanwhile', async () => {
    const host = await start()
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    const late = host.browser().post('/convert').set({ Cookie: cookie, Accept: HTML }).type('form')
    assert.equal((await late.send(fred)).headers['location'], '/')
  })
})

describe('a guest whose conversion or merge fails', () => {
  it('a guest whose conversion or merge failed can be deleted, and a new guest made at once', async () => {
    const host = await start(
      {},
      {
        onMerge: () => {
          throw new Error('not today')
        },
      },
    )
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(500)
    await post(browser, { ...fred, username: 'account' })
    assert.equal(((await browser.get('/who')).body as Who).isGuest, true)
    await host.User.destroy({ where: {} })
    const anew = await host.browser().get('/play').set('Cookie', cookie).expect(200)
    assert.equal((anew.body as Who).isGuest, true)
  })
})

describe('the note in the session store', () => {
  it('a store that does not keep the note does not prevent the login', async () => {
    const host = await start()
    const { browser } = await guest(host)
    await whileStoreFails(host.store, async () => await logIn(browser, 'account').expect(200), { times: 1 })
    assert.equal(((await browser.get('/who')).body as Who).user?.username, 'account')
  })

  it('a store that cannot be read lets the late request make a guest', async () => {
    const host = await start()
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    const get = host.store.get.bind(host.store)
    host.store.get = (id, done) => {
      if (cookie.includes(id)) get(id, done)
      else done(new Error('The store is unavailable'))
    }
    const late = await host.browser().get('/play').set('Cookie', cookie).expect(200)
    assert.equal((late.body as Who).isGuest, true)
  })

  it('the note holds no login, and no cookie opens it', async () => {
    const host = await start()
    const { browser, cookie } = await guest(host)
    await logIn(browser, 'account').expect(200)
    const sessions = (host.store as unknown as { sessions: Record<string, string> }).sessions
    const notes = Object.entries(sessions).filter(([, record]) => record.includes('guest:ended'))
    assert.equal(notes.length, 1)
    const [[id, record] = ['', '']] = notes
    assert.deepEqual(Object.keys(JSON.parse(record) as object), ['cookie', 'guest:ended'])
    assert.ok(!cookie.includes(id))
  })
})

/** A store that takes its time, as one over a network does. */
function slow(store: Store): Store {
  for (const method of ['get', 'set', 'destroy'] as const) {
    const now = (store[method] as (...given: unknown[]) => void).bind(store)
    Object.assign(store, {
      [method]: (...given: unknown[]) =>
        setTimeout(() => {
          now(...given)
        }, 5),
    })
  }
  return store
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
