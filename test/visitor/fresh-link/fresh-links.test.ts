import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import {
  defineVisitorModels,
  ensureVisitor,
  errorPages,
  SCOPE_ANY,
  VisitorTokenStrategy,
  type ExpiredLinkOptions,
  type FreshLinkMessage,
} from '../../../src/index.js'
import { warningsOf } from '../../checks/stage.js'
import { startApplication, whoIs, type TestApp } from '../../support/application.js'
import { eventually } from '../../support/eventually.js'
import { forged } from '../../support/forged.js'

const BASE = 'https://example.test'

let mailbox: FreshLinkMessage[] = []
let sendFails: Error | undefined
/** When `send` has begun, and what it waits for. */
let sending: Promise<void> = Promise.resolve()

const start = (options: Partial<ExpiredLinkOptions> = {}) =>
  startApplication({
    before: (host) => host.set('baseUrl', BASE),
    visitorStrategy: {
      onExpiredLink: {
        async send(message) {
          await sending
          if (sendFails !== undefined) throw sendFails
          mailbox.push(message)
        },
        ...options,
      },
    },
    routes(host) {
      host.all('/any', ensureVisitor(SCOPE_ANY), (req, res) => {
        res.json(whoIs(req))
      })
      host.all('/open', (req, res) => {
        res.json(whoIs(req))
      })
      host.use(errorPages())
    },
  })

let app: TestApp
before(async () => {
  app = await start()
})
after(() => app.close())
beforeEach(async () => {
  mailbox = []
  sendFails = undefined
  sending = Promise.resolve()
  await app.Visitor.destroy({ where: {} })
})

const past = new Date(Date.now() - 60_000)
const invite = (values: object = {}, host = app) =>
  host.Visitor.create({ email: 'ginger@example.test', scope: 'foo', expiresAt: past, ...values })

type Browser = ReturnType<TestApp['browser']>

/** Follows a link that is refused, and returns where the button posts to. */
async function buttonOf(link: string, browser: Browser = app.browser()): Promise<string> {
  const page = await browser.get(link).set('Accept', 'text/html').expect(403)
  const [, action] = /<form method="post" action="([^"]*)"/.exec(page.text) ?? []
  assert.ok(action)
  return action.replaceAll('&amp;', '&')
}
const press = (action: string, browser: Browser = app.browser()) =>
  browser.post(action).set('Accept', 'text/html').type('form').send('')
const pathOf = (link: string): string => link.slice(BASE.length)

async function oneArrives(): Promise<void> {
  const { length } = await eventually(
    () => Promise.resolve(mailbox),
    (found) => found.length > 0,
  )
  assert.equal(length, 1)
}

/** Long enough for what comes after a response: the statements of a message that must not be sent. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 150))

describe('the button of an expired link', () => {
  it('sends a fresh link for the same page to the mailbox of the pass, and the old one stays dead', async () => {
    const pass = await invite()
    const old = pass.tokenise('/any?step=2')
    const page = await press(await buttonOf(old)).expect(200)
    assert.match(page.text, /If this link was valid once, a fresh one is on its way/)
    await oneArrives()
    const [message] = mailbox
    assert.ok(message)
    assert.equal(message.visitor.email, 'ginger@example.test')
    assert.match(message.link, /^https:\/\/example\.test\/any\?step=2&vuid=[0-9a-f]{64}$/)
    await app.browser().get(old).expect(403)
    const browser = app.browser()
    await browser.get(pathOf(message.link)).expect(303).expect('Location', '/any?step=2')
    const { body } = await browser.get('/any').expect(200)
    assert.equal((body as { visitor: { id: number } }).visitor.id, pass.id)
  })

  it('is on the same page for forged, deleted, expired, deactivated and used-up links, with the same answer', async () => {
    const deleted = await invite()
    await deleted.destroy()
    const passes = [
      deleted,
      await invite(),
      await invite({ isActive: false }),
      await invite({ maxUses: 1, uses: 1 }),
    ]
    const links = [...passes.map((pass) => pass.tokenise('/any')), forged(deleted.tokenise('/any'))]
    const withoutTokens = (text: string) => text.replace(/vuid=\w+|fresh-link=[\w-]+/g, '')
    const refused = await Promise.all(
      links.map(async (link) =>
        withoutTokens((await app.browser().get(link).set('Accept', 'text/html')).text),
      ),
    )
    assert.equal(new Set(refused).size, 1)
    const answers = await Promise.all(
      links.map(async (link) => {
        const { status, text, headers } = await press(await buttonOf(link))
        return JSON.stringify([status, text, Object.keys(headers)])
      }),
    )
    assert.equal(new Set(answers).size, 1)
    await oneArrives() // of the pass that has merely expired
    await settle()
    assert.equal(mailbox.length, 1)
  })

  it('tells nothing of the pass: no name, no address', async () => {
    const link = (await invite({ firstName: 'Ginger' })).tokenise('/any')
    const page = await app.browser().get(link).set('Accept', 'text/html')
    const answer = await press(await buttonOf(link))
    assert.doesNotMatch(page.text + answer.text, /ginger/i)
  })

  it('is answered before the pass is looked up', async () => {
    const actions = [
      await buttonOf((await invite()).tokenise('/any')),
      await buttonOf(forged((await invite()).tokenise('/any'))),
    ]
    let release: () => void = () => undefined
    sending = new Promise((resolve) => (release = resolve))
    for (const action of actions) await press(action).expect(200) // while `send` hangs
    release()
    await oneArrives()
  })

  it('sends one message for several presses at once, and none for later ones', async () => {
    const browser = app.browser()
    const action = await buttonOf((await invite()).tokenise('/any'), browser)
    await Promise.all([1, 2, 3, 4].map(() => press(action, browser).expect(200)))
    await oneArrives()
    await press(action, browser).expect(200)
    await settle()
    assert.equal(mailbox.length, 1)
  })

  it('is not pressed by another site, and not by GET', async () => {
    const action = await buttonOf((await invite()).tokenise('/any'))
    await press(action).set('Sec-Fetch-Site', 'cross-site').expect(403)
    await press(action).set('Sec-Fetch-Site', 'same-site').expect(403)
    await press(action).set('Origin', 'https://evil.test').expect(403)
    await app.browser().get(action).set('Accept', 'text/html').expect(403)
    await settle()
    assert.deepEqual(mailbox, [])
  })

  it('leads only to the page whose guard refused the link: no client chooses another one', async () => {
    const link = (await invite()).tokenise('/any')
    const action = await buttonOf(link)
    await press(action.replace('/any', '/open')).expect(200).expect('Content-Type', /json/)
    await press(action.replace('?', '?next=//evil.test&')).expect(403)
    await press(action.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))).expect(403)
    await settle()
    assert.deepEqual(mailbox, [])
  })

  it('keeps what the pass has: its visits, its counted uses, and that it was deactivated meanwhile', async () => {
    const pass = await invite({ expiresAt: new Date(Date.now() + 60_000), maxUses: 3 })
    const visiting = app.browser()
    await visiting.post(pass.tokenise('/any')).set('Accept', 'text/html').expect(303)
    await pass.update({ expiresAt: past })
    await press(await buttonOf(pass.tokenise('/any'))).expect(200)
    await oneArrives()
    await visiting.get('/any').expect(200)
    await pass.reload()
    assert.deepEqual([pass.uses, pass.maxUses, pass.isActive, pass.isValid], [1, 3, true, true])
    assert.equal(pass.reissuedAt, null)
    await pass.reissue()
    await visiting.get('/any').expect(403)
  })

  it('can be pressed again if the message was not sent, and the operator is warned', async () => {
    const action = await buttonOf((await invite()).tokenise('/any'))
    sendFails = new Error('The mail server is away')
    const codes = await warningsOf(async () => {
      await press(action).expect(200)
      await settle()
    })
    assert.deepEqual(codes, ['FRESH_LINK_SEND_FAILED'])
    sendFails = undefined
    await press(action).expect(200)
    await oneArrives()
  })

  it("emits 'reissued' with the reason", async () => {
    const reasons: unknown[] = []
    app.Visitor.events.once('reissued', ({ reason, visitor }) => reasons.push([reason, visitor.email]))
    await press(await buttonOf((await invite()).tokenise('/any'))).expect(200)
    await oneArrives()
    await settle()
    assert.deepEqual(reasons, [['expired', 'ginger@example.test']])
  })

  it('is not there for a damaged link, for a program, and for a visitor of another scope', async () => {
    const link = (await invite()).tokenise('/any')
    const damaged = await app.browser().get(link.slice(0, -5)).set('Accept', 'text/html').expect(403)
    assert.doesNotMatch(damaged.text, /<form/)
    const problem = await app.browser().get(link).set('Accept', 'application/json').expect(403)
    assert.doesNotMatch(problem.text, /fresh-link|vuid/)
  })
})

describe('the limits of the button', () => {
  it('are those of the client, whose answer is 429, and of the address, of which the client learns nothing', async () => {
    const limited = await start({
      limiter: {
        ip: new RateLimiterMemory({ points: 3, duration: 60 }),
        email: new RateLimiterMemory({ points: 1, duration: 60 }),
      },
    })
    try {
      const actions: string[] = []
      for (let n = 0; n < 4; n++)
        actions.push(await buttonOf((await invite({}, limited)).tokenise('/any'), limited.browser()))
      const [first = '', second = '', third = '', fourth = ''] = actions
      await press(first, limited.browser()).expect(200)
      await oneArrives()
      await press(second, limited.browser()).expect(200)
      await press(third, limited.browser()).expect(200)
      const refused = await press(fourth, limited.browser()).expect(429)
      assert.ok(refused.headers['retry-after'])
      await settle()
      assert.equal(mailbox.length, 1)
    } finally {
      await limited.close()
    }
  })
})

describe('the option onExpiredLink', () => {
  it('is checked at start-up, and needs a secret', () => {
    const { Visitor } = app
    assert.throws(
      () => new VisitorTokenStrategy({ Visitor, onExpiredLink: {} as ExpiredLinkOptions }),
      /onExpiredLink: option 'send'/,
    )
    const bare = defineVisitorModels(app.sequelize, { secret: false, modelName: 'Bare' }).Visitor
    const onExpiredLink = { send: () => undefined }
    assert.throws(() => new VisitorTokenStrategy({ Visitor: bare, onExpiredLink }), /has no secret/)
  })

  it('needs the setting baseUrl: no link is made of a Host header', async () => {
    const other = await startApplication({
      visitorStrategy: { onExpiredLink: { send: () => undefined } },
      routes: (host) => host.get('/any', ensureVisitor(SCOPE_ANY)),
    })
    try {
      const valid = { expiresAt: new Date(Date.now() + 60_000) }
      const link = (await invite(valid, other)).tokenise('/any')
      const { body } = await other.browser().get(link).expect(500)
      assert.match((body as { message: string }).message, /baseUrl/)
    } finally {
      await other.close()
    }
  })
})
