import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import supertest from 'supertest'
import { ensureVisitor, SCOPE_ANY } from '../../src/index.js'
import { BROWSER, startApplication, whoIs, type TestApp } from '../support/application.js'

/** What Chromium sends when a link of another site is followed; a `SameSite=Strict` cookie is left at home. */
const FOLLOWED = {
  'Sec-Fetch-Site': 'cross-site',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  'User-Agent': BROWSER,
  Accept: 'text/html,*/*;q=0.8',
}

function start(sameSite: 'lax' | 'strict' | true): Promise<TestApp> {
  return startApplication({
    session: { cookie: { sameSite } },
    routes(host, { passport }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/page', ensureVisitor(SCOPE_ANY), (req, res) => {
        res.json(whoIs(req))
      })
    },
  })
}

for (const sameSite of ['strict', true] as const) {
  describe(`a session cookie with sameSite: ${JSON.stringify(sameSite)}`, () => {
    let app: TestApp
    let link: string
    before(async () => {
      app = await start(sameSite)
      link = (await app.Visitor.create({ email: 'kim@example.test', scope: 'foo' })).tokenise('/page')
    })
    after(() => app.close())
    const follow = (address: string, headers: Readonly<Record<string, string>> = {}) =>
      supertest(app.origin)
        .get(address)
        .set({ ...FOLLOWED, ...headers })

    it('a followed link without the cookie makes the browser come again, and neither session nor guest', async () => {
      for (const address of [link, '/play']) {
        const answer = await follow(address).expect(200)
        assert.equal(answer.get('Refresh'), '0')
        assert.equal(answer.get('Set-Cookie'), undefined)
        assert.equal(answer.get('Cache-Control'), 'no-store')
        assert.match(answer.text, /<a href="">Continue<\/a>/)
        assert.doesNotMatch(answer.text, /vuid/)
      }
      assert.equal(await app.User.count(), 0)
      assert.equal((await app.Visitor.findOne({ rejectOnEmpty: true })).uses, 0)
    })

    it('a request that comes again is answered, also by a browser that still calls it cross-site', async () => {
      for (const headers of [{ 'Sec-Fetch-Site': 'same-origin' }, { Referer: `${app.origin}/` }]) {
        const answer = await follow(link, headers).expect(303)
        assert.notEqual(answer.get('Set-Cookie'), undefined)
      }
    })

    it('a link of a mail program, or of a sister subdomain, is redeemed at once: such requests have the cookie', async () => {
      for (const site of ['none', 'same-site']) await follow(link, { 'Sec-Fetch-Site': site }).expect(303)
    })

    it('a page of another site is no Referer that ends the wait', async () => {
      for (const referer of ['https://evil.test/', 'about:blank', 'https://evil.test/?127.0.0.1'])
        assert.equal((await follow(link, { Referer: referer })).status, 200)
    })
  })
}

it('with sameSite lax a followed link is redeemed at once', async () => {
  const app = await start('lax')
  try {
    const link = (await app.Visitor.create({ email: 'kim@example.test', scope: 'foo' })).tokenise('/page')
    await supertest(app.origin).get(link).set(FOLLOWED).expect(303)
  } finally {
    await app.close()
  }
})
