import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { format } from 'node:util'
import createDebug from 'debug'
import { ensureVisitor } from '../src/index.js'
import { startApplication, whoIs, type TestApp, type Who } from './support/application.js'
import { DAY, later } from './support/clock.js'

let app: TestApp
const lines: string[] = []
const write = createDebug.log

before(async () => {
  createDebug.enable('passport-ephemeral*')
  createDebug.log = (...args: unknown[]) => {
    lines.push(format(...args))
  }
  app = await startApplication({
    guestStrategy: { enabled: (req) => req.get('x-disabled') === undefined },
    routes(host, { passport }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/foo', ensureVisitor('foo'), (req, res) => {
        res.json(whoIs(req))
      })
    },
  })
})
after(async () => {
  createDebug.disable()
  createDebug.log = write
  await app.close()
})

const invite = (values: object = {}) =>
  app.Visitor.create({ email: 'ginger@example.test', scope: 'foo', ...values })

async function linesOf(work: () => PromiseLike<unknown>): Promise<string> {
  lines.length = 0
  await work()
  return lines.join('\n')
}

describe('DEBUG=passport-ephemeral*', () => {
  it('prints why a token was refused', async () => {
    const gone = await invite()
    await gone.destroy()
    const table: [string, RegExp][] = [
      [gone.tokenise('/foo'), /token refused: unknown/],
      [(await invite({ isActive: false })).tokenise('/foo'), /token refused: deactivated \(pass \d+\)/],
      [(await invite({ expiresAt: new Date(0) })).tokenise('/foo'), /token refused: expired/],
      [(await invite({ maxUses: 1, uses: 1 })).tokenise('/foo'), /token refused: used-up/],
      ['/foo?vuid=a&vuid=b', /token refused: malformed/],
    ]
    for (const [link, reason] of table) assert.match(await linesOf(() => app.browser().get(link)), reason)
  })

  it('prints why a visitor was not restored', async () => {
    const pass = await invite()
    const [one, two] = [app.browser(), app.browser()]
    await one.get(pass.tokenise('/foo'))
    await two.get(pass.tokenise('/foo'))
    assert.match(
      await linesOf(() => later(DAY + 10, async () => await one.get('/foo'))),
      /not restored: session-ended/,
    )
    await pass.deactivate()
    assert.match(await linesOf(() => two.get('/foo')), /not restored: deactivated/)
  })

  it('prints why a guest was not created, or not restored', async () => {
    assert.match(
      await linesOf(() => app.browser().get('/play').set('x-disabled', '1')),
      /no guest made: disabled/,
    )
    assert.match(
      await linesOf(() => app.browser().get('/play').set('User-Agent', 'Googlebot')),
      /no guest made: a bot/,
    )
    assert.match(await linesOf(() => app.browser().head('/play')), /no guest made: HEAD/)
    const browser = app.browser()
    const { user } = (await browser.get('/play')).body as Who
    await app.Guest.convert(user?.id ?? 0, { username: 'fred' })
    assert.match(await linesOf(() => browser.get('/who')), /guest not restored: converted elsewhere/)
    const other = app.browser()
    await other.get('/play')
    assert.match(
      await linesOf(() => later(15 * DAY, async () => await other.get('/who'))),
      /guest not restored: expired/,
    )
  })

  it('never prints a token, a uuid or a session id, for visitors and for guests', async () => {
    const pass = await invite()
    const browser = app.browser()
    const forged = Buffer.alloc(32, 9).toString('hex')
    const text = await linesOf(async () => {
      await browser.get(pass.tokenise('/foo'))
      await browser.get('/foo')
      await browser.get('/play')
      await browser.get(`/foo?vuid=${forged}`)
      await browser.get('/foo?vuid=garbage-in-the-link')
    })
    const { sessionID } = (await browser.get('/who')).body as Who
    assert.match(text, /redeemed/)
    for (const secret of [pass.tokenise('').slice(6), pass.uuid, forged, 'garbage-in-the-link', sessionID]) {
      assert.ok(!text.includes(secret), secret)
    }
  })
})
