import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ensureVisitor, SCOPE_ANY } from '../../src/index.js'
import { BROWSER, express, startApplication, type TestApp, type Who, whoIs } from '../support/application.js'
import { at, DAY, later } from '../support/clock.js'
import { usesOneStatement } from '../support/database.js'
import { whileStoreFails } from '../support/failing-store.js'
import { forged } from '../support/forged.js'

let app: TestApp

before(async () => {
  app = await startApplication({
    visitorStrategy: { keepSessionData: ['cart'] },
    routes(host, { passport }) {
      host.get('/open', (req, res) => {
        res.set('Cache-Control', 'public, max-age=60').json(whoIs(req))
      })
      host.all('/any', ensureVisitor(SCOPE_ANY, { logVisit: false }), (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/foo', ensureVisitor('foo', { logVisit: false }))
      host.get('/fill', (req, res) => {
        Object.assign(req.session, { cart: ['shoes'], secretOfTheOld: 1 })
        res.json({ id: req.sessionID })
      })
      host.get('/data', (req, res) => {
        res.json({ session: req.session, id: req.sessionID })
      })
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.use('/assets', express.static('docs'))
    },
  })
})
after(() => app.close())
beforeEach(() => app.database.takeStatements())

const invite = (values: object = {}) =>
  app.Visitor.create({ email: 'ginger@example.test', scope: 'foo', ...values })
const body = (response: { body: unknown }): Who => response.body as Who

describe('redeeming a token', () => {
  it('leaves a request without one anonymous, without a query', async () => {
    const response = await app.browser().get('/open').expect(200)
    assert.deepEqual(
      { ...body(response), sessionID: '' },
      {
        user: null,
        visitor: null,
        isGuest: false,
        isRegularUser: false,
        isVisitor: false,
        sessionID: '',
      },
    )
    assert.deepEqual(app.database.takeStatements(), [])
    assert.equal(response.headers['referrer-policy'], undefined)
  })

  it('makes the client a visitor, and never a user', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.get(pass.tokenise('/open')).expect(303)
    const who = body(await browser.get('/open').expect(200))
    assert.deepEqual(who.visitor, { id: pass.id, email: pass.email })
    assert.equal(who.isVisitor, true)
    assert.equal(who.user, null)
    assert.equal(who.isGuest, false)
  })

  it('takes the token out of the address, and leaves the rest as it was', async () => {
    const pass = await invite()
    const response = await app.browser().get(pass.tokenise('/open?b=%20+&a=1&b=2')).expect(303)
    assert.equal(response.headers['location'], '/open?b=%20+&a=1&b=2')
    assert.equal((await app.browser().get(pass.tokenise('/open'))).headers['location'], '/open')
  })

  it('counts the use', async () => {
    const pass = await invite()
    await app.browser().get(pass.tokenise('/open'))
    await pass.reload()
    assert.equal(pass.uses, 1)
    assert.ok(pass.lastUsedAt)
  })

  it('is one statement on PostgreSQL, and two where an UPDATE returns no row', async () => {
    const pass = await invite()
    app.database.takeStatements()
    await app.browser().get(pass.tokenise('/open')).expect(303)
    assert.equal(app.database.takeStatements().length, usesOneStatement ? 1 : 2)
  })

  it('works for any method, and redirects none but GET', async () => {
    const pass = await invite()
    const response = await app.browser().post(pass.tokenise('/any')).expect(200)
    assert.deepEqual(body(response).visitor, { id: pass.id, email: pass.email })
    assert.equal(response.headers['cache-control'], 'no-store')
  })

  it('again, in the session that redeemed it, counts no use', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.get(pass.tokenise('/any')).expect(303)
    await browser.get(pass.tokenise('/any')).expect(303)
    await browser.get('/any').expect(200)
    await pass.reload()
    assert.equal(pass.uses, 1)
  })

  it('replaces the visitor whom the session had', async () => {
    const first = await invite({ email: 'first@example.test' })
    const second = await invite({ email: 'second@example.test' })
    const browser = app.browser()
    await browser.get(first.tokenise('/open'))
    await browser.get(second.tokenise('/open'))
    assert.equal(body(await browser.get('/open')).visitor?.email, 'second@example.test')
  })
})

describe('a token that opens nothing', () => {
  const refusals: [string, () => Promise<string>, string][] = [
    [
      'unknown, with another signature',
      async () => {
        const pass = await invite()
        const token = pass.tokenise('').slice('?vuid='.length)
        return `/any?vuid=${token.slice(0, 30)}${token[30] === 'a' ? 'b' : 'a'}${token.slice(31)}`
      },
      'unknown',
    ],
    [
      'of a pass that was deleted',
      async () => {
        const pass = await invite()
        await pass.destroy()
        return pass.tokenise('/any')
      },
      'unknown',
    ],
    [
      'expired',
      async () => (await invite({ expiresAt: new Date(Date.now() - 1000) })).tokenise('/any'),
      'expired',
    ],
    ['deactivated', async () => (await invite({ isActive: false })).tokenise('/any'), 'deactivated'],
    ['used up', async () => (await invite({ maxUses: 1, uses: 1 })).tokenise('/any'), 'used-up'],
  ]
  for (const [name, link, reason] of refusals) {
    it(`${name}: is refused by the guard, with the reason`, async () => {
      const response = await app
        .browser()
        .get(await link())
        .expect(403)
      assert.deepEqual(response.body, {
        name: 'VisitorAccessDenied',
        message: 'This page is for visitors with scope *',
        ours: true,
        code: 'ERR_VISITOR_ACCESS_DENIED',
        reason,
      })
    })

    it(`${name}: looks from outside as any other, and leaves a page without a guard open`, async () => {
      const url = (await link()).replace('/any', '/open')
      const response = await app.browser().get(url).expect(200)
      assert.equal(body(response).isVisitor, false)
      assert.equal(response.headers['cache-control'], 'no-store')
      assert.equal(response.headers['referrer-policy'], 'no-referrer')
      assert.equal(response.headers['set-cookie'], undefined)
    })
  }

  it('forged: is refused without a query', async () => {
    const garbage = Buffer.alloc(48, 7).toString('base64url')
    await app.browser().get(`/open?vuid=${garbage}`).expect(200)
    assert.deepEqual(app.database.takeStatements(), [])
  })

  it('during a visit of another pass: makes this request anonymous, and the visit goes on', async () => {
    const pass = await invite()
    const expired = await invite({ expiresAt: new Date(0) })
    const browser = app.browser()
    await browser.get(pass.tokenise('/any')).expect(303)
    for (const [link, reason] of [
      [expired.tokenise('/any'), 'expired'],
      [forged(pass.tokenise('/any')), 'unknown'],
    ] as const) {
      const refused = await browser.get(link).expect(403)
      assert.equal((refused.body as { reason: string }).reason, reason)
      assert.equal(body(await browser.get(link.replace('/any', '/open'))).isVisitor, false)
      assert.equal(body(await browser.get('/any').expect(200)).visitor?.id, pass.id)
    }
  })

  it('of the visit itself is not refused after the link has expired', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.get(pass.tokenise('/any')).expect(303)
    await pass.update({ expiresAt: new Date(0) })
    await browser.get(pass.tokenise('/any')).expect(303)
    await browser.get('/any').expect(200)
  })
})

describe('a request for which no user waits', () => {
  it('HEAD does not redeem', async () => {
    const pass = await invite({ maxUses: 1 })
    const response = await app.browser().head(pass.tokenise('/open')).expect(200)
    assert.equal(response.headers['set-cookie'], undefined)
    assert.equal(response.headers['cache-control'], 'no-store')
    await pass.reload()
    assert.equal(pass.uses, 0)
  })

  it('a preflight does not redeem', async () => {
    const pass = await invite({ maxUses: 1 })
    await app.browser().options(pass.tokenise('/any'))
    await pass.reload()
    assert.equal(pass.uses, 0)
  })

  for (const [header, value] of [
    ['Sec-Purpose', 'prefetch;prerender'],
    ['Purpose', 'prefetch'],
    ['X-Purpose', 'preview'],
    ['X-Moz', 'prefetch'],
  ] as const) {
    it(`${header}: ${value} does not redeem`, async () => {
      const pass = await invite()
      await app.browser().get(pass.tokenise('/any')).set(header, value).expect(403)
      await pass.reload()
      assert.equal(pass.uses, 0)
    })
  }
})

describe('another site', () => {
  const forced: [string, 'get' | 'post', Record<string, string>][] = [
    [
      'posts a form',
      'post',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', Origin: 'https://evil.test' },
    ],
    ['posts a form, over plain HTTP', 'post', { Origin: 'https://evil.test' }],
    ['asks by a script, over plain HTTP', 'get', { Origin: 'https://evil.test' }],
    ['posts from a sandboxed page, over plain HTTP', 'post', { Origin: 'null', Accept: 'application/json' }],
    [
      'frames the link',
      'get',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
    ],
    ['shows the link as an image', 'get', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }],
  ]
  for (const [name, method, headers] of forced) {
    it(`${name}: the link is not redeemed, and no session is replaced`, async () => {
      const pass = await invite()
      const response = await app.browser()[method](pass.tokenise('/any')).set(headers).expect(403)
      assert.equal(response.headers['set-cookie'], undefined)
      await pass.reload()
      assert.equal(pass.uses, 0)
    })
  }
  const allowed: [string, 'get' | 'post', Record<string, string>][] = [
    [
      'holds a link that is followed',
      'get',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' },
    ],
    ['is none: a program', 'post', {}],
    ['is a sister domain', 'post', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' }],
    ['is ours: a script of this one', 'post', { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' }],
  ]
  for (const [name, method, headers] of allowed) {
    it(`${name}: that redeems`, async () => {
      const pass = await invite()
      await app.browser()[method](pass.tokenise('/any')).set(headers)
      await pass.reload()
      assert.equal(pass.uses, 1)
    })
  }
})

describe('the response to an address with a token', () => {
  it('has no-store and no-referrer, whatever the handler sets', async () => {
    const expired = await invite({ expiresAt: new Date(0) })
    for (const path of ['/open', '/assets/design.md']) {
      const response = await app.browser().get(expired.tokenise(path)).expect(200)
      assert.equal(response.headers['cache-control'], 'no-store', path)
      assert.equal(response.headers['referrer-policy'], 'no-referrer', path)
    }
  })

  it('never redirects to another site, however the request line is written', async () => {
    const token = (await invite()).tokenise('')
    for (const target of [
      `//evil.test/a${token}`,
      `///evil.test${token}`,
      `/\\evil.test${token}`,
      `/\t/evil.test${token}`,
      `http://evil.test/a${token}`,
      `http://evil.test${token}`,
    ]) {
      const location = await locationOf(target)
      assert.match(location, /^\/(?![/\\])/, target)
      assert.equal(new URL(location, 'https://own.test').origin, 'https://own.test', target)
    }
  })
})

describe('the session of a visitor', () => {
  it('gets a new id, and keeps only what is allowed', async () => {
    const browser = app.browser()
    const old = ((await browser.get('/fill')).body as { id: string }).id
    await browser.get((await invite()).tokenise('/open')).expect(303)
    const { id, session } = (await browser.get('/data')).body as {
      id: string
      session: Record<string, unknown>
    }
    assert.notEqual(id, old)
    assert.deepEqual(session['cart'], ['shoes'])
    assert.equal(session['secretOfTheOld'], undefined)
    assert.ok(session['visitor:session'])
  })

  it('does not admit an attacker who has fixed its id', async () => {
    const attacker = app.browser()
    const planted = (await attacker.get('/fill')).headers['set-cookie'] as unknown as string[]
    const victim = app.browser()
    await victim
      .get((await invite()).tokenise('/any'))
      .set('Cookie', planted[0]?.split(';')[0] ?? '')
      .expect(303)
    await attacker.get('/any').expect(403)
  })

  it('stays a logged-in user’s own, under its id, with all that is in it and its lifetime', async () => {
    await app.User.create({ username: 'fred' })
    const browser = app.browser()
    await browser.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
    await browser.get('/fill')
    const before = body(await browser.get('/open'))
    const pass = await invite({ sessionExpiry: 60 })
    const redeemed = await browser.get(pass.tokenise('/open')).expect(303)
    assert.match(
      String(redeemed.headers['set-cookie']),
      /^visitor-binding=[\w-]+\.\w+\.[\w-]{43}; Max-Age=60; Path=\/; .*HttpOnly; SameSite=Lax$/,
    )
    const after = body(await browser.get('/open'))
    assert.equal(after.sessionID, before.sessionID)
    assert.equal(after.user?.username, 'fred')
    assert.equal(after.isRegularUser, true)
    assert.equal(after.isVisitor, true)
    const { session } = (await browser.get('/data')).body as { session: { secretOfTheOld?: number } }
    assert.equal(session.secretOfTheOld, 1)
    await later(120, async () => {
      const ended = body(await browser.get('/open'))
      assert.equal(ended.isVisitor, false)
      assert.equal(ended.user?.username, 'fred')
    })
  })

  it('of a logged-in user survives two tabs, double clicks, and requests under way', async () => {
    for (const values of [{}, { maxUses: 1 }]) {
      const browser = app.browser()
      const playing = await browser.get('/play').expect(200)
      const guest = body(playing).user?.id
      const cookie = String(playing.headers['set-cookie']).split(';', 1)[0] ?? ''
      const pass = await invite(values)
      const link = pass.tokenise('/open')
      const page = 'maxUses' in values ? await browser.get(link).expect(200) : undefined
      const mark = page === undefined ? '' : `; ${String(page.headers['set-cookie']).split(';', 1)[0] ?? ''}`
      const follow = async () => {
        const request = page === undefined ? app.browser().get(link) : app.browser().post(link)
        return await request.set('Cookie', cookie + mark).expect(303)
      }
      const [, second] = [await follow(), await follow()]
      const poll = body(await app.browser().get('/play').set('Cookie', cookie).expect(200))
      assert.equal(poll.user?.id, guest)
      const holder = String(second.headers['set-cookie']).split(';', 1)[0] ?? ''
      const who = body(await app.browser().get('/open').set('Cookie', `${cookie}; ${holder}`).expect(200))
      assert.equal(who.user?.id, guest)
      assert.equal(who.isVisitor, true)
    }
  })

  it('of a logged-in user does not depend on which of two clicks is answered or saved last', async () => {
    const browser = app.browser()
    const playing = await browser.get('/play').expect(200)
    const cookie = String(playing.headers['set-cookie']).split(';', 1)[0] ?? ''
    const link = (await invite()).tokenise('/open')
    const holders = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { headers } = await app.browser().get(link).set('Cookie', cookie).expect(303)
        return String(headers['set-cookie']).split(';', 1)[0] ?? ''
      }),
    )
    for (const holder of holders) {
      const who = await app.browser().get('/open').set('Cookie', `${cookie}; ${holder}`)
      assert.equal(body(who).isVisitor, true)
    }
  })

  it('gets a cookie that goes as far as the session’s own', async () => {
    const framed = await startApplication({
      session: { cookie: { domain: 'example.test', sameSite: 'none', path: '/app' } },
      routes(host, { passport }) {
        host.get('/app/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
        host.get('/app/open', (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
    try {
      const playing = await framed.browser().get('/app/play').expect(200)
      const cookie = String(playing.headers['set-cookie']).split(';', 1)[0] ?? ''
      const pass = await framed.Visitor.create({ email: 'g@example.test', scope: 'foo' })
      const redeemed = await framed.browser().get(pass.tokenise('/app/open')).set('Cookie', cookie)
      const holder = String(redeemed.headers['set-cookie'])
      assert.match(
        holder,
        /^visitor-binding=[^;]+; Domain=example.test; Path=\/app; HttpOnly; SameSite=None$/,
      )
    } finally {
      await framed.close()
    }
  })

  it('that cannot be saved fails the request, and no use is counted', async () => {
    const pass = await invite({ maxUses: 1 })
    await whileStoreFails(app.store, async () => {
      const request = app.browser().post(pass.tokenise('/any')).set('Accept', 'application/json')
      await request.send({}).expect(500)
    })
    assert.equal((await pass.reload()).uses, 0)
  })

  it('of another pass that has ended does not affect the pass that is admitted', async () => {
    const browser = app.browser()
    const ended = await invite()
    await browser.get(ended.tokenise('/open')).expect(303)
    await ended.deactivate()
    const other = await invite({ scope: 'bar' })
    const refused = await browser.post(other.tokenise('/foo')).expect(403)
    assert.equal((refused.body as { reason: string }).reason, 'wrong-scope')
  })

  it("is not shared with an attacker who has planted the session, a guest's included", async () => {
    const attacker = app.browser()
    const planted = await attacker.get('/play').expect(200)
    const cookie = String(planted.headers['set-cookie']).split(';', 1)[0] ?? ''
    for (const redeem of [
      async () =>
        app
          .browser()
          .get((await invite()).tokenise('/open'))
          .set('Cookie', cookie)
          .expect(303),
      async () =>
        app
          .browser()
          .post((await invite({ maxUses: 1 })).tokenise('/open'))
          .set('Cookie', cookie)
          .expect(303),
    ]) {
      const holder = String((await redeem()).headers['set-cookie']).split(';', 1)[0] ?? ''
      assert.equal(body(await attacker.get('/open')).isVisitor, false)
      const planted = app.browser().get('/open')
      assert.equal(body(await planted.set('Cookie', `visitor-binding=x; ${cookie}`)).isVisitor, false)
      // A sister domain can set a cookie of the same name beside ours: the user still gets in.
      const victim = app.browser().get('/open')
      assert.equal(
        body(await victim.set('Cookie', `visitor-binding=x; ${cookie}; ${holder}`)).isVisitor,
        true,
      )
    }
  })

  it('is kept through a guest’s login, with its end', async () => {
    const browser = app.browser()
    await browser.get((await invite({ sessionExpiry: 600 })).tokenise('/open'))
    const playing = body(await browser.get('/play').expect(200))
    assert.equal(playing.isGuest, true)
    assert.equal(playing.isVisitor, true)
    const next = body(await browser.get('/open'))
    assert.equal(next.isGuest && next.isVisitor, true)
    await later(601, async () => {
      const ended = body(await browser.get('/open'))
      assert.equal(ended.isGuest, true)
      assert.equal(ended.isVisitor, false)
    })
  })

  it('ends at a login, as the rest of a Passport session does', async () => {
    await app.User.findOrCreate({ where: { username: 'adele' } })
    const browser = app.browser()
    await browser.get((await invite()).tokenise('/open'))
    await browser.post('/login').type('form').send({ username: 'adele', password: 'x' }).expect(200)
    assert.equal(body(await browser.get('/open')).isVisitor, false)
  })
})

describe('how long a visit lasts', () => {
  const cookieOf = (response: { headers: Record<string, unknown> }): string =>
    (response.headers['set-cookie'] as string[] | undefined)?.[0] ?? ''

  it('with a session expiry, exactly so many seconds from redeeming, on the server', async () => {
    const browser = app.browser()
    const link = (await invite({ sessionExpiry: 1000 })).tokenise('/any')
    const begun = Date.now()
    const after = (milliseconds: number, status: number) =>
      at(begun + milliseconds, () => browser.get('/any').expect(status))
    const redeemed = await at(begun, () => browser.get(link))
    assert.match(cookieOf(redeemed), /Expires=/)
    const { store } = app
    assert.ok(Object.values((store as unknown as { sessions: object }).sessions).length > 0)
    await after(900_000, 200)
    // Clicking does not prolong it.
    await after(999_000, 200)
    await after(1_000_001, 403)
  })

  it('with 0, until the browser closes, and a day at most on the server', async () => {
    const browser = app.browser()
    const redeemed = await browser.get((await invite()).tokenise('/any'))
    assert.doesNotMatch(cookieOf(redeemed), /Expires=|Max-Age=/)
    await later(DAY - 10, () => browser.get('/any').expect(200))
    const ended = await later(DAY + 10, () => browser.get('/any').expect(403))
    assert.equal((ended.body as { reason: string }).reason, 'session-ended')
  })

  it('with null, as long as the host’s session', async () => {
    const browser = app.browser()
    await browser.get((await invite({ sessionExpiry: null })).tokenise('/any'))
    await later(30 * DAY, () => browser.get('/any').expect(200))
  })

  it('goes on when the link expires meanwhile', async () => {
    const browser = app.browser()
    const pass = await invite({ expiresAt: new Date(Date.now() + 60_000) })
    await browser.get(pass.tokenise('/any'))
    await later(120, () => browser.get('/any').expect(200))
    await later(120, () => app.browser().get(pass.tokenise('/any')).expect(403))
  })
})

describe('each later request', () => {
  it('finds the visitor again, by one statement', async () => {
    const browser = app.browser()
    await browser.get((await invite()).tokenise('/any'))
    app.database.takeStatements()
    await browser.get('/any').expect(200)
    assert.equal(app.database.takeStatements().length, 1)
  })

  it('is refused after deactivate(), and still after reactivate()', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.get(pass.tokenise('/any'))
    await pass.deactivate()
    const refused = await browser.get('/any').expect(403)
    assert.equal((refused.body as { reason: string }).reason, 'deactivated')
    await pass.reactivate()
    await browser.get('/any').expect(403)
    await browser.get(pass.tokenise('/any')).expect(303)
  })

  it('forgets a pass that was deleted, and then makes no query', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.get(pass.tokenise('/any'))
    await pass.destroy()
    const refused = await browser.get('/any').expect(403)
    assert.equal((refused.body as { reason: string }).reason, 'gone')
    app.database.takeStatements()
    await browser.get('/any').expect(403)
    assert.deepEqual(app.database.takeStatements(), [])
  })
})

/** Sends a request line as it stands, which no client library would. */
async function locationOf(target: string): Promise<string> {
  const { hostname, port } = new URL(app.origin)
  const { connect } = await import('node:net')
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `GET ${target.replaceAll('\t', '%09')} HTTP/1.1\r\nHost: own.test\r\nUser-Agent: ${BROWSER}\r\nConnection: close\r\n\r\n`,
      )
    })
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('error', reject)
    socket.on('close', () => {
      resolve(/^location: (.*)$/im.exec(text)?.[1]?.trim() ?? `none in ${text.slice(0, 200)}`)
    })
  })
}
