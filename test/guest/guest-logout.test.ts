import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Application, Request, Response } from 'express'
import { DataTypes } from 'sequelize'
import type { Agent } from 'supertest'
import { guestLogout, type GuestLogoutOptions, type LeavePage } from '../../src/guest/guest-logout.js'
import { express, startApplication, whoIs, type TestApp, type Who } from '../support/application.js'
import { later } from '../support/clock.js'
import { whileStoreFails } from '../support/failing-store.js'

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

/** The application's own logout, for requests that guestLogout passes on. */
function logoutOfTheApplication(req: Request, res: Response, next: (error?: unknown) => void): void {
  req.logout((error?: unknown) => {
    if (error) next(error)
    else res.json('the logout of the application')
  })
}

function routes(options?: GuestLogoutOptions) {
  return (host: Application, { passport }: TestApp): void => {
    host.all('/play', passport.authenticate('guest'), (req, res) => {
      res.json(whoIs(req))
    })
    host.all('/logout', guestLogout(options), logoutOfTheApplication)
  }
}

const start = (options?: GuestLogoutOptions, more: Parameters<typeof startApplication>[0] = {}) =>
  startApplication({ routes: routes(options), ...more })

/** Runs a test on an application of its own. */
async function withApplication(
  started: Promise<TestApp>,
  work: (app: TestApp) => Promise<void>,
): Promise<void> {
  const own = await started
  try {
    await work(own)
  } finally {
    await own.close()
  }
}

let app: TestApp
before(async () => {
  app = await start()
})
after(() => app.close())

const who = (response: { body: unknown }): Who => response.body as Who

async function guest(of: TestApp = app): Promise<Agent> {
  const browser = of.browser()
  assert.equal(who(await browser.get('/play').expect(200)).isGuest, true)
  return browser
}

async function isStillGuest(browser: Agent): Promise<boolean> {
  return who(await browser.get('/who')).isGuest
}

const leave = (browser: Agent) =>
  browser.post('/logout').set('Accept', HTML).type('form').send({ confirm: 'yes' })

/** The mark that a response sets, as it is written. */
function markOf(response: { headers: Record<string, unknown> }): string {
  const cookies = [response.headers['set-cookie'] ?? []].flat().map(String)
  return cookies.find((cookie) => cookie.startsWith('no-guest=')) ?? ''
}

describe('guestLogout, for a guest', () => {
  it('shows a page that describes what is lost and how to keep it', async () => {
    const browser = await guest()
    const page = await browser.get('/logout').set('Accept', HTML).expect(200)
    assert.match(page.text, /there is no way back to what you have done here/)
    assert.match(page.text, /<form method="post" action="\/logout\?confirm=yes">/)
    assert.match(page.text, /<button class="secondary">Leave and lose everything<\/button>/)
    assert.ok(
      page.text.indexOf('<a class="button" href="/convert">') <
        page.text.indexOf('<button class="secondary">'),
      'what is harmless comes first, and stands out',
    )
    assert.equal(page.headers['cache-control'], 'no-store')
    assert.equal(page.headers['x-content-type-options'], 'nosniff')
    assert.match(
      String(page.headers['content-security-policy']),
      /default-src 'none'.*frame-ancestors 'none'/,
    )
    assert.match(String(page.headers['vary']), /Accept/)
    assert.equal(await isStillGuest(browser), true)
  })

  it('shows the page with status 422 for an unconfirmed POST, and does not log out', async () => {
    const browser = await guest()
    const page = await browser.post('/logout').set('Accept', HTML).expect(422)
    assert.match(page.text, /Leave and lose everything/)
    assert.equal(await isStillGuest(browser), true)
  })

  it('logs the guest out when the form of the page is posted unchanged', async () => {
    const browser = await guest()
    const page = await browser.get('/logout?from=menu&confirm=no').set('Accept', HTML).expect(200)
    const action = /action="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    assert.equal(action, '/logout?from=menu&confirm=yes')
    const left = await browser.post(action).set('Accept', HTML).type('form').send('').expect(303)
    assert.equal(left.headers['location'], '/')
    assert.equal(left.headers['cache-control'], 'no-store')
    assert.equal(await isStillGuest(browser), false)
  })

  for (const method of ['get', 'head', 'options'] as const) {
    it(`changes nothing for ${method.toUpperCase()}, even if the request is confirmed`, async () => {
      const browser = await guest()
      const response = await browser[method]('/logout?confirm=yes').set('Accept', HTML).expect(200)
      assert.equal(markOf(response), '')
      assert.equal(await isStillGuest(browser), true)
    })
  }

  for (const value of ['', 'no', 'false', 'yes please', ['yes', 'no']]) {
    it(`accepts only yes as confirmation: ${JSON.stringify(value)} does not log out`, async () => {
      const browser = await guest()
      await browser.post('/logout').set('Accept', HTML).type('form').send({ confirm: value }).expect(422)
      await browser.post('/logout').set('Accept', HTML).query({ confirm: value }).expect(422)
      assert.equal(await isStillGuest(browser), true)
    })
  }

  it('responds to a program with an error, and with 204 once the program confirms', async () => {
    const browser = await guest()
    for (const accept of ['*/*', 'application/json']) {
      const refused = await browser.post('/logout').set('Accept', accept).expect(422)
      assert.equal((refused.body as { code: string }).code, 'ERR_LOGOUT_UNCONFIRMED')
      await browser.get('/logout').set('Accept', accept).expect(422)
    }
    assert.equal(await isStillGuest(browser), true)
    const left = await browser.post('/logout?confirm=yes').set('Accept', 'application/json').expect(204)
    assert.notEqual(markOf(left), '')
    assert.equal(await isStillGuest(browser), false)
  })

  it('treats DELETE as POST', async () => {
    const browser = await guest()
    await browser.delete('/logout').set('Accept', HTML).expect(422)
    await browser.delete('/logout?confirm=yes').set('Accept', HTML).expect(303)
    assert.equal(await isStillGuest(browser), false)
  })

  it('refuses requests from other sites', async () => {
    const browser = await guest()
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'https://evil.test' },
      { Origin: 'null' },
    ]) {
      const refused = await leave(browser).set(headers).expect(403)
      assert.equal((refused.body as { code: string }).code, 'ERR_CROSS_SITE_REQUEST')
      assert.equal(markOf(refused), '')
    }
    assert.equal(await isStillGuest(browser), true)
    await leave(browser).set({ 'Sec-Fetch-Site': 'same-origin', Origin: app.origin }).expect(303)
  })

  it('accepts a form and JSON that another parser has read', async () => {
    await withApplication(
      start(undefined, {
        before(host) {
          host.use(express.json(), express.urlencoded({ extended: true }))
        },
      }),
      async (own) => {
        const form = await guest(own)
        await leave(form).expect(303)
        const program = await guest(own)
        await program
          .post('/logout')
          .send({ confirm: ['yes'] })
          .expect(422)
        await program.post('/logout').send({ confirm: 'yes' }).expect(204)
        assert.equal(await isStillGuest(program), false)
      },
    )
  })

  it('does not parse JSON itself', async () => {
    const program = await guest()
    await program.post('/logout').send({ confirm: 'yes' }).expect(422)
    assert.equal(await isStillGuest(program), true)
  })
})

describe('guestLogout, for a request without a guest', () => {
  it('passes regular users and anonymous requests on to the application’s own logout', async () => {
    await app.User.findOrCreate({ where: { username: 'fred' } })
    const fred = app.browser()
    await fred.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
    for (const browser of [fred, app.browser()]) {
      const response = await browser.get('/logout').set('Accept', HTML).expect(200)
      assert.equal(response.body, 'the logout of the application')
      assert.equal(markOf(response), '')
    }
    assert.equal(who(await fred.get('/who')).user, null)
  })

  it('passes a visitor who is not a guest on to the application’s own logout', async () => {
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const browser = app.browser()
    await browser.get(pass.tokenise('/who')).expect(303)
    assert.equal((await browser.get('/logout').set('Accept', HTML)).body, 'the logout of the application')
  })

  it('fails with an error if the guest state of the user is unknown', async () => {
    await withApplication(
      start(undefined, {
        routes(host, context) {
          host.use((req, _res, next) => {
            req.user = { id: 1 }
            next()
          })
          routes()(host, context)
        },
      }),
      async (own) => {
        const refused = await own.browser().post('/logout?confirm=yes').set('Accept', HTML).expect(500)
        assert.equal((refused.body as { code: string }).code, 'ERR_GUEST_STATE_UNKNOWN')
      },
    )
  })
})

describe('a guest who has left', () => {
  it('ends the visit of that session, too, and gets a new session', async () => {
    const browser = await guest()
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    await browser.get(pass.tokenise('/who')).expect(303)
    const before = who(await browser.get('/who'))
    assert.deepEqual([before.isGuest, before.isVisitor], [true, true])
    await leave(browser).expect(303)
    const after = who(await browser.get('/who'))
    assert.deepEqual([after.isGuest, after.isVisitor], [false, false])
    assert.notEqual(after.sessionID, before.sessionID)
  })

  it('is not deleted by the logout; the clean-up deletes the guest later', async () => {
    const browser = await guest()
    const id = who(await browser.get('/who')).user?.id ?? 0
    await leave(browser).expect(303)
    assert.notEqual(await app.Guest.findByPk(id), null)
    assert.notEqual(await app.User.findByPk(id), null)
  })

  it('is anonymous in the next request, and no guest is created', async () => {
    const browser = await guest()
    await leave(browser).expect(303)
    const users = await app.User.count()
    assert.equal(who(await browser.get('/play').expect(200)).user, null)
    assert.equal(await app.User.count(), users)
  })

  it('creates no further user by alternating between a guarded page and the logout', async () => {
    await withApplication(start({ url: '/play' }), async (own) => {
      const browser = own.browser()
      for (let i = 0; i < 50; i++) {
        await browser.get('/play').set('Accept', HTML).redirects(3).expect(200)
        await leave(browser).redirects(3).expect(200)
      }
      assert.equal(await own.User.count(), 1)
    })
  })

  it('may become a new guest after a minute, and not earlier', async () => {
    const browser = await guest()
    const mark = markOf(await leave(browser).expect(303))
    assert.match(mark, /Max-Age=60;/)
    const [cookie = ''] = mark.split(';')
    const plays = async () => who(await app.browser().get('/play').set('Cookie', cookie).expect(200)).isGuest
    assert.equal(await later(58, plays), false)
    assert.equal(await later(62, plays), true, 'though the browser still sends it')
    assert.equal(await later(62, async () => who(await browser.get('/play')).isGuest), true)
  })

  it('becomes a new guest at once by posting a form of this site, and not by a script or another site', async () => {
    const browser = await guest()
    await leave(browser).expect(303)
    const posted = async (headers: Record<string, string>) =>
      who(await browser.post('/play').set(headers).expect(200)).isGuest
    assert.equal(await posted({ Accept: '*/*', 'Sec-Fetch-Site': 'same-origin' }), false)
    assert.equal(await posted({ Accept: HTML, 'Sec-Fetch-Site': 'cross-site' }), false)
    assert.equal(await posted({ Accept: HTML, 'Sec-Fetch-Site': 'same-origin' }), true)
  })

  it('can log in as a regular user', async () => {
    await app.User.findOrCreate({ where: { username: 'fred' } })
    const browser = await guest()
    await leave(browser).expect(303)
    await browser.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
    assert.equal(who(await browser.get('/play')).user?.username, 'fred')
  })

  it('is logged out once by a double click', async () => {
    const browser = await guest()
    const answers = await Promise.all([leave(browser), leave(browser)])
    assert.ok(
      answers.every(({ status }) => status === 303 || status === 200),
      JSON.stringify(answers.map((a) => a.status)),
    )
    assert.equal(await isStillGuest(browser), false)
  })
})

describe('the no-guest cookie', () => {
  it('is HttpOnly and SameSite=Lax, for one minute', async () => {
    const mark = markOf(await leave(await guest()).expect(303))
    assert.match(mark, /^no-guest=\d+; Max-Age=60; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/)
  })

  it('has the domain and SameSite of the session cookie, and is Secure behind a proxy with HTTPS', async () => {
    await withApplication(
      start(undefined, {
        before(host) {
          host.set('trust proxy', 1)
        },
        session: { cookie: { secure: true, domain: 'example.test', sameSite: 'strict' } },
      }),
      async (own) => {
        const playing = await own.browser().get('/play').set('X-Forwarded-Proto', 'https').expect(200)
        const cookie = String(playing.headers['set-cookie']).split(';', 1)[0] ?? ''
        const left = await own
          .browser()
          .post('/logout?confirm=yes')
          .set({ Cookie: cookie, Accept: HTML, 'X-Forwarded-Proto': 'https' })
          .expect(303)
        assert.match(
          markOf(left),
          /^no-guest=\d+; Max-Age=60; Domain=example\.test; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/,
        )
      },
    )
  })

  for (const forged of [
    'x',
    '',
    '99999999999999',
    '-1',
    '1',
    '1e9',
    '%',
    String(Math.floor(Date.now() / 1000) + 200_000),
  ]) {
    it(`does not prevent a guest if its value is invalid: ${forged}`, async () => {
      const browser = app.browser()
      const played = await browser.get('/play').set('Cookie', `no-guest=${forged}`).expect(200)
      assert.equal(who(played).isGuest, true)
    })
  }

  it('does not end the session of a guest', async () => {
    const played = await app.browser().get('/play').expect(200)
    const session = String(played.headers['set-cookie']).split(';', 1)[0] ?? ''
    const mark = `no-guest=${String(Math.floor(Date.now() / 1000) + 50)}`
    const again = await app.browser().get('/play').set('Cookie', `${session}; ${mark}`).expect(200)
    assert.equal(who(again).user?.id, who(played).user?.id)
    assert.equal(who(await app.browser().get('/play').set('Cookie', mark)).user, null)
  })

  it('lasts noGuestFor seconds, and is not set if noGuestFor is 0', async () => {
    await withApplication(start({ noGuestFor: 5 }), async (own) => {
      assert.match(markOf(await leave(await guest(own)).expect(303)), /Max-Age=5;/)
    })
    await withApplication(start({ noGuestFor: 0 }), async (own) => {
      const browser = await guest(own)
      assert.equal(markOf(await leave(browser).expect(303)), '')
      assert.equal(who(await browser.get('/play')).isGuest, true)
    })
  })
})

describe('guestLogout with options and middleware of the application', () => {
  it('uses render for the page, and redirects to url', async () => {
    const render = (page: LeavePage, _req: Request, res: Response) =>
      res.json({ status: res.statusCode, cache: res.get('Cache-Control'), page })
    await withApplication(start({ render, url: '/bye?x=1', convertUrl: '/save' }), async (own) => {
      const browser = await guest(own)
      const { body } = await browser.get('/logout').set('Accept', HTML).expect(200)
      const shown = body as { status: number; cache: string; page: LeavePage }
      assert.deepEqual([shown.status, shown.cache], [200, 'no-store'])
      assert.equal(shown.page.name, 'leave')
      assert.equal(shown.page.link.href, '/save')
      const left = await browser.post(shown.page.action).set('Accept', HTML).expect(303)
      assert.equal(left.headers['location'], '/bye?x=1')
    })
  })

  it('puts the application’s CSRF token into the form', async () => {
    await withApplication(start({ csrf: () => ({ name: 'token', value: '"<x>' }) }), async (own) => {
      const { text } = await (await guest(own)).get('/logout').set('Accept', HTML)
      assert.match(text, /<input type="hidden" name="token" value="&quot;&lt;x&gt;" \/>/)
    })
    await withApplication(
      start(undefined, {
        before(host) {
          host.use((_req, res, next) => {
            res.locals['csrfToken'] = 'abc'
            next()
          })
        },
      }),
      async (own) => {
        const { text } = await (await guest(own)).get('/logout').set('Accept', HTML)
        assert.match(text, /name="_csrf" value="abc"/)
      },
    )
  })

  it('can be mounted with app.use on a path', async () => {
    await withApplication(
      start(undefined, {
        routes(host, context) {
          routes()(host, context)
          host.use('/account/logout', guestLogout(), logoutOfTheApplication)
        },
      }),
      async (own) => {
        const browser = await guest(own)
        const { text } = await browser.get('/account/logout').set('Accept', HTML).expect(200)
        assert.match(text, /action="\/account\/logout\?confirm=yes"/)
        await browser.post('/account/logout?confirm=yes').set('Accept', HTML).expect(303)
        assert.equal(await isStillGuest(browser), false)
      },
    )
  })

  it('names no other site in the form, although originalUrl begins with two slashes', async () => {
    await withApplication(
      start(undefined, {
        before(host) {
          host.use((req, _res, next) => {
            if (req.url === '/logout') req.originalUrl = '//evil.test/logout'
            next()
          })
        },
      }),
      async (own) => {
        const { text } = await (await guest(own)).get('/logout').set('Accept', HTML)
        assert.match(text, /action="\/evil\.test\/logout\?confirm=yes"/)
      },
    )
  })

  it('passes errors of render and of the session store to the error handler', async () => {
    const render = () => Promise.reject(new Error('The template is away'))
    await withApplication(start({ render }), async (own) => {
      const browser = await guest(own)
      const failed = await browser.get('/logout').set('Accept', HTML).expect(500)
      assert.equal((failed.body as { message: string }).message, 'The template is away')
      const away = await whileStoreFails(own.store, () => leave(browser))
      assert.equal(away.status, 500)
      assert.notEqual(markOf(away), '', 'so that no loop begins')
      assert.equal(await isStillGuest(browser), true)
    })
  })

  it('runs no statement of its own', async () => {
    await withApplication(start(), async (own) => {
      const browser = await guest(own)
      own.database.takeStatements()
      await leave(browser).expect(303)
      assert.equal(
        own.database.takeStatements().length,
        1,
        'the guest by primary key, and nothing of the logout’s',
      )
    })
  })
})

describe('wrong options', () => {
  it('throw at start-up with an error that names the option', () => {
    assert.throws(() => guestLogout({ path: '/' } as object), /guestLogout: unknown option 'path'/)
    assert.throws(() => guestLogout({ url: 'javascript:alert(1)' }), /'url' must be a URL/)
    assert.throws(() => guestLogout({ convertUrl: 'convert' }), /'convertUrl' must be a URL/)
    for (const noGuestFor of [-1, 0.5, NaN, Infinity, 86_401]) {
      assert.throws(() => guestLogout({ noGuestFor }), /'noGuestFor' must be a whole number of seconds/)
    }
    assert.throws(() => guestLogout({ render: {} } as object), /'render' must be a function/)
    assert.throws(() => guestLogout({ csrf: 'x' } as object), /'csrf' must be a function/)
    assert.equal(guestLogout().name, 'guestLogoutMiddleware')
  })
})

describe('guestLogout with deleteNow', () => {
  it('announces the deletion on the page, and deletes the users row and the Guest row at the logout', async () => {
    await withApplication(start({ deleteNow: true }), async (own) => {
      const browser = await guest(own)
      const page = await browser.get('/logout').set('Accept', HTML).expect(200)
      assert.match(page.text, /all that you have done here is deleted at once/)
      await leave(browser).expect(303)
      assert.equal(await own.User.count(), 0)
      assert.equal(await own.Guest.count(), 0)
      assert.equal(who(await browser.get('/who')).user, null)
    })
  })

  it('answers both of two clicks at once alike, and deletes the guest once', async () => {
    // Where the application itself is quicker, the button finds the guest gone in the middle of the request.
    const meanwhile = { deletes: false }
    const options: Parameters<typeof startApplication>[0] = {
      routes(host, context) {
        host.use('/logout', (req, _res, next) => {
          if (!meanwhile.deletes) {
            next()
            return
          }
          context.Guest.delete((req.user as { id: number }).id).then(() => {
            next()
          }, next)
        })
        routes({ deleteNow: true })(host, context)
      },
    }
    await withApplication(startApplication(options), async (own) => {
      const browser = await guest(own)
      const answers = await Promise.all([leave(browser), leave(browser)])
      for (const { status } of answers) assert.ok([200, 303].includes(status), String(status))
      assert.equal(await own.User.count(), 0)
      const other = await guest(own)
      meanwhile.deletes = true
      await leave(other).expect(303)
      meanwhile.deletes = false
      assert.equal(who(await other.get('/who')).user, null)
      assert.equal(await own.User.count(), 0)
    })
  })

  it('keeps a guest who cannot be deleted logged in, and fails with ERR_GUEST_NOT_DELETED', async () => {
    await withApplication(start({ deleteNow: true }), async (own) => {
      const browser = await guest(own)
      const Invoice = own.sequelize.define('Invoice', {
        userId: { type: DataTypes.INTEGER, allowNull: false },
      })
      Invoice.belongsTo(own.User, { foreignKey: 'userId', onDelete: 'RESTRICT' })
      await Invoice.sync()
      const { id } = await own.User.findOne({ rejectOnEmpty: true })
      await Invoice.create({ userId: id })
      const { body } = (await leave(browser).expect(409)) as { body: { code: string } }
      assert.equal(body.code, 'ERR_GUEST_NOT_DELETED')
      assert.equal(await isStillGuest(browser), true)
    })
  })
})
