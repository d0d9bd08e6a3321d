import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import createDebug from 'debug'
import { format } from 'node:util'
import session, { type Store } from 'express-session'
import passport from 'passport'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { Sequelize } from 'sequelize'
import supertest from 'supertest'
import {
  defineVisitorModels,
  ensureVisitor,
  selfServiceRouter,
  VisitorTokenStrategy,
  type SelfServiceMessage,
  type VisitorModel,
} from '../../../src/index.js'
import { urlOf } from '../../cli/stage.js'
import {
  BROWSER,
  express,
  SECRET,
  startApplication,
  whoIs,
  type TestApp,
  type Who,
} from '../../support/application.js'
import { later, MINUTE } from '../../support/clock.js'
import { dialect, isEmbedded } from '../../support/database.js'
import { whileStoreFails } from '../../support/failing-store.js'

const mailbox: SelfServiceMessage[] = []
const events: { reason: string; by: string; visitorId: number | undefined }[] = []
const debugLines: string[] = []
const printed = createDebug.log

const routers = (Visitor: VisitorModel, app: ReturnType<typeof express>): void => {
  const send = (message: SelfServiceMessage): void => {
    mailbox.push(message)
  }
  const common = { Visitor, baseUrl: 'https://example.test', send }
  app.get('/reference', ensureVisitor('REFERENCE', { selfService: true }), (req, res) => {
    res.json(whoIs(req))
  })
  app.get('/once', ensureVisitor('ONCE', { selfService: '/once-only' }), (req, res) => {
    res.json(whoIs(req))
  })
  app.use('/visitor', selfServiceRouter({ ...common, code: true }))
  app.use('/once-only', selfServiceRouter({ ...common, code: true, maxUses: 1 }))
}

let app: TestApp
before(async () => {
  createDebug.enable('passport-ephemeral*')
  createDebug.log = (...args: unknown[]) => {
    debugLines.push(format(...args))
  }
  app = await startApplication({
    visitorStrategy: { keepSessionData: ['basket'] },
    routes(host, { Visitor }) {
      host.get('/basket', (req, res) => {
        Object.assign(req.session, { basket: 'full', other: 'planted' })
        res.json({})
      })
      host.get('/session', (req, res) => {
        res.json(req.session)
      })
      routers(Visitor, host as ReturnType<typeof express>)
    },
  })
  app.Visitor.events.on('refused', ({ reason, by, visitorId }) => events.push({ reason, by, visitorId }))
})
after(async () => {
  createDebug.disable()
  createDebug.log = printed
  await app.close()
})
afterEach(async () => {
  mailbox.length = 0
  events.length = 0
  await app.Visitor.destroy({ where: {} })
})

type Browser = ReturnType<TestApp['browser']>
const ginger = { firstName: 'Ginger', lastName: 'Rogers', email: 'ginger@example.test' }
const body = (response: { body: unknown }): Who => response.body as Who
const pathOf = (link: string): string => link.replace(/^https:\/\/[^/]*/, '')

interface Asked {
  readonly browser: Browser
  /** Of the page after the message was sent. */
  readonly sent: string
  /** Where a code is posted to. */
  readonly action: string
  readonly code: string
  readonly link: string
  readonly id: number
  /** What the browser got for it. */
  readonly cookie: string
}

/** A person has asked for a pass. */
async function asked({ browser = app.browser(), page = '/reference', values = ginger } = {}): Promise<Asked> {
  const form = await browser.get(page).set('Accept', 'text/html').expect(302)
  const posted = await browser.post(String(form.headers['location'])).type('form').send(values).expect(303)
  assert.equal(posted.headers['cache-control'], 'no-store') // it sets the cookie of the code
  const sent = String(posted.headers['location'])
  const message = mailbox.at(-1)
  assert.ok(message?.code)
  const { code, link, visitor } = message
  const given = posted.headers['set-cookie'] as unknown as string[]
  const cookie = given.map((each) => each.split(';')[0]).join('; ')
  return {
    browser,
    sent,
    action: sent.replace('/sent', '/code'),
    code,
    link: pathOf(link),
    id: visitor.id,
    cookie,
  }
}
const type = (browser: Browser, action: string, code: string) =>
  browser.post(action).type('form').send({ code })
/** Another code than this one, the n-th. */
const wrong = (code: string, n = 1): string => String((Number(code) + n) % 10 ** 8).padStart(8, '0')
const errorIn = (page: string): string => /<p class="error"[^>]*>([^<]*)</.exec(page)?.[1] ?? ''
const wrongCodes = () => events.filter(({ reason }) => reason === 'wrong-code')
const VOID = /does not work any more/
const isIn = async (browser: Browser, page = '/reference') =>
  (await browser.get(page).set('Accept', 'application/json')).status === 200
const usesOf = async (id: number) => (await app.Visitor.findByPk(id))?.uses
const attemptsOf = async (id: number) => (await app.Visitor.findByPk(id))?.codeAttempts

describe('a code from the message of self-service', () => {
  it('is asked for on the page after the message was sent, and opens the page first asked for', async () => {
    const { browser, sent, action, code, id } = await asked({ page: '/reference?step=2' })
    const page = await browser.get(sent).expect(200)
    assert.match(page.text, /<bdi>ginger@example\.test<\/bdi>.*within 10 minutes/)
    const input = /<input\s+id="code"[^>]*>/.exec(page.text)?.[0].replace(/\s+/g, ' ') ?? ''
    for (const attribute of ['autocomplete="one-time-code"', 'inputmode="numeric"', 'required', 'pattern="'])
      assert.ok(input.includes(attribute), attribute)
    assert.match(page.text, /<label for="code">Code from the message<\/label>/)
    assert.ok(!page.text.includes(code))
    const pattern = new RegExp(`^(?:${/pattern="([^"]*)"/.exec(input)?.[1] ?? ''})$`, 'v')
    for (const typed of [code, ` ${code.slice(0, 4)} ${code.slice(4)}`, code.split('').join('-')])
      assert.match(typed, pattern)

    const typed = await type(browser, action, code).expect(303)
    assert.equal(typed.headers['location'], '/reference?step=2')
    assert.equal(body(await browser.get('/reference').expect(200)).visitor?.id, id)
    assert.equal((await app.Visitor.findByPk(id))?.uses, 1)
  })

  it('is in the message, which says how long it works; the row has only a digest of it with what the browser keeps', async () => {
    const { code, browser, sent } = await asked()
    const [message] = mailbox
    assert.match(code, /^\d{8}$/)
    assert.match(message?.message.text ?? '', new RegExp(`within 10 minutes in the browser.*\n\n${code}\n`))
    const [pass] = await app.Visitor.findAll({ raw: true })
    assert.ok(!JSON.stringify(pass).includes(code))
    assert.match(String(pass?.codeHash), /^[\w-]{43}$/)
    const cookies = await app.browser().get(sent).expect(200)
    assert.doesNotMatch(cookies.text, /name="code"/, 'another browser sees no field')
    assert.match((await browser.get(sent)).text, /name="code"/)
  })

  it('may be typed with blanks, hyphens, and the digits of Arabic, Persian and full-width keyboards', async () => {
    const from = (zero: number) => (code: string) =>
      Array.from(code)
        .map((digit) => String.fromCodePoint(zero + Number(digit)))
        .join('')
    for (const spell of [
      (code: string) => ` ${code.slice(0, 4)} ${code.slice(4)}\u00a0`,
      (code: string) => `${code.slice(0, 2)}-${code.slice(2, 4)}–${code.slice(4)}`,
      from(0x660),
      from(0x6f0),
      from(0xff10),
    ]) {
      const { browser, action, code } = await asked()
      await type(browser, action, spell(code)).expect(303)
      assert.ok(await isIn(browser))
    }
  })

  it('that is wrong is refused beside its field, with the attempts that are left; the fifth voids it', async () => {
    const { browser, action, code, link, id } = await asked()
    for (const left of [4, 3, 2, 1]) {
      const page = await type(browser, action, wrong(code, left)).expect(422)
      assert.match(page.text, new RegExp(`id="code-error">[^<]*Attempts left: ${String(left)}<`))
      assert.match(page.text, /aria-describedby="code-hint code-error"/)
    }
    assert.match(errorIn((await type(browser, action, wrong(code)).expect(410)).text), VOID)
    assert.match(errorIn((await type(browser, action, code).expect(410)).text), VOID)
    assert.ok(!(await isIn(browser)))
    assert.deepEqual(wrongCodes(), Array(5).fill({ reason: 'wrong-code', by: 'form', visitorId: id }))
    await browser.get(link).expect(303)
    assert.ok(await isIn(browser), 'the link still works')
  })

  it('that is no code is refused without an attempt', async () => {
    const { browser, action, code, id } = await asked()
    for (const typed of [
      '',
      '1234567',
      '123456789',
      'abcdefgh',
      '1234567a',
      `${code}\0`,
      '９９',
      '½'.repeat(8),
    ]) {
      const page = await type(browser, action, typed).expect(422)
      assert.equal(errorIn(page.text), 'The code has 8 digits')
    }
    await browser.post(action).type('form').send(`code=${code}&code=${code}`).expect(422)
    await browser.post(action).type('json').send({ code }).expect(422)
    assert.equal(await attemptsOf(id), 0)
    await type(browser, action, code).expect(303)
  })

  it('opens nothing in another browser, and costs no attempt there', async () => {
    const { action, code, id } = await asked()
    const thief = app.browser()
    assert.match(errorIn((await type(thief, action, code).expect(410)).text), VOID)
    const other = await asked({ browser: thief, values: { ...ginger, email: 'eve@example.test' } })
    await type(thief, other.action, code).expect(422)
    assert.ok(!(await isIn(thief)))
    assert.equal(await attemptsOf(id), 0)
  })

  it('is not tried with a cookie that is forged, changed, or of another form', async () => {
    const { action, code, id, cookie: jar } = await asked()
    const value = /visitor-code=([^;]*)/.exec(jar)?.[1] ?? ''
    assert.match(value, /^\d+_[\w-]{32}\.\w+\.[\w-]{43}$/)
    for (const cookie of [
      value.replace(/^\d+/, (number) => String(Number(number) + 1)),
      value.replace(/_./, (text) => (text === '_a' ? '_b' : '_a')),
      `${String(id)}_${'a'.repeat(32)}.zzzzzz.${'a'.repeat(43)}`,
      '',
    ]) {
      const response = await supertest(app.origin)
        .post(action)
        .set({ 'User-Agent': BROWSER, Cookie: `visitor-code=${cookie}` })
        .type('form')
        .send({ code })
      assert.equal(response.status, 410)
    }
    const elsewhere = await asked({ page: '/once' })
    const crossed = await supertest(app.origin)
      .post(elsewhere.action)
      .set({ 'User-Agent': BROWSER, Cookie: `visitor-code=${value}` })
      .type('form')
      .send({ code })
    assert.equal(crossed.status, 410)
    assert.equal(await attemptsOf(id), 0)
  })

  it('opens the visit also beside the cookie of another browser, which a sister domain has set', async () => {
    const eve = { ...ginger, email: 'eve@example.test' }
    const attacker = await asked({ browser: app.browser().set('User-Agent', `${BROWSER} Eve`), values: eve })
    const { action, code, id, sent, cookie } = await asked()
    const planted = /visitor-code=[^;]*/.exec(attacker.cookie)?.[0] ?? ''
    const [, theirs = ''] = / visitor-address=([^;]*)/.exec(` ${attacker.cookie}`) ?? []
    const both = { 'User-Agent': BROWSER, Cookie: `${planted}; visitor-address=${theirs}; ${cookie}` }
    const page = await supertest(app.origin).get(sent).set(both)
    assert.match(page.text, /ginger@example\.test/, 'the address that was typed here')
    const post = (typed: string) =>
      supertest(app.origin).post(action).set(both).type('form').send({ code: typed })
    assert.match((await post(wrong(code)).expect(422)).text, /Attempts left: 4</)
    await post(code).expect(303)
    assert.deepEqual([await usesOf(id), await usesOf(attacker.id)], [1, 0])
  })

  it('is one attempt, however many copies of its cookie a request has', async () => {
    const { action, code, id, cookie } = await asked()
    const own = /visitor-code=[^;]*/.exec(cookie)?.[0] ?? ''
    const answer = await supertest(app.origin)
      .post(action)
      .set({ 'User-Agent': BROWSER, Cookie: Array(100).fill(own).join('; ') })
      .type('form')
      .send({ code: wrong(code) })
      .expect(422)
    assert.match(answer.text, /Attempts left: 4</)
    assert.equal(await attemptsOf(id), 1)
  })

  it('is tried on the three newest passes whose cookies a request has, in whichever order', async () => {
    const planted: { id: number; cookie: string }[] = []
    for (let n = 0; n < 4; n++) {
      const eve = { ...ginger, email: `eve${String(n)}@example.test` }
      planted.push(await asked({ browser: app.browser().set('User-Agent', `${BROWSER} Eve`), values: eve }))
    }
    const { action, code, id, cookie } = await asked()
    const cookies = [...planted.map((each) => each.cookie), cookie].map(
      (jar) => /visitor-code=[^;]*/.exec(jar)?.[0] ?? '',
    )
    const post = (typed: string) =>
      supertest(app.origin)
        .post(action)
        .set({ 'User-Agent': BROWSER, Cookie: cookies.join('; ') })
        .type('form')
        .send({ code: typed })
    await post(wrong(code)).expect(422)
    const attempts = [...planted.map((each) => each.id), id].map(attemptsOf)
    assert.deepEqual(await Promise.all(attempts), [0, 0, 1, 1, 1])
    await post(code).expect(303)
    assert.equal(await usesOf(id), 1)
  })

  it('is void after ten minutes, although the client keeps its cookie', async () => {
    const { browser, action, code } = await asked()
    await later(10 * MINUTE + 1, async () => {
      assert.match(errorIn((await type(browser, action, code).expect(410)).text), VOID)
    })
    assert.ok(!(await isIn(browser)))
    await type(browser, action, code).expect(303)
  })

  it('is replaced by that of a fresh request in the same browser', async () => {
    const first = await asked()
    const second = await asked({ browser: first.browser })
    if (first.code !== second.code) await type(first.browser, second.action, first.code).expect(422)
    await type(first.browser, second.action, second.code).expect(303)
  })

  it('works although a scanner has followed the link, and the link after it, for a pass without a limit', async () => {
    const { browser, action, code, link } = await asked()
    await app.browser().get(link).expect(303)
    await type(browser, action, code).expect(303)
    assert.ok(await isIn(browser))
    const secondDevice = app.browser()
    await secondDevice.get(link).expect(303)
    assert.ok(await isIn(secondDevice))
    await type(browser, action, wrong(code)).expect(410)
  })

  it('is void once the only use of the pass went to the link, and the link once it went to the code', async () => {
    const press = async (browser: Browser, link: string) => {
      const page = await browser.get(link).set('Accept', 'text/html')
      if (page.status === 200) await browser.post(link).set('Accept', 'text/html').expect(303)
    }
    const one = await asked({ page: '/once' })
    const reader = app.browser()
    await press(reader, one.link)
    assert.ok(await isIn(reader, '/once'))
    await type(one.browser, one.action, one.code).expect(410)
    assert.ok(!(await isIn(one.browser, '/once')))

    const two = await asked({ page: '/once' })
    await type(two.browser, two.action, two.code).expect(303)
    const late = app.browser()
    await press(late, two.link)
    assert.ok(!(await isIn(late, '/once')))
    assert.ok(await isIn(two.browser, '/once'), 'the visit goes on')
  })

  it('and the button of the link share the only use of a pass, at once', async () => {
    const { browser, action, code, link, id } = await asked({ page: '/once' })
    const reader = app.browser()
    await reader.get(link).set('Accept', 'text/html').expect(200)
    await Promise.all([type(browser, action, code), reader.post(link).set('Accept', 'text/html')])
    const admitted = [await isIn(browser, '/once'), await isIn(reader, '/once')]
    assert.equal(admitted.filter(Boolean).length, 1)
    assert.equal((await app.Visitor.findByPk(id))?.uses, 1)
  })

  it('is void once the pass is closed, or has a fresh link', async () => {
    const closed = await asked()
    await mailbox.at(-1)?.visitor.deactivate()
    await type(closed.browser, closed.action, closed.code).expect(410)
    const reissued = await asked()
    await mailbox.at(-1)?.visitor.reissue()
    await type(reissued.browser, reissued.action, reissued.code).expect(410)
  })

  it('admits a double click as one use, and no replay after a minute', async () => {
    const { browser, action, code, id } = await asked({ page: '/once' })
    const clicks = await Promise.all([type(browser, action, code), type(browser, action, code)])
    assert.deepEqual(
      clicks.map(({ status }) => status),
      [303, 303],
    )
    assert.ok(await isIn(browser, '/once'))
    assert.equal((await app.Visitor.findByPk(id))?.uses, 1)
    await type(browser, action, wrong(code)).expect(410)
    await type(browser, action, code).expect(303)
    await type(browser, action, code).expect(410)
    await later(MINUTE + 1, () => type(browser, action, code).expect(410))
  })

  it('renews the session, of which only the named keys survive', async () => {
    const { browser, action, code } = await asked()
    await browser.get('/basket').expect(200)
    const before = body(await browser.get('/who')).sessionID
    await type(browser, action, code).expect(303)
    assert.notEqual(body(await browser.get('/who')).sessionID, before)
    const kept = (await browser.get('/session')).body as Record<string, unknown>
    assert.deepEqual([kept['basket'], kept['other']], ['full', undefined])
  })

  it('works again if the session store failed', async () => {
    const { browser, action, code, id } = await asked()
    await whileStoreFails(app.store, () => type(browser, action, code).expect(500))
    assert.equal((await app.Visitor.findByPk(id))?.uses, 0)
    await type(browser, action, code).expect(303)
    assert.ok(await isIn(browser))
    assert.equal((await app.Visitor.findByPk(id))?.uses, 1)
    await type(app.browser(), action, code).expect(410)
  })

  it('is not taken from a foreign site', async () => {
    const { browser, action, code, id } = await asked()
    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.test' }])
      await type(browser, action, code).set(headers).expect(403)
    assert.equal(await attemptsOf(id), 0)
    const opened = await browser.get(action).expect(303)
    assert.equal(opened.headers['location'], action.replace('/code', '/sent'))
  })

  it('is in no address, page, line of DEBUG or event', async () => {
    debugLines.length = 0
    const { browser, action, code } = await asked()
    const pages = [await type(browser, action, wrong(code)), await type(browser, action, code)]
    const seen = [debugLines, pages.map(({ text, headers }) => [text, headers]), events, action]
    assert.ok(!JSON.stringify(seen).includes(code))
  })

  for (const across of isEmbedded || dialect === 'sqlite' ? [false] : [false, true])
    it(`is compared five times at most, however many guess at once${across ? ' in two processes' : ''}`, async () => {
      const other = across ? await another(app) : undefined
      try {
        const { browser, action, code, id, cookie } = await asked()
        const guess = (n: number) =>
          supertest(n % 2 === 0 ? app.origin : (other?.origin ?? app.origin))
            .post(action)
            .set({ 'User-Agent': BROWSER, Cookie: cookie })
            .type('form')
            .send({ code: wrong(code, n + 1) })
        const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => guess(n)))
        for (const { status } of answers) assert.ok(status === 422 || status === 410, String(status))
        assert.equal(await attemptsOf(id), 5)
        assert.equal(wrongCodes().length + (other?.refused() ?? 0), 5)
        await type(browser, action, code).expect(410)
      } finally {
        await other?.close()
      }
    })
})

describe('the limiter of self-service', () => {
  it('counts a code before it is looked at', async () => {
    const ip = new RateLimiterMemory({ points: 2, duration: 60 })
    const limited = await startApplication({
      routes(host, { Visitor }) {
        host.get('/reference', ensureVisitor('REFERENCE', { selfService: true }))
        const send = (message: SelfServiceMessage): void => {
          mailbox.push(message)
        }
        const limiter = { ip }
        host.use(
          '/visitor',
          selfServiceRouter({ Visitor, baseUrl: 'https://example.test', code: true, limiter, send }),
        )
      },
    })
    try {
      const { browser, action, code, id } = await asked({ browser: limited.browser() })
      await type(browser, action, 'x').expect(422)
      const page = await type(browser, action, code).expect(429)
      assert.match(errorIn(page.text), /too often/)
      assert.match(page.text, /name="code"/)
      assert.equal((await limited.Visitor.findByPk(id))?.codeAttempts, 0)
    } finally {
      await limited.close()
    }
  })
})

/** The same application with another pool of connections, as in another process. */
async function another({ sequelize, store }: { sequelize: Sequelize; store: Store }) {
  const own = new Sequelize(urlOf(sequelize), { logging: false, pool: { max: 8 } })
  const { Visitor } = defineVisitorModels(own, { secret: SECRET })
  let count = 0
  Visitor.events.on('refused', () => (count += 1))
  const authenticator = new passport.Passport()
  authenticator.use(new VisitorTokenStrategy({ Visitor }))
  const host = express()
  host.use(session({ store, secret: 'session secret', resave: false, saveUninitialized: false }))
  host.use(authenticator.session())
  host.use(authenticator.authenticate('visitor-token'))
  routers(Visitor, host)
  const server = createServer(host)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    refused: () => count,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await own.close()
    },
  }
}
