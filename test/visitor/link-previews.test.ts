import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ensureVisitor, SCOPE_ANY } from '../../src/index.js'
import { startApplication, whoIs, type TestApp, type Who } from '../support/application.js'

let app: TestApp
const suspected: unknown[] = []

before(async () => {
  app = await startApplication({
    visitor: { sharingThreshold: 2 },
    routes(host) {
      const cacheable = { 'Cache-Control': 'public, max-age=600', 'CDN-Cache-Control': 'max-age=600' }
      host.get('/open', (req, res) => res.set(cacheable).json(whoIs(req)))
      host.all('/any', (_req, res, next) => {
        res.set(cacheable)
        next()
      })
      host.all('/any', ensureVisitor(SCOPE_ANY), (req, res) => res.json(whoIs(req)))
    },
  })
  app.Visitor.events.on('sharingSuspected', (each) => suspected.push(each))
})
after(() => app.close())

const invite = (values: object = {}) =>
  app.Visitor.create({ email: 'ginger@example.test', scope: 'foo', ...values })

const previews: Record<string, string> = {
  WhatsApp: 'WhatsApp/2.23.20.0',
  Slack: 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  Facebook: 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  iMessage:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 ' +
    'Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
  Telegram: 'TelegramBot (like TwitterBot)',
  Discord: 'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
  Skype: 'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com',
  Bing: 'Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b',
  LinkedIn: 'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  Outlook: 'Mozilla/4.0 (compatible; ms-office; MSOffice 16)',
  'no User-Agent': '',
  curl: 'curl/8.5.0',
}

describe('a link preview', () => {
  for (const [name, agent] of Object.entries(previews)) {
    it(`by ${name} opens nothing, counts no use, and makes no suspicion of sharing`, async () => {
      for (const values of [{}, { maxUses: 1 }]) {
        const pass = await invite(values)
        for (const path of ['/open', '/any', '/any']) {
          const response = await app.browser().get(pass.tokenise(path)).set('User-Agent', agent)
          assert.equal(response.status, path === '/open' ? 200 : 403)
          if (path === '/open') assert.equal((response.body as Who).isVisitor, false)
          assert.equal(response.headers['set-cookie'], undefined)
          assert.equal(response.headers['cache-control'], 'no-store')
        }
        await app.VisitorLog.flush()
        assert.equal((await pass.reload()).uses, 0)
        assert.equal((await pass.sharing()).visits, 0)
        assert.deepEqual(suspected, [])
        await app.browser()[values.maxUses === undefined ? 'get' : 'post'](pass.tokenise('/any')).expect(303)
      }
    })
  }

  it('leaves links to programs that post them', async () => {
    const pass = await invite()
    const response = await app
      .browser()
      .post(pass.tokenise('/any'))
      .set('User-Agent', 'curl/8.5.0')
      .expect(200)
    assert.equal((response.body as Who).visitor?.id, pass.id)
  })

  it('is what isBot accepts, sync or async, if the application has its own', async () => {
    for (const isBot of [() => false, () => Promise.resolve(false)]) {
      const own = await startApplication({ visitorStrategy: { isBot } })
      try {
        const pass = await own.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
        await own.browser().get(pass.tokenise('/who')).set('User-Agent', 'curl/8.5.0').expect(303)
      } finally {
        await own.close()
      }
    }
  })
})

describe('the answer to a prefetch', () => {
  for (const [header, value] of [
    ['Sec-Purpose', 'prefetch;prerender'],
    ['Sec-Purpose', 'prefetch'],
    ['Purpose', 'prefetch'],
    ['X-Moz', 'prefetch'],
  ] as const) {
    it(`(${header}: ${value}) of a link or of a guarded page is never stored, so that the click asks the server`, async () => {
      const pass = await invite()
      const browser = app.browser()
      for (const path of [pass.tokenise('/open'), pass.tokenise('/any'), '/any']) {
        const { headers } = await browser.get(path).set(header, value)
        assert.equal(headers['cache-control'], 'no-store')
        assert.equal(headers['cdn-cache-control'], undefined)
      }
      assert.equal((await pass.reload()).uses, 0)
      await browser.get(pass.tokenise('/any')).expect(303)
      const prefetched = await browser.get('/any').set(header, value).expect(200)
      assert.equal(prefetched.headers['cache-control'], 'no-store')
      const followed = await browser.get('/any').expect(200)
      assert.equal(followed.headers['cache-control'], 'private, max-age=600')
    })
  }
})
