import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import session from 'express-session'
import passport from 'passport'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import supertest from 'supertest'
import ts from 'typescript'
import {
  ensureVisitor,
  formHtml,
  selfServiceRouter,
  VisitorTokenStrategy,
  type Verify,
} from '../../src/index.js'
import {
  errorsOf,
  fred,
  ginger,
  guest,
  post,
  startConversion,
  verifying,
  type Stage,
} from '../guest/conversion/stage.js'
import { codeBlocks } from '../docs/markdown.js'
import { BROWSER, express, type TestApp } from '../support/application.js'
import { collectWarnings } from '../support/warnings.js'

const warnings = collectWarnings()
let answer: () => unknown = () => true
const asked: string[] = []
const verify = ((req) => {
  asked.push(req.originalUrl)
  return answer()
}) as Verify
const refusals: { reason: string; by?: string }[] = []
const mailbox: string[] = []
const counted: string[] = []
const email = {
  consume(key: string) {
    counted.push(key)
    return Promise.resolve()
  },
}

/** What the recipe imports. */
const ours = { formHtml, selfServiceRouter, VisitorTokenStrategy }

let app: Stage
before(async () => {
  app = await startConversion(
    { ...verifying(), verify, limiter: { email } },
    {
      visitorStrategy: { verify },
      routes(host, { Visitor }) {
        host.all('/page', ensureVisitor('page'), (_req, res) => {
          res.send('in')
        })
        host.get('/reference', ensureVisitor('REFERENCE', { selfService: true }))
        const send = (message: { email: string }): void => {
          mailbox.push(message.email)
        }
        const baseUrl = 'https://example.test'
        host.use('/visitor', selfServiceRouter({ Visitor, baseUrl, verify, send, limiter: { email } }))
      },
    },
  )
  app.Guest.events.on('refused', ({ reason }) => refusals.push({ reason }))
  app.Visitor.events.on('refused', ({ reason, by }) => refusals.push({ reason, by }))
})
after(() => app.close())
afterEach(async () => {
  answer = () => true
  for (const list of [asked, refusals, mailbox, counted]) list.length = 0
  app.mailbox.length = 0
  await app.User.destroy({ where: {} })
  await app.Visitor.destroy({ where: {} })
})

/** What `verify` can do but return `true`, with the status of the page. */
const refusing: [string, () => unknown, number][] = [
  ['returns false', () => false, 403],
  ['returns something else that is truthy', () => 'yes', 403],
  ['returns nothing', () => undefined, 403],
  ['resolves with false', () => Promise.resolve(false), 403],
  [
    'throws',
    () => {
      throw new Error('the captcha is away')
    },
    503,
  ],
  ['rejects', () => Promise.reject(new Error('the captcha is away')), 503],
]

async function formOf(browser: ReturnType<TestApp['browser']>): Promise<string> {
  return String((await browser.get('/reference').set('Accept', 'text/html').expect(302)).headers['location'])
}

describe('the option verify', () => {
  for (const [does, act, status] of refusing) {
    it(`of self-service that ${does} shows the form again, with what was typed: nothing is stored or sent`, async () => {
      answer = act
      const browser = app.browser()
      const url = await formOf(browser)
      const typed = { firstName: 'Ginger', lastName: 'Rogers', email: 'ginger@example.test' }
      refusals.length = 0
      const page = await browser.post(url).type('form').send(typed).expect(status)
      assert.match(errorsOf(page.text)[''] ?? '', /that you are a person/)
      for (const value of Object.values(typed)) assert.ok(page.text.includes(`value="${value}"`))
      assert.deepEqual([mailbox, counted, await app.Visitor.count()], [[], [], 0])
      assert.deepEqual(refusals, [{ reason: 'not-verified', by: 'form' }])
      answer = () => true
      await browser.post(url).type('form').send(typed).expect(303)
      assert.deepEqual(mailbox, ['ginger@example.test'])
    })

    it(`of the conversion that ${does} shows the form again, and the guest stays one`, async () => {
      answer = act
      const { browser } = await guest(app)
      const page = await post(browser, ginger)
      assert.equal(page.status, status)
      assert.match(errorsOf(page.text)[''] ?? '', /that you are a person/)
      assert.match(page.text, /value="ginger@example\.test"/)
      assert.deepEqual([app.mailbox, counted, refusals], [[], [], [{ reason: 'not-verified' }]])
      answer = () => true
      assert.equal((await post(browser, ginger)).status, 303)
    })

    it(`of the strategy that ${does} shows the button again, and counts no use`, async () => {
      answer = act
      const pass = await app.Visitor.create({ email: 'fred@example.test', scope: 'page', maxUses: 1 })
      const link = pass.tokenise('/page')
      const browser = app.browser()
      await browser.get(link).expect(200)
      assert.deepEqual(asked, [])
      const page = await browser.post(link).set('Accept', 'text/html').expect(status)
      assert.match(errorsOf(page.text)[''] ?? '', /that you are a person/)
      assert.match(page.text, /<button>Continue<\/button>/)
      assert.equal((await pass.reload()).uses, 0)
      assert.deepEqual(refusals, [{ reason: 'not-verified', by: 'token' }])
      answer = () => true
      await browser.post(link).set('Accept', 'text/html').expect(303)
      await browser.get('/page').expect(200, 'in')
    })
  }

  it('that fails is a warning for the operator', () => {
    assert.ok(warnings.some(({ code }) => code === 'VERIFY_FAILED'))
  })

  it('is not asked about a form of a foreign site, nor once the limiter refuses', async () => {
    const limited = await startConversion({
      verify,
      limiter: { ip: new RateLimiterMemory({ points: 1, duration: 60 }) },
    })
    try {
      const { browser } = await guest(limited)
      await browser.post('/convert').set('Sec-Fetch-Site', 'cross-site').type('form').send(fred).expect(403)
      assert.deepEqual(asked, [])
      answer = () => false
      assert.equal((await post(browser, fred)).status, 403)
      assert.equal((await post(browser, fred)).status, 429)
      assert.equal(asked.length, 1)
    } finally {
      await limited.close()
    }
  })

  it('does not stand between a double click and its visit', async () => {
    const pass = await app.Visitor.create({ email: 'fred@example.test', scope: 'page', maxUses: 1 })
    const link = pass.tokenise('/page')
    const shown = await app.browser().get(link).expect(200)
    const [cookie = ''] = shown.headers['set-cookie'] as unknown as string[]
    let answers = 0
    answer = () => ++answers === 1 // a captcha's answer is accepted once
    // The browser has dropped the answer to the first click, and the session with it.
    const press = () =>
      supertest(app.origin)
        .post(link)
        .set({ 'User-Agent': BROWSER, Accept: 'text/html', Cookie: cookie.split(';')[0] ?? '' })
    for (const pressed of [await press(), await press()])
      assert.deepEqual([pressed.status, pressed.headers['location']], [303, '/page'])
    assert.equal(answers, 2)
    assert.equal((await pass.reload()).uses, 1)
  })
})

describe('the recipe of docs/pages.md', () => {
  it('puts a captcha into the forms and into the page of a link, and refuses who has not answered it', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/pages.md'), 'utf8')
    const recipe = codeBlocks(page).find(({ code }) => code.includes('captchaForm'))?.code ?? ''
    const service = createServer((req, res) => {
      req.setEncoding('utf8')
      let sent = ''
      req.on('data', (chunk: string) => (sent += chunk))
      req.on('end', () =>
        res.end(JSON.stringify({ success: new URLSearchParams(sent).get('response') === 'human' })),
      )
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const origin = addressOf(service)
    const { outputText } = ts.transpileModule(
      recipe.replace('https://captcha.example/verify', `${origin}/verify`),
      {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      },
    )
    const sent: string[] = []
    const send = (message: { email: string }) => sent.push(message.email)
    const { Visitor } = app
    const authenticator = new passport.Passport()
    const host = express()
    host.set('baseUrl', 'https://example.test')
    host.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
    const given = { app: host, express, passport: authenticator, Visitor, send, process, fetch, ...ours }
    runInNewContext(outputText, { ...given, URLSearchParams, AbortSignal })
    host.all('/page', ensureVisitor('page'), (_req, res) => {
      res.send('in')
    })
    host.get('/reference', ensureVisitor('REFERENCE', { selfService: true }))
    const server = createServer(host)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const browser = supertest.agent(addressOf(server)).set({ 'User-Agent': BROWSER, Accept: 'text/html' })
    try {
      const form = await formOf(browser)
      const shown = await browser.get(form).expect(200)
      assert.match(shown.text, /<form[^>]*>.*<div class="captcha" [^>]*><\/div>\s*<button>.*<\/form>/s)
      assert.match(String(shown.headers['content-security-policy']), /script-src https:\/\/captcha\.example/)
      const typed = { firstName: 'Ginger', lastName: 'Rogers', email: 'ginger@example.test' }
      await browser.post(form).type('form').send(typed).expect(403)
      const refused = await browser
        .post(form)
        .type('form')
        .send({ ...typed, captcha: 'bot' })
        .expect(403)
      assert.match(refused.text, /value="Ginger".*<div class="captcha"/s)
      assert.deepEqual(sent, [])
      await browser
        .post(form)
        .type('form')
        .send({ ...typed, captcha: 'human' })
        .expect(303)
      assert.deepEqual(sent, ['ginger@example.test'])

      const pass = await Visitor.create({ email: 'fred@example.test', scope: 'page', maxUses: 1 })
      const link = pass.tokenise('/page')
      assert.match(
        (await browser.get(link).expect(200)).text,
        /<div class="captcha" [^>]*><\/div>\s*<button>/,
      )
      await browser.post(link).type('form').send({ captcha: 'bot' }).expect(403)
      await browser.post(link).type('form').send({ captcha: 'human' }).expect(303)
      await browser.get('/page').expect(200, 'in')
    } finally {
      for (const each of [server, service]) {
        each.closeAllConnections()
        await new Promise((resolve) => each.close(resolve))
      }
    }
  })
})

function addressOf(server: Server): string {
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}
