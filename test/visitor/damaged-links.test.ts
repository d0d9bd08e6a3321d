import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ensureVisitor, SCOPE_ANY, selfServiceRouter } from '../../src/index.js'
import { SECRET, startApplication, whoIs, type TestApp, type TestAppOptions } from '../support/application.js'

const routes: TestAppOptions['routes'] = (host, { Visitor }) => {
  host.use('/visitor', selfServiceRouter({ Visitor, send: () => undefined, baseUrl: 'https://example.test' }))
  host.get('/open', (req, res) => res.set('Cache-Control', 'public, max-age=600').json(whoIs(req)))
  host.get('/any', ensureVisitor(SCOPE_ANY), (req, res) => res.json(whoIs(req)))
  host.get('/asked', ensureVisitor('foo', { selfService: true }), (req, res) => res.json(whoIs(req)))
}

let app: TestApp
let bare: TestApp

before(async () => {
  const visitLog = { flushInterval: 3600 } // so that no INSERT of an earlier test is among the statements of a later one
  app = await startApplication({ routes, visitor: { visitLog } })
  bare = await startApplication({ routes, visitor: { secret: [SECRET, false], visitLog } })
})
after(async () => {
  await app.close()
  await bare.close()
})
beforeEach(() => app.database.takeStatements())

const invite = (host = app) => host.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })

/** What mail programs and people make of the query `vuid=<token>`, and what of it stays in the address. */
const mendable: Record<string, (token: string) => string> = {
  'a full stop after it': (token) => `vuid=${token}.`,
  'a comma after it': (token) => `vuid=${token},`,
  'a bracket after it': (token) => `vuid=${token})`,
  'an angle bracket after it': (token) => `vuid=${token}%3E`,
  'quotes around it': (token) => `vuid=%22${token}%22`,
  'typographic quotes around it': (token) => `vuid=%E2%80%9C${token}%E2%80%9D`,
  'a full stop and a bracket after it': (token) => `vuid=${token}.)`,
  'a blank after it': (token) => `vuid=${token}%20`,
  'a plus sign after it': (token) => `vuid=${token}+`,
  'a no-break space after it': (token) => `vuid=${token}%C2%A0`,
  'a line break after it': (token) => `vuid=${token}%0D%0A`,
  'a blank before it': (token) => `vuid=%20${token}`,
  'the 3D of quoted-printable before it': (token) => `vuid=3D${token}`,
  'the =3D of quoted-printable before it': (token) => `vuid==3D${token}`,
  'an equals sign after it': (token) => `vuid=${token}=`,
  'a soft line break in it': (token) => `vuid=${token.slice(0, 20)}=${token.slice(20)}`,
  'a soft line break with CRLF in it': (token) => `vuid=${token.slice(0, 20)}=%0D%0A${token.slice(20)}`,
  'a line break and a blank in it': (token) => `vuid=${token.slice(0, 20)}%0A%20${token.slice(20)}`,
  'a soft hyphen in it': (token) => `vuid=${token.slice(0, 20)}%C2%AD${token.slice(20)}`,
  'capital letters': (token) => `vuid=${token.toUpperCase()}`,
  'a tracking parameter behind a second question mark': (token) => `vuid=${token}?utm_source=mail`,
  'a tracking parameter without a separator': (token) => `vuid=${token}utm_source=mail`,
  'an escaped separator after it': (token) => `vuid=${token}%26utm_source%3Dmail`,
  'a text after it': (token) => `vuid=${token}%20Regards`,
  'an escaped equals sign': (token) => `vuid%3D${token}`,
  'the name behind &amp;': (token) => `amp;vuid=${token}`,
  'the name behind &amp;amp;': (token) => `amp;amp;vuid=${token}`,
  'the name behind &AMP;': (token) => `AMP;vuid=${token}`,
  'the name in capital letters': (token) => `VUID=${token}`,
  'a blank before the name': (token) => `%20vuid=${token}`,
  'a blank after the name': (token) => `vuid%20=${token}`,
  'an entity after it': (token) => `vuid=${token}&quot;`,
  'itself a second time': (token) => `vuid=${token}&vuid=${token}`,
  'itself a second time, behind &amp;': (token) => `vuid=${token}&amp;vuid=${token}.`,
}

describe('a link that is surely mangled', () => {
  for (const [name, queryOf] of Object.entries(mendable)) {
    it(`with ${name} is redeemed, and the token leaves the address`, async () => {
      for (const host of [app, bare]) {
        const pass = await invite(host)
        // Where bare UUIDs are accepted, they are mended in the same way as signed tokens.
        for (const token of host === bare
          ? [pass.uuid, pass.tokenise('').slice(6)]
          : [pass.tokenise('').slice(6)]) {
          const browser = host.browser()
          const response = await browser.get(`/any?a=1&${queryOf(token)}`).expect(303)
          assert.match(String(response.headers['location']), /^\/any\?a=1(&quot;)?$/)
          assert.equal(response.headers['cache-control'], 'no-store')
          await browser.get('/any').expect(200)
        }
      }
    })
  }

  it('with a tracking parameter after it is redeemed, and the parameter stays', async () => {
    const pass = await invite()
    await app
      .browser()
      .get(`${pass.tokenise('/any')}&utm_source=mail`)
      .expect(303)
      .expect('Location', '/any?utm_source=mail')
  })
})

const beyondMending: Record<string, (token: string, other: string) => string> = {
  'half a token': (token) => `vuid=${token.slice(0, 32)}`,
  'a token without its last character': (token) => `vuid=${token.slice(0, -1)}`,
  'a token that is too long': (token) => `vuid=${token}0`,
  'nothing for a token': () => 'vuid=',
  'nothing behind &amp;': () => 'a=1&amp;vuid=',
  'only the name': () => 'vuid',
  'a text': () => 'vuid=garbage',
  'a bare UUID': () => `vuid=${randomUUID()}`,
  'invalid escapes': () => 'vuid=%E0%A4%A',
  'tokens of two passes': (token, other) => `vuid=${token}&vuid=${other}`,
  'tokens of two passes, one behind &amp;': (token, other) => `vuid=${token}&amp;vuid=${other}`,
  'a token and half of it': (token) => `vuid=${token}&vuid=${token.slice(0, 32)}`,
  'empty brackets': (token) => `vuid[]=${token}`,
  'nested brackets': (token) => `vuid[a][b]=${token}`,
  'brackets behind &amp;': (token) => `amp;vuid[]=${token}`,
  'a token and brackets': (token) => `vuid=${token}&vuid[a]=1`,
}

describe('a link that is damaged beyond mending', () => {
  for (const [name, queryOf] of Object.entries(beyondMending)) {
    it(`with ${name} opens nothing, without a query, and its page goes on as anonymous`, async () => {
      const [token, other] = [await invite(), await invite()].map((pass) => pass.tokenise('').slice(6))
      const query = queryOf(token ?? '', other ?? '')
      app.database.takeStatements()
      const open = await app.browser().get(`/open?${query}`).expect(200)
      assert.equal((open.body as { isVisitor: boolean }).isVisitor, false)
      assert.equal(open.headers['cache-control'], 'no-store')
      assert.equal(open.headers['referrer-policy'], 'no-referrer')
      assert.equal(open.headers['set-cookie'], undefined)
      const refused = await app.browser().get(`/any?${query}`).expect(403)
      assert.equal((refused.body as { reason: string }).reason, 'malformed')
      assert.equal(refused.headers['cache-control'], 'no-store')
      assert.equal(refused.text.includes(token ?? ''), false)
      assert.deepEqual(app.database.takeStatements(), [])
    })
  }

  it('leads to self-service where the guard offers it, without the rest of the token', async () => {
    const token = (await invite()).tokenise('').slice(6, 38)
    const response = await app
      .browser()
      .get(`/asked?a=1&amp;vuid=${token}`)
      .set('Accept', 'text/html')
      .expect(302)
    const location = new URL(String(response.headers['location']), 'https://example.test')
    assert.equal(location.pathname, '/visitor')
    const [content = ''] = (location.searchParams.get('for') ?? '').split('.')
    const { next } = JSON.parse(Buffer.from(content, 'base64url').toString()) as { next: string }
    assert.equal(next, '/asked?a=1')
  })

  it('makes only its own request anonymous during a visit', async () => {
    const browser = app.browser()
    await browser.get((await invite()).tokenise('/any')).expect(303)
    await browser.get('/any?vuid=garbage').expect(403)
    await browser.get('/any').expect(200)
  })
})

describe('tokenise', () => {
  it('replaces an old token in every spelling', async () => {
    const pass = await invite()
    const [old, link] = [randomUUID(), pass.tokenise('/any?a=1')]
    for (const query of [
      `a=1&amp;vuid=${old}`,
      `a=1&vuid%3D${old}`,
      `a=1&vuid=${old}&amp;vuid=${old}&vuid[]=1`,
    ])
      assert.equal(pass.tokenise(`/any?${query}`), link)
  })
})
