import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ensureVisitor, SCOPE_ANY } from '../../src/index.js'
import { BROWSER, express, startApplication, whoIs, type TestApp, type Who } from '../support/application.js'
import { later, MINUTE } from '../support/clock.js'
import { usesOneStatement } from '../support/database.js'
import { whileAnswersAreLost, whileStoreFails } from '../support/failing-store.js'

let app: TestApp

before(async () => {
  app = await startApplication({
    routes(host) {
      host.get('/any', ensureVisitor(SCOPE_ANY), (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/api', ensureVisitor(SCOPE_ANY), express.json(), (req, res) => {
        res.json({ who: whoIs(req), body: req.body as unknown })
      })
    },
  })
})
after(() => app.close())
beforeEach(() => app.database.takeStatements())

const invite = (values: object = {}) =>
  app.Visitor.create({ email: 'ginger@example.test', scope: 'foo', maxUses: 1, ...values })
const body = (response: { body: unknown }): Who => response.body as Who
/** Where the page's form posts to, read as a browser would. */
const actionOf = (page: string): string =>
  (/<form[^>]*\saction="([^"]*)"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&')
const usesOf = async (pass: Awaited<ReturnType<typeof invite>>) => (await pass.reload()).uses

describe('a link with maxUses', () => {
  it('opens a page with a button, which redeems it', async () => {
    const pass = await invite()
    const browser = app.browser()
    const page = await browser.get(pass.tokenise('/any?a=1')).expect(200).expect('Content-Type', /html/)
    assert.equal(await usesOf(pass), 0)
    const action = actionOf(page.text)
    assert.equal(action, pass.tokenise('/any?a=1'))

    const pressed = await browser.post(action).set('Accept', 'text/html').expect(303)
    assert.equal(pressed.headers['location'], '/any?a=1')
    assert.deepEqual(body(await browser.get('/any').expect(200)).visitor, { id: pass.id, email: pass.email })
    assert.equal(await usesOf(pass), 1)
  })

  it('is not used up by requests that open it without pressing the button', async () => {
    const pass = await invite()
    const link = pass.tokenise('/any')
    const browser = app.browser()
    for (const accept of ['text/html', '*/*', 'text/html,application/xhtml+xml,*/*;q=0.8']) {
      await browser.get(link).set('Accept', accept).expect(200)
    }
    await Promise.all(Array.from({ length: 10 }, () => app.browser().get(link).expect(200)))
    await browser.head(link)
    await browser.options(link)
    await browser.get(link).set('Sec-Purpose', 'prefetch').expect(403)
    await browser.get(link).set('Accept', 'application/json').expect(403)
    await browser.put(link)
    assert.equal(await usesOf(pass), 0)
    await browser.get('/any').expect(403)
    await app.browser().post(link).expect(303)
    assert.equal(await usesOf(pass), 1)
  })

  it('answers a program that asks for JSON with the reason', async () => {
    const pass = await invite()
    const response = await app.browser().get(pass.tokenise('/any')).set('Accept', 'application/json')
    assert.equal(response.status, 403)
    assert.equal((response.body as { reason: string }).reason, 'unconfirmed')
  })

  it('can be redeemed by a program, by POST, which keeps what it posts', async () => {
    const pass = await invite()
    const response = await app
      .browser()
      .post(pass.tokenise('/api'))
      .set('Accept', 'application/json')
      .send({ answer: 42 })
      .expect(200)
    const { who, body: posted } = response.body as { who: Who; body: unknown }
    assert.equal(who.visitor?.id, pass.id)
    assert.deepEqual(posted, { answer: 42 })
    assert.equal(await usesOf(pass), 1)
  })

  it('admits exactly that many of the browsers that press at once', async () => {
    const pass = await invite({ maxUses: 3 })
    const browsers = Array.from({ length: 12 }, () => app.browser())
    await Promise.all(browsers.map((browser) => browser.post(pass.tokenise('/any')).expect(303)))
    const pages = await Promise.all(browsers.map((browser) => browser.get('/any')))
    assert.deepEqual(pages.map(({ status }) => status).sort(), [
      ...Array<number>(3).fill(200),
      ...Array<number>(9).fill(403),
    ])
    assert.equal(await usesOf(pass), 3)
  })

  it('redirects a click that comes too late to an address that a browser can open', async () => {
    const pass = await invite({ uses: 1 })
    const link = pass.tokenise('/any')
    const late = await app.browser().post(link).expect(303)
    assert.equal(late.headers['location'], link)
    const refused = await app.browser().get(link).expect(403)
    assert.equal((refused.body as { reason: string }).reason, 'used-up')
    assert.equal(await usesOf(pass), 1)
  })

  it('counts a double click once: a browser drops the answer to the first, and its session with it', async () => {
    const pass = await invite()
    const link = pass.tokenise('/any')
    const browser = app.browser()
    const page = await browser.get(link).expect(200)
    const cookie = String(page.headers['set-cookie']).split(';', 1)[0] ?? ''
    const click = () => app.browser().post(link).set('Cookie', cookie).expect(303)
    const [first, second] = await Promise.all([click(), click()])
    for (const { headers } of [first, second]) {
      assert.equal(headers['location'], '/any')
      const session = String(headers['set-cookie']).split(';', 1)[0] ?? ''
      await app.browser().get('/any').set('Cookie', session).expect(200)
    }
    assert.equal(await usesOf(pass), 1)
  })

  it('counts a double click once where more uses are left', async () => {
    const pass = await invite({ maxUses: 5 })
    const browser = app.browser()
    await browser.get(pass.tokenise('/any')).expect(200)
    await Promise.all([1, 2, 3].map(() => browser.post(pass.tokenise('/any')).expect(303)))
    assert.equal(await usesOf(pass), 1)
  })

  it('counts the click of another browser, and a later click', async () => {
    const pass = await invite({ maxUses: 2 })
    const link = pass.tokenise('/any')
    const page = await app.browser().get(link).expect(200)
    const cookie = String(page.headers['set-cookie']).split(';', 1)[0] ?? ''
    await app.browser().post(link).set('Cookie', cookie).expect(303)
    await later(5 * MINUTE, async () => {
      await app.browser().post(link).set('Cookie', cookie).expect(303).expect('Location', '/any')
    })
    assert.equal(await usesOf(pass), 2)
    for (const other of [cookie, `visitor-confirmation=${'x'.repeat(22)}`, 'visitor-confirmation=']) {
      await later(10 * MINUTE, async () => {
        const late = app.browser()
        await late.post(link).set('Cookie', other).expect(303).expect('Location', link)
        await late.get('/any').expect(403)
      })
    }
  })

  it('is opened by few of the clients that share the cookie, and by none that made its value up', async () => {
    const pass = await invite()
    const link = pass.tokenise('/any')
    const page = await app.browser().get(link).expect(200)
    const genuine = String(page.headers['set-cookie']).split(';', 1)[0] ?? ''
    const admitted = async (cookie: string, agent = BROWSER) => {
      const clicks = Array.from({ length: 12 }, () =>
        app.browser().post(link).set({ Cookie: cookie, 'User-Agent': agent }).expect(303),
      )
      const answers = await Promise.all(clicks)
      return answers.filter(({ headers }) => headers['location'] === '/any').length
    }
    assert.equal(await admitted(`visitor-confirmation=${'x'.repeat(22)}`), 1)
    await pass.reissue()
    const other = pass.tokenise('/any')
    const clicks = await Promise.all(
      Array.from({ length: 12 }, () => app.browser().post(other).set('Cookie', genuine).expect(303)),
    )
    assert.equal(clicks.filter(({ headers }) => headers['location'] === '/any').length, 3)
    await pass.reissue()
    const third = pass.tokenise('/any')
    const strangers = await Promise.all(
      Array.from({ length: 12 }, () =>
        app
          .browser()
          .post(third)
          .set({ Cookie: genuine, 'User-Agent': `${BROWSER} Other/1` })
          .expect(303),
      ),
    )
    assert.equal(strangers.filter(({ headers }) => headers['location'] === '/any').length, 1)
  })

  it('has one cookie for all tabs of a browser', async () => {
    const [one, other] = [await invite(), await invite()]
    const browser = app.browser()
    const first = await browser.get(one.tokenise('/any')).expect(200)
    const second = await browser.get(other.tokenise('/any')).expect(200)
    const browsers = [first, second].map(({ headers }) => String(headers['set-cookie']).split('.', 1)[0])
    assert.equal(browsers[1], browsers[0])
  })

  it('admits the same browser after its session has failed once, and counts one use', async () => {
    const pass = await invite()
    const link = pass.tokenise('/any')
    const browser = app.browser()
    await browser.get(link).expect(200)
    await whileStoreFails(
      app.store,
      async () => {
        await browser.post(link).expect(500)
        await browser.get('/any').expect(403)
      },
      { times: 1 },
    )
    await browser.post(link).expect(303)
    assert.equal(await usesOf(pass), 1)
    const other = app.browser()
    await other.post(link).expect(303)
    await other.get('/any').expect(403)
  })

  it('admits no client by a session that was stored although its store failed', async () => {
    const pass = await invite()
    const link = pass.tokenise('/any')
    const unlucky = app.browser()
    await unlucky.get(link).expect(200)
    await whileAnswersAreLost(app.store, () => unlucky.post(link).expect(500))
    assert.equal(await usesOf(pass), 0)
    const other = app.browser()
    await other.post(link).expect(303)
    await other.get('/any').expect(200)
    await unlucky.get('/any').expect(403)
    await unlucky.post(link).expect(303)
    await unlucky.get('/any').expect(403)
    assert.equal(await usesOf(pass), 1)
  })

  it('is not used up by a session that cannot be renewed or saved', async () => {
    const pass = await invite()
    await whileStoreFails(app.store, async () => {
      await app.browser().post(pass.tokenise('/any')).expect(500)
    })
    assert.equal(await usesOf(pass), 0)
    await app.browser().post(pass.tokenise('/any')).expect(303)
  })

  it('followed again in the session that redeemed it, counts no use and shows no button', async () => {
    const pass = await invite()
    const browser = app.browser()
    await browser.post(pass.tokenise('/any')).expect(303)
    await browser.get(pass.tokenise('/any')).expect(303).expect('Location', '/any')
    assert.equal(await usesOf(pass), 1)
  })

  for (const [name, headers] of [
    ['Sec-Fetch-Site: cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another Origin', { Origin: 'https://evil.test' }],
  ] as const) {
    it(`is not redeemed by another site's form (${name})`, async () => {
      const pass = await invite()
      const browser = app.browser()
      await browser.post(pass.tokenise('/api')).set(headers).expect(403)
      await browser.get('/any').expect(403)
      assert.equal(await usesOf(pass), 0)
    })
  }

  it('is redeemed by the button of our page over plain HTTP, which is sent with its origin', async () => {
    const pass = await invite()
    const link = pass.tokenise('/any')
    const browser = app.browser()
    await browser.get(link).expect(200)
    // A sandboxed page of another site, or of a sister subdomain, can send this.
    await browser.post(link).set({ Origin: 'null', Cookie: 'own-form=1' }).expect(200)
    assert.equal(await usesOf(pass), 0)
    await browser.post(link).set('Origin', app.origin).expect(303)
    assert.equal(await usesOf(pass), 1)
  })
})

describe('the page with the button', () => {
  it('has no script, cannot be framed or cached, and shows nothing of the pass', async () => {
    const pass = await invite({ firstName: 'Ginger', context: { about: 'Fred' } })
    const page = await app.browser().get(pass.tokenise('/any')).expect(200)
    assert.match(
      String(page.headers['content-security-policy']),
      /^default-src 'none'; img-src 'self'; style-src 'sha256-/,
    )
    assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/)
    assert.equal(page.headers['cache-control'], 'no-store')
    assert.equal(page.headers['referrer-policy'], 'strict-origin')
    // Nothing but the cookie by which a double click is recognised.
    const [confirmation, ...more] = [page.headers['set-cookie'] ?? []].flat().map(String)
    assert.match(
      confirmation ?? '',
      /^visitor-confirmation=[\w-]{22}\.\w+\.[\w-]{43}; Max-Age=3600; Path=\/;.*HttpOnly; SameSite=Lax$/,
    )
    assert.deepEqual(more, [])
    assert.doesNotMatch(page.text, /<script|\son\w+=|Ginger|Fred|ginger@/)
  })

  it('embeds the CSRF token of an application that has one, and escapes what an address holds', async () => {
    const other = await startApplication({
      before(host) {
        host.use((req, _res, next) => {
          Object.assign(req, { csrfToken: () => 'a"b' })
          next()
        })
      },
    })
    try {
      const pass = await other.Visitor.create({ email: 'g@example.test', scope: 'foo', maxUses: 1 })
      const page = await other.browser().get(pass.tokenise(`/x?q="><script>`))
      assert.match(page.text, /<input type="hidden" name="_csrf" value="a&quot;b"/)
      assert.doesNotMatch(page.text, /<script/)
    } finally {
      await other.close()
    }
  })

  it("can be the application's own", async () => {
    const other = await startApplication({
      visitorStrategy: {
        render: {
          confirm: (page, _req, res) =>
            res.json({ name: page.name, action: page.action, email: page.visitor.email }),
        },
      },
    })
    try {
      const pass = await other.Visitor.create({ email: 'g@example.test', scope: 'foo', maxUses: 1 })
      const link = pass.tokenise('/x')
      const page = await other.browser().get(link).expect(200)
      assert.deepEqual(page.body, { name: 'confirm', action: link, email: 'g@example.test' })
      assert.equal(page.headers['cache-control'], 'no-store')
    } finally {
      await other.close()
    }
  })

  it("reaches Express's error handling when the application's own fails", async () => {
    const other = await startApplication({
      visitorStrategy: {
        render: () => {
          throw new Error('no such template')
        },
      },
    })
    try {
      const pass = await other.Visitor.create({ email: 'g@example.test', scope: 'foo', maxUses: 1 })
      const page = await other.browser().get(pass.tokenise('/x')).expect(500)
      assert.equal((page.body as { message: string }).message, 'no such template')
    } finally {
      await other.close()
    }
  })

  it('costs two statements on PostgreSQL, and pressing it one', async () => {
    const pass = await invite()
    app.database.takeStatements()
    await app.browser().get(pass.tokenise('/any'))
    const shown = app.database.takeStatements().length
    await app.browser().post(pass.tokenise('/any')).set('User-Agent', BROWSER)
    const pressed = app.database.takeStatements().length
    assert.deepEqual([shown, pressed], usesOneStatement ? [2, 1] : [2, 2])
  })
})
