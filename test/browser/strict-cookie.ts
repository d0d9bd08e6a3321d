/**
 * A guest of a session whose cookie is `SameSite=Strict` follows links of another site, in a real browser, and stays the
 * same guest. `CHROMIUM` names the browser.
 */
import assert from 'node:assert/strict'
import { ensureVisitor, SCOPE_ANY } from '../../src/index.js'
import { BROWSER, startApplication, whoIs } from '../support/application.js'
import { launchBrowser } from './browser.js'
import { step, tally } from './steps.js'

interface Seen {
  readonly user: { readonly id: number }
  readonly visitor?: unknown
}

const app = await startApplication({
  session: { cookie: { sameSite: 'strict' } },
  routes(host, { passport }) {
    host.get('/play', passport.authenticate('guest'), (req, res) => {
      res.json(whoIs(req))
    })
    host.get('/page', ensureVisitor(SCOPE_ANY), (req, res) => {
      res.json(whoIs(req))
    })
    host.get('/foreign', (req, res) => {
      const { to } = req.query as { to: string }
      res.send(`<a href="${to}">link</a>`)
    })
  },
})
const browser = await launchBrowser()
try {
  const page = await (await browser.newContext({ userAgent: BROWSER })).newPage()
  const { port } = new URL(app.origin)
  // Two sites of which browsers send Fetch Metadata over plain HTTP too.
  const own = `http://own.localhost:${port}`
  const other = `http://other.localhost:${port}`
  const shown = async (): Promise<Seen> => JSON.parse(await page.innerText('body')) as Seen
  const followFromElsewhere = async (to: string): Promise<Seen> => {
    await page.goto(`${other}/foreign?to=${encodeURIComponent(own + to)}`)
    await page.click('a')
    await page.waitForURL((url) => url.hostname === 'own.localhost' && !url.search.includes('vuid'))
    await page.getByText('"user"').waitFor()
    return await shown()
  }
  await page.goto(`${own}/play`)
  const { user } = await shown()

  await step('a link of another site to a page for guests is answered to the same guest', async () => {
    assert.equal((await followFromElsewhere('/play')).user.id, user.id)
  })

  await step('a pass’s link on another site begins a visit beside the same guest', async () => {
    const link = (await app.Visitor.create({ email: 'kim@example.test', scope: 'foo' })).tokenise('/page')
    const seen = await followFromElsewhere(link)
    assert.equal(seen.user.id, user.id)
    assert.ok(seen.visitor)
    assert.equal(page.url(), `${own}/page`)
    await page.goto(`${own}/play`)
    assert.equal((await shown()).user.id, user.id)
    assert.equal(await app.User.count(), 1)
  })
} catch (error) {
  tally.failed ||= 1
  console.error(error)
} finally {
  await browser.close()
  await app.close()
}
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exit(tally.failed === 0 ? 0 : 1) // the embedded database would keep it alive
