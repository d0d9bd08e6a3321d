import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { guestLogout } from '../../src/index.js'
import { express, startApplication, whoIs, type TestApp, type Who } from '../support/application.js'

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'
const TRUSTED = 'https://login.example.test'

let app: TestApp
before(async () => {
  app = await startApplication({
    session: { saveUninitialized: true },
    guestStrategy: { trustedOrigins: [TRUSTED] },
    routes(host, { passport, User }) {
      host.all('/play', passport.authenticate('guest'), (req, res) => {
        Object.assign(req.session, { seen: true })
        res.set('Cache-Control', 'public, max-age=600').json(whoIs(req))
      })
      host.post('/saml', passport.authenticate('guest'), express.urlencoded(), (req, res, next) => {
        User.findOrCreate({ where: { username: 'sam' } }).then(([user]) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
      host.all('/logout', guestLogout())
    },
  })
})
after(() => app.close())

const who = (response: { body: unknown }): Who => response.body as Who
const CROSS_SITE = { 'Sec-Fetch-Site': 'cross-site' }

const foreign: [string, 'get' | 'post', Record<string, string>][] = [
  ['a form', 'post', { ...CROSS_SITE, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }],
  ['an image', 'get', { ...CROSS_SITE, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }],
  ['a script element', 'get', { ...CROSS_SITE, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script' }],
  ['fetch', 'get', { ...CROSS_SITE, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'empty' }],
  ['a frame', 'get', { ...CROSS_SITE, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }],
  ['a form over plain HTTP', 'post', { Origin: 'http://evil.test' }],
  ['fetch over plain HTTP', 'get', { Origin: 'http://evil.test' }],
  [
    'an image over plain HTTP',
    'get',
    { Referer: 'http://evil.test/', Accept: 'image/avif,image/*,*/*;q=0.8' },
  ],
  ['a script element over plain HTTP', 'get', { Referer: 'http://evil.test/', Accept: '*/*' }],
  [
    'a page of this site in a frame',
    'get',
    { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Storage-Access': 'none' },
  ],
  [
    'a form in such a page',
    'post',
    { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Storage-Access': 'active' },
  ],
  ['a sandboxed page over plain HTTP', 'post', { Origin: 'null' }],
]

describe('a request that a foreign site makes the browser send', () => {
  for (const [name, method, headers] of foreign) {
    it(`a request by ${name} of a foreign site makes no guest and sets no cookie`, async () => {
      const users = await app.User.count()
      const response = await app.browser()[method]('/play').set(headers).expect(200)
      assert.equal(who(response).user, null)
      assert.equal(response.headers['set-cookie'], undefined)
      assert.equal(await app.User.count(), users)
    })
  }

  it('a foreign site can post a login (form_post), which opens a session', async () => {
    const browser = app.browser()
    const headers = {
      ...CROSS_SITE,
      Origin: 'https://idp.test',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    }
    await browser.post('/saml').set(headers).type('form').send({ SAMLResponse: 'x' }).expect(200)
    assert.equal(who(await browser.get('/who')).user?.username, 'sam')
  })

  it('a request of a trusted origin makes a guest', async () => {
    const headers = { ...CROSS_SITE, Origin: TRUSTED, 'Sec-Fetch-Mode': 'cors' }
    assert.equal(who(await app.browser().post('/play').set(headers)).isGuest, true)
    assert.equal(who(await app.browser().post('/play').set('Origin', TRUSTED)).isGuest, true)
  })
})

const own: [string, 'get' | 'post', Record<string, string>][] = [
  ['followed link', 'get', { ...CROSS_SITE, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }],
  ['form of a sister subdomain', 'post', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'navigate' }],
  ['form of this site', 'post', { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'navigate' }],
  ['address that was typed', 'get', { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' }],
  ['request without any of the headers', 'get', {}],
  ['followed link over plain HTTP', 'get', { Referer: 'http://other.test/', Accept: HTML }],
  ['program that names a page of another site', 'get', { Referer: 'http://other.test/' }],
]

describe('a request that no foreign site makes the browser send', () => {
  for (const [name, method, headers] of own) {
    it(`a ${name} makes a guest`, async () => {
      const response = await app.browser()[method]('/play').set(headers).expect(200)
      assert.equal(who(response).isGuest, true)
      assert.equal(response.headers['cache-control'], 'private, max-age=600')
    })
  }

  it('a request without a User-Agent makes no guest', async () => {
    for (const agent of ['', ' ']) {
      const response = await app.browser().get('/play').set('User-Agent', agent).expect(200)
      assert.equal(who(response).user, null)
    }
  })
})

describe('a form of ours over plain HTTP, on a page without a referrer', () => {
  it('the logout form of a guest is not refused', async () => {
    const browser = app.browser()
    await browser.get('/play').expect(200)
    // The application's own button, as helmet's default makes it arrive: the guest is asked.
    const asked = await browser.post('/logout').set({ Origin: 'null', Accept: HTML })
    assert.equal(asked.status, 422)
    assert.equal(asked.headers['referrer-policy'], 'strict-origin')
    await browser.post('/logout?confirm=yes').set({ Origin: 'null', Accept: HTML }).expect(403)
    await browser.post('/logout?confirm=yes').set({ Origin: app.origin, Accept: HTML }).expect(303)
  })

  it('a form on a page that the application renders is sent with its origin, whatever the application sets', async () => {
    const other = await startApplication({
      before(host) {
        host.use((_req, res, next) => {
          res.set('Referrer-Policy', 'no-referrer')
          next()
        })
      },
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
        host.all('/logout', guestLogout({ render: (page, _req, res) => res.send(page.title) }))
      },
    })
    try {
      const browser = other.browser()
      await browser.get('/play').expect(200)
      const page = await browser.get('/logout').set('Accept', HTML).expect(200)
      assert.equal(page.headers['referrer-policy'], 'strict-origin')
      await browser.post('/logout?confirm=yes').set({ Origin: other.origin, Accept: HTML }).expect(303)
    } finally {
      await other.close()
    }
  })
})

describe('a form of a sister subdomain over plain HTTP, on a page without a referrer', () => {
  it('is refused whatever cookies the subdomain has set', async () => {
    const browser = app.browser()
    const guest = who(await browser.get('/play').expect(200)).user
    for (const cookie of ['own-form=1', 'visitor-confirmation=1', 'no-guest=1']) {
      const leave = browser.post('/logout?confirm=yes')
      await leave.set({ Origin: 'null', Accept: HTML, Cookie: cookie }).expect(403)
    }
    assert.deepEqual(who(await browser.get('/who')).user, guest)
  })
})

describe('OPTIONS *', () => {
  it('OPTIONS * has no session and causes no error', async () => {
    const { VisitorTokenStrategy } = await import('../../src/index.js')
    const host = express()
    app.passport.use('visitor', new VisitorTokenStrategy({ Visitor: app.Visitor }))
    host.use(app.passport.authenticate('visitor'), (_req, res) => res.sendStatus(204))
    const server = host.listen(0)
    await once(server, 'listening')
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
    socket.write('OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 204/)
    socket.destroy()
    server.close()
  })
})

describe('a page of this site in a frame of a foreign one, with a SameSite=None cookie', () => {
  for (const [access, partitioned, isGuest] of [
    ['active', false, true],
    ['none', false, false],
    ['inactive', false, false],
    ['none', true, true],
  ] as const) {
    it(`makes ${isGuest ? 'a' : 'no'} guest where the browser's access is '${access}'${partitioned ? ', by a partitioned cookie' : ''}`, async () => {
      const host = await startApplication({
        session: { cookie: { sameSite: 'none', partitioned } },
        routes(express, { passport }) {
          express.get('/play', passport.authenticate('guest'), (req, res) => {
            res.json(whoIs(req))
          })
        },
      })
      try {
        const headers = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'iframe' }
        const response = await host
          .browser()
          .get('/play')
          .set({ ...headers, 'Sec-Fetch-Storage-Access': access })
        assert.equal(who(response).isGuest, isGuest)
        assert.equal(await host.Guest.count(), isGuest ? 1 : 0)
      } finally {
        await host.close()
      }
    })
  }
})
