import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import cookieSession from 'cookie-session'
import type { SessionOptions } from 'express-session'
import supertest, { type Response } from 'supertest'
import { ensureGuest, ensureVisitor, guestLogout, mergeGuest } from '../../src/index.js'
import { BROWSER, express, startApplication, whoIs, type TestApp } from '../support/application.js'

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'
const IDP = 'https://idp.test'

/** What Chromium sends for a form that a page of another site submits: no cookie with `SameSite=Lax`. */
const FORM = {
  'Sec-Fetch-Site': 'cross-site',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  'User-Agent': BROWSER,
  Origin: 'http://evil.test',
  Accept: HTML,
}

function start(session: Partial<SessionOptions> = {}): Promise<TestApp> {
  return startApplication({
    session,
    routes(host, { Guest, User, passport }) {
      host.post('/host/write', (req, res) => {
        Object.assign(req.session, { flash: 'saved' })
        res.json('written')
      })
      host.post('/host/regenerate', (req, res, next) => {
        req.session.regenerate((error) => {
          Object.assign(req.session, { flash: 'saved' })
          if (error) next(error)
          else res.json('regenerated')
        })
      })
      host.post('/host/destroy', (req, res, next) => {
        req.session.destroy((error) => {
          req.sessionStore.generate(req)
          Object.assign(req.session, { flash: 'saved' })
          if (error) next(error)
          else res.json('destroyed')
        })
      })
      host.post('/host/unset', (req, res) => {
        Reflect.set(req, 'session', null)
        res.json('unset')
      })
      host.post('/host/save', (req, res, next) => {
        Object.assign(req.session, { flash: 'saved' })
        req.session.save((error) => {
          if (error) next(error)
          else res.json('saved')
        })
      })
      host.post('/host/stream', (req, res) => {
        Object.assign(req.session, { flash: 'saved' })
        res.write('stream')
        res.end('ed')
      })
      for (const keepSessionInfo of [true, false]) {
        host.post(`/logout/${String(keepSessionInfo)}`, guestLogout(), (req, res, next) => {
          req.logout({ keepSessionInfo }, (error) => {
            Object.assign(req.session, { flash: 'goodbye' })
            if (error) next(error)
            else res.redirect('/')
          })
        })
      }
      host.post('/logout', guestLogout(), (req, res, next) => {
        req.logout((error) => {
          if (error) next(error)
          else res.redirect('/')
        })
      })
      host.post('/login-and-out', (req, res, next) => {
        const user = User.build({ id: 1, username: 'sam' })
        req.login(user, (error) => {
          if (error) next(error)
          else
            req.logout((failed) => {
              if (failed) next(failed)
              else res.json('neither')
            })
        })
      })
      host.post('/guests', ensureGuest)
      host.post('/visitors', ensureVisitor('foo'))
      host.all('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/trusting', mergeGuest({ Guest, trustedOrigins: [IDP] }), (req, res) => {
        Object.assign(req.session, { flash: 'saved' })
        res.json('written')
      })
      host.post('/saml', (req, res, next) => {
        User.findOrCreate({ where: { username: 'sam' } }).then(([user]) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
    },
  })
}

const post = (app: TestApp, path: string, headers: Record<string, string> = FORM) =>
  supertest(app.origin).post(path).set(headers)
const cookiesOf = (response: Response): unknown => response.headers['set-cookie']

const WRITING = [
  '/host/write',
  '/host/regenerate',
  '/host/destroy',
  '/host/unset',
  '/host/save',
  '/host/stream',
  '/logout',
  '/logout/true',
  '/logout/false',
  '/login-and-out',
  '/guests',
  '/visitors',
  '/play',
  '/nowhere',
]

const STORING: [string, Partial<SessionOptions>][] = [
  ['with the recommended options', {}],
  ['with saveUninitialized', { saveUninitialized: true }],
  ['with rolling, resave and saveUninitialized', { saveUninitialized: true, rolling: true, resave: true }],
  ['with unset: destroy', { unset: 'destroy' }],
  ['with a cookie of another name', { name: 'sid', cookie: { sameSite: 'lax', maxAge: 60_000 } }],
]

for (const [name, options] of STORING) {
  describe(`a foreign form that arrives without the session cookie, ${name}`, () => {
    let app: TestApp
    before(async () => {
      app = await start(options)
    })
    after(() => app.close())

    for (const path of WRITING) {
      it(`sets no cookie at ${path}`, async () => {
        assert.equal(cookiesOf(await post(app, path)), undefined)
      })
    }

    it('sets no cookie over plain HTTP, from another origin or an opaque one', async () => {
      for (const Origin of ['http://evil.test', 'null']) {
        for (const path of WRITING) {
          assert.equal(cookiesOf(await post(app, path, { Origin, 'User-Agent': BROWSER })), undefined)
        }
      }
    })

    it('opens a session if the application logs a user in, as SAML does', async () => {
      const response = await post(app, '/saml', { ...FORM, Origin: IDP }).expect(200)
      const [cookie = ''] = [cookiesOf(response)].flat().map(String)
      const again = await supertest(app.origin)
        .get('/who')
        .set('Cookie', cookie.split(';', 1)[0] ?? '')
      assert.equal((again.body as { user: { username: string } }).user.username, 'sam')
    })

    it('sets a cookie if a middleware of the route trusts its origin', async () => {
      assert.match(String(cookiesOf(await post(app, '/trusting', { ...FORM, Origin: IDP }))), /=s%3A/)
      assert.equal(cookiesOf(await post(app, '/trusting')), undefined)
    })

    it('the application’s own form sets a cookie', async () => {
      const headers = { ...FORM, 'Sec-Fetch-Site': 'same-origin', Origin: app.origin }
      assert.match(String(cookiesOf(await post(app, '/host/write', headers))), /=s%3A/)
      assert.match(String(cookiesOf(await post(app, '/host/regenerate', headers))), /=s%3A/)
    })
  })
}

describe('a foreign form', () => {
  it('a session whose cookie has SameSite=None may begin: the browser would have sent one that it has', async () => {
    const app = await start({ cookie: { sameSite: 'none' } })
    try {
      assert.match(String(cookiesOf(await post(app, '/host/write'))), /SameSite=None/)
    } finally {
      await app.close()
    }
  })

  it('a form with the session’s cookie works on that session', async () => {
    const app = await start()
    try {
      const browser = app.browser()
      await browser.get('/play').expect(200)
      await browser.post('/host/write').set(FORM).expect(200)
      const response = await browser.post('/host/regenerate').set(FORM).expect(200)
      assert.match(String(cookiesOf(response)), /connect\.sid=/)
    } finally {
      await app.close()
    }
  })
})

describe('a form that is refused because of Origin: null', () => {
  it('the message tells what to do', async () => {
    const app = await start()
    try {
      const browser = app.browser()
      await browser.get('/play').expect(200)
      const headers = { Accept: HTML, 'User-Agent': BROWSER }
      const opaque = await browser
        .post('/logout?confirm=yes')
        .set({ ...headers, Origin: 'null' })
        .expect(403)
      assert.match((opaque.body as Error).message, /send Referrer-Policy: same-origin with its page/)
      const other = await browser.post('/logout?confirm=yes').set(FORM).expect(403)
      assert.match((other.body as Error).message, /from another site\. Open the page here/)
    } finally {
      await app.close()
    }
  })
})

describe('a foreign form where cookie-session holds the sessions', () => {
  const hosts = express()
  hosts.use(cookieSession({ secret: 'x' }))
  hosts.use(guestLogout())
  hosts.post('/write', (req, res) => {
    Object.assign(req.session, { flash: 'saved' })
    res.json('written')
  })
  hosts.post('/unset', (req, res) => {
    Reflect.set(req, 'session', null)
    res.json('unset')
  })

  it('neither writes nor deletes the cookie', async () => {
    for (const path of ['/write', '/unset']) {
      const response = await supertest(hosts).post(path).set(FORM).expect(200)
      assert.equal(cookiesOf(response), undefined)
    }
  })

  it('the application’s own form does', async () => {
    const headers = { ...FORM, 'Sec-Fetch-Site': 'same-origin' }
    for (const path of ['/write', '/unset']) {
      assert.match(String(cookiesOf(await supertest(hosts).post(path).set(headers))), /session=/)
    }
  })
})
