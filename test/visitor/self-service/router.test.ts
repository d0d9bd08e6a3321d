import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, afterEach, before, describe, it } from 'node:test'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { z } from 'zod'
import {
  defineVisitorModels,
  ensureVisitor,
  SCOPE_ANY,
  selfServiceRouter,
  type SelfServiceMessage,
  type SelfServiceOptions,
} from '../../../src/index.js'
import { SECRET, startApplication, whoIs, type TestApp, type Who } from '../../support/application.js'
import { HOUR, later } from '../../support/clock.js'

/** Messages that `send` was given, as a mailbox would have them. */
const mailbox: { to: string; link: string; visitor: SelfServiceMessage['visitor'] }[] = []
let sendFails: Error | undefined

const start = (options: Partial<SelfServiceOptions> = {}, before?: Parameters<typeof startApplication>[0]) =>
  startApplication({
    ...before,
    routes(host, { Visitor }) {
      const guarded = ensureVisitor('REFERENCE', { selfService: true })
      host.all('/reference', guarded, (req, res) => {
        res.json(whoIs(req))
      })
      host.get(
        '/short',
        ensureVisitor(['SHORT', 'REFERENCE'], { selfService: true, sessionExpiry: 60 }),
        (req, res) => {
          res.json(whoIs(req))
        },
      )
      host.get('/invited', ensureVisitor('INTERVIEW'), (req, res) => {
        res.json(whoIs(req))
      })
      host.use(
        '/visitor',
        selfServiceRouter({
          Visitor,
          baseUrl: 'https://example.test',
          send({ visitor, link }) {
            if (sendFails !== undefined) throw sendFails
            mailbox.push({ to: visitor.email, link, visitor })
          },
          ...options,
        }),
      )
    },
  })

let app: TestApp
before(async () => {
  app = await start()
})
after(() => app.close())
afterEach(async () => {
  mailbox.length = 0
  sendFails = undefined
  await app.Visitor.destroy({ where: {} })
})

const ginger = { firstName: 'Ginger', lastName: 'Rogers', email: 'ginger@example.test' }
type Browser = ReturnType<TestApp['browser']>

/** Opens a guarded page as a person, and returns where that leads. */
async function formUrl(browser: Browser, page = '/reference'): Promise<string> {
  const response = await browser.get(page).set('Accept', 'text/html').expect(302)
  return String(response.headers['location'])
}
async function ask(browser: Browser, values: object = ginger, page = '/reference') {
  return await browser
    .post(await formUrl(browser, page))
    .type('form')
    .send(values)
}
const pathOf = (link: string): string => link.replace(/^https:\/\/[^/]*/, '')
const body = (response: { body: unknown }): Who => response.body as Who
/** The errors that the page shows, by the field beside which they stand. */
const errorsOf = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.matchAll(/<p class="error" (?:id="(\w+)-error"|role="alert")>([^<]*)</g)].map(
      ([, field = '', message = '']) => [field, message],
    ),
  )

describe('self-service', () => {
  it('sends a person without a pass to a form, and stores nothing for it', async () => {
    const browser = app.browser()
    const url = await formUrl(browser)
    assert.match(url, /^\/visitor\?for=/)
    const page = await browser.get(url).expect(200).expect('Content-Type', /html/)
    for (const name of ['firstName', 'lastName', 'email'])
      assert.match(page.text, new RegExp(`name="${name}"`))
    assert.equal(page.headers['set-cookie'], undefined)
    assert.equal(await app.Visitor.count(), 0)
  })

  it('sends the link to the mailbox that was typed in, which leads back to the page first asked for', async () => {
    const browser = app.browser()
    const posted = await ask(browser, ginger, '/reference?step=2&x=a%20b')
    assert.equal(posted.status, 303)
    const sent = await browser.get(String(posted.headers['location'])).expect(200)
    assert.match(sent.text, /Look into your mailbox/)

    const [message] = mailbox
    assert.ok(message)
    assert.equal(message.to, 'ginger@example.test')
    assert.match(message.link, /^https:\/\/example\.test\/reference\?step=2&x=a%20b&vuid=[0-9a-f]{64}$/)
    const [pass] = await app.Visitor.findAll()
    assert.ok(pass)
    const { firstName, lastName, email, scope, selfService, isActive } = pass
    assert.deepEqual(
      { firstName, lastName, email, scope, selfService, isActive },
      { ...ginger, scope: 'REFERENCE', selfService: true, isActive: true },
    )

    const mailReader = app.browser()
    const followed = await mailReader.get(pathOf(message.link)).expect(303)
    assert.equal(followed.headers['location'], '/reference?step=2&x=a%20b')
    assert.equal(body(await mailReader.get('/reference').expect(200)).visitor?.id, pass.id)
  })

  it('admits no client that types an address of another person', async () => {
    const attacker = app.browser()
    const url = await formUrl(attacker)
    const posted = await attacker
      .post(url)
      .type('form')
      .send({ ...ginger, email: 'ceo@victim.test' })
      .expect(303)
    const sent = await attacker.get(String(posted.headers['location'])).expect(200)
    const [pass] = await app.Visitor.findAll()
    const [message] = mailbox
    assert.ok(pass && message)

    const token = new URL(message.link).searchParams.get('vuid') ?? ''
    const seen = [
      url,
      JSON.stringify(posted.headers),
      posted.text,
      JSON.stringify(sent.headers),
      sent.text,
    ].join()
    assert.equal(seen.includes(token), false)
    assert.equal(seen.includes(pass.uuid), false)
    // The page repeats what this browser has typed; no address does.
    assert.equal((url + String(posted.headers['location'])).includes('victim'), false)

    // Everything that the attacker has seen, tried as a token; then the page, as it is.
    const passRequest = new URL(url, 'https://example.test').searchParams.get('for') ?? ''
    for (const guess of [passRequest, ...passRequest.split('.'), String(pass.id), String(pass.uuid)]) {
      await attacker.get(`/reference?vuid=${encodeURIComponent(guess)}`).expect((response) => {
        assert.notEqual(response.status, 200)
        assert.notEqual(response.status, 303)
      })
    }
    await attacker.get('/reference').expect(403)
    await attacker.post(url).type('form').send(ginger).expect(303) // for a second time
    await attacker.get('/reference').expect(403)
    assert.equal(body(await attacker.get('/who')).isVisitor, false)
  })

  it('answers a program by the error, as without self-service', async () => {
    const response = await app.browser().get('/reference').set('Accept', 'application/json').expect(403)
    assert.equal((response.body as { code: string }).code, 'ERR_VISITOR_ACCESS_DENIED')
    await app.browser().post('/reference').set('Accept', 'text/html').expect(403)
  })

  it('leaves a page without it by invitation only', async () => {
    await app.browser().get('/invited').set('Accept', 'text/html').expect(403)
  })

  it('offers the form to a visitor of another scope, and to one whose link has expired', async () => {
    const browser = app.browser()
    const interview = await app.Visitor.create({ email: 'fred@example.test', scope: 'INTERVIEW' })
    await browser.get(interview.tokenise('/invited')).expect(303)
    await formUrl(browser)

    const expired = await app.Visitor.create({
      email: 'fred@example.test',
      scope: 'REFERENCE',
      expiresAt: new Date(Date.now() - 1000),
    })
    const url = await formUrl(app.browser(), expired.tokenise('/reference?a=1'))
    const passRequest = new URL(url, 'https://example.test').searchParams.get('for') ?? ''
    const [content = ''] = passRequest.split('.')
    assert.equal(
      (JSON.parse(Buffer.from(content, 'base64url').toString()) as { next: string }).next,
      '/reference?a=1',
    )
  })

  it('gives the pass the visit length of the guard, and its first scope', async () => {
    await ask(app.browser(), ginger, '/short')
    const [message] = mailbox
    assert.ok(message)
    assert.deepEqual([message.visitor.scope, message.visitor.sessionExpiry], ['SHORT', 60])
    await ask(app.browser())
    assert.equal(mailbox[1]?.visitor.sessionExpiry, 0)
  })

  it('works in two tabs at once', async () => {
    const browser = app.browser()
    const first = await formUrl(browser, '/reference?tab=1')
    const second = await formUrl(browser, '/short?tab=2')
    await browser.post(first).type('form').send(ginger).expect(303)
    await browser.post(second).type('form').send(ginger).expect(303)
    assert.deepEqual(
      mailbox.map(({ link, visitor }) => [pathOf(link).replace(/&vuid.*/, ''), visitor.scope]),
      [
        ['/reference?tab=1', 'REFERENCE'],
        ['/short?tab=2', 'SHORT'],
      ],
    )
  })

  it('needs no session and no memory: another process serves the form as well', async () => {
    const sameName = { visitor: { databaseName: 'app' } } // each test application has a database of its own
    const one = await start({}, sameName)
    const other = await start({}, sameName)
    try {
      const url = await formUrl(one.browser())
      await other.browser().post(url).type('form').send(ginger).expect(303)
      assert.equal(await other.Visitor.count(), 1)
    } finally {
      await one.close()
      await other.close()
    }
  })
})

/** For a regular expression. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

describe('the request for a pass that the guard signs', () => {
  const forge = (content: object, secret = SECRET): string => {
    const bytes = Buffer.from(JSON.stringify(content))
    const mac = createHmac('sha256', secret)
      .update('passport-ephemeral:visitor:pass-request\0')
      .update(bytes)
      .digest()
    return `/visitor?for=${bytes.toString('base64url')}.${mac.toString('base64url')}`
  }
  const inAnHour = () => Math.floor(Date.now() / 1000) + HOUR

  it('is refused when it is missing, garbled, or signed with another secret, and nothing is stored', async () => {
    const browser = app.browser()
    const genuine = await formUrl(browser)
    const [head = '', signature = ''] = genuine.split('.')
    const tampered = Buffer.from(
      JSON.stringify({ scope: 'INTERVIEW', next: '/invited', expiresAt: inAnHour() }),
    ).toString('base64url')
    for (const url of [
      '/visitor',
      '/visitor?for=',
      '/visitor?for=x.y',
      `${head}.`,
      head,
      `${genuine}x`,
      `${genuine}.x`,
      `/visitor?for=${tampered}.${signature}`,
      `${head.slice(0, -2)}AA.${signature}`,
      forge(
        { scope: 'INTERVIEW', next: '/invited', expiresAt: inAnHour() },
        'another secret, which is long enough',
      ),
    ]) {
      const shown = await browser.get(url)
      assert.equal(shown.status, 400, url)
      assert.doesNotMatch(shown.text, /<form/)
      await browser.post(url).type('form').send(ginger).expect(400)
    }
    assert.equal(await app.Visitor.count(), 0)
    assert.equal(mailbox.length, 0)
  })

  it('is no token, and a token is no request for a pass', async () => {
    const pass = await app.Visitor.create({ email: 'fred@example.test', scope: 'REFERENCE' })
    const token = new URL(pass.tokenise('https://example.test/')).searchParams.get('vuid') ?? ''
    await app.browser().get(`/visitor?for=${token}`).expect(400)
    const bytes = Buffer.from(token, 'base64url')
    const asHandOver = `${bytes.subarray(0, 16).toString('base64url')}.${bytes.subarray(16).toString('base64url')}`
    await app.browser().get(`/visitor?for=${asHandOver}`).expect(400)
  })

  it('expires, and the page links to where to begin again', async () => {
    const browser = app.browser()
    const url = await formUrl(browser, '/reference?a=1')
    await later(5 * HOUR, async () => {
      const page = await browser.get(url).expect(410)
      assert.match(page.text, /href="\/reference\?a=1"/)
      await browser.post(url).type('form').send(ginger).expect(410)
    })
    assert.equal(await app.Visitor.count(), 0)
    await browser.get(url).expect(200)
  })

  for (const next of [
    '//evil.test/',
    '/\\evil.test/',
    '\\/evil.test',
    'https://evil.test/',
    '/\t/evil.test',
    '\t//evil.test',
    'javascript:alert(1)',
    '',
    ' /x',
  ]) {
    it(`leads to a path of this site only, even if it were signed: ${JSON.stringify(next)}`, async () => {
      const url = forge({ scope: 'REFERENCE', next, expiresAt: inAnHour() })
      await app.browser().get(url).expect(400)
      await app.browser().post(url).type('form').send(ginger).expect(400)
      assert.equal(mailbox.length, 0)
    })
  }

  for (const target of ['//evil.test/reference', '/\\evil.test', 'http://evil.test/reference']) {
    it(`makes a way back of this site out of the request line ${target}`, async () => {
      const other = await start(
        {},
        {
          before(host) {
            host.use((req, _res, next) => {
              if (req.url === '/reference') req.originalUrl = target
              next()
            })
          },
        },
      )
      try {
        await ask(other.browser())
        assert.match(mailbox[0]?.link ?? '', /^https:\/\/example\.test\/[^/\\]/)
      } finally {
        await other.close()
      }
    })
  }

  it('stays short enough for a browser when the page first asked for has a huge query', async () => {
    for (const length of [1800, 6000]) {
      mailbox.length = 0
      const browser = app.browser()
      const url = await formUrl(browser, `/reference?q=${'x'.repeat(length)}`)
      assert.ok(url.length < 2000, String(url.length))
      await browser.post(url).type('form').send(ginger).expect(303)
      assert.match(mailbox[0]?.link ?? '', /^https:\/\/example\.test\/reference\?vuid=/)
    }
  })
})

describe('a request for a pass', () => {
  it('is for the form that its guard names, and the model: a lax form does not serve a strict one', async () => {
    const other = await startApplication({
      routes(host, { Visitor, sequelize }) {
        const { Visitor: Other } = defineVisitorModels(sequelize, { secret: SECRET, modelName: 'Other' })
        const router = (Model: typeof Visitor) =>
          selfServiceRouter({ Visitor: Model, baseUrl: 'https://example.test/app', send: () => undefined })
        host.get('/strict', ensureVisitor('PARTNER', { selfService: '/partner-in' }))
        host.get('/lax', ensureVisitor('PUBLIC', { selfService: true }))
        host.get('/other', ensureVisitor('PUBLIC', { Visitor: Other, selfService: '/others' }))
        host.get('/behind', ensureVisitor('PUBLIC', { selfService: '/app/Visitor/' }))
        host.get('/nested', ensureVisitor('PARTNER', { selfService: '/partner/visitor' }))
        host.use('/visitor', router(Visitor))
        host.use('/partner-in', router(Visitor))
        host.use('/others', router(Other))
      },
    })
    try {
      const browser = other.browser()
      const forOf = async (page: string) => (await formUrl(browser, page)).split('?')[1] ?? ''
      const [strict, lax, foreign, behind, nested] = [
        await forOf('/strict'),
        await forOf('/lax'),
        await forOf('/other'),
        await forOf('/behind'),
        await forOf('/nested'),
      ]
      for (const [path, query, status] of [
        ['/partner-in', strict, 200],
        ['/visitor', strict, 400],
        ['/visitor', lax, 200],
        ['/VISITOR/', lax, 200],
        ['/partner-in', lax, 400],
        ['/others', foreign, 200],
        ['/others', lax, 400],
        ['/visitor', foreign, 400],
        ['/visitor', behind, 200], // a proxy has removed /app, and baseUrl has it
        ['/visitor', nested, 400],
      ] as const) {
        assert.equal((await browser.get(`${path}?${query}`)).status, status, `${path} ${query}`)
      }
    } finally {
      await other.close()
    }
  })
})

describe('the form', () => {
  const wrong: [string, object, Record<string, string>][] = [
    [
      'empty',
      {},
      {
        firstName: 'Please fill this in',
        lastName: 'Please fill this in',
        email: 'Please fill this in',
      },
    ],
    [
      'first name only',
      { firstName: 'Ginger' },
      { lastName: 'Please fill this in', email: 'Please fill this in' },
    ],
    ['no e-mail address', { ...ginger, email: '' }, { email: 'Please fill this in' }],
    ['a malformed address', { ...ginger, email: 'ginger' }, { email: 'This is not an e-mail address' }],
    [
      'an address that only the pass refuses',
      { ...ginger, email: 'a@b' },
      { email: 'This is not an e-mail address' },
    ],
    ['two addresses', { ...ginger, email: 'a@b.test, c@d.test' }, { email: 'This is not an e-mail address' }],
    [
      'a header in the address',
      { ...ginger, email: 'a@b.test\r\nBcc: everybody@victim.test' },
      { email: 'This is not an e-mail address' },
    ],
    ...[
      'owner@x.test.',
      'owner@x.test..',
      'owner@x..test',
      'owner@x.test/x',
      'owner@x.test?x',
      'owner@x.test#x',
      'owner@x%2etest',
      'owner@-x.test',
      'owner@10.0.0.1',
      'owner.@x.test',
      'ow\ufe0fner@x.test',
      'ow\u200dner@x.test',
      'ow\u034fner@x.test',
      'a@b@x.test',
    ].map((email): [string, object, Record<string, string>] => [
      `the address ${JSON.stringify(email)}`,
      { ...ginger, email },
      { email: 'This is not an e-mail address' },
    ]),
    [
      'an address that takes long to map',
      { ...ginger, email: `a@${'\u4e00'.repeat(3000)}` },
      { email: 'At most 254 characters, please' },
    ],
    ['blanks', { ...ginger, firstName: ' \t ' }, { firstName: 'Please fill this in' }],
    ['a long name', { ...ginger, lastName: 'x'.repeat(151) }, { lastName: 'At most 150 characters, please' }],
    ['lists for texts', { ...ginger, firstName: ['a', 'b'] }, { firstName: 'Please fill this in' }],
  ]
  for (const [name, values, expected] of wrong) {
    it(`${name}: shows the problem beside the field, keeps what was typed, and stores nothing`, async () => {
      const response = await ask(app.browser(), values)
      assert.equal(response.status, 422)
      assert.deepEqual(errorsOf(response.text), expected)
      for (const field of Object.keys(expected)) {
        assert.match(
          response.text,
          new RegExp(`id="${field}"[^>]*aria-describedby="${field}-error"[^>]*aria-invalid="true"`),
        )
      }
      for (const [field, value] of Object.entries(values)) {
        if (typeof value === 'string' && !/[\r\t]/.test(value))
          assert.match(response.text, new RegExp(`id="${field}"[^>]*value="${escaped(value)}"`))
      }
      assert.equal(await app.Visitor.count(), 0)
      assert.equal(mailbox.length, 0)
    })
  }

  it('takes names as people have them, on one line, and no byte that a database refuses', async () => {
    const response = await ask(app.browser(), {
      firstName: "  Ð“Ð\u0000\ud800 O'Neil<b> ",
      lastName: 'van\r\nder Berg',
      email: " Ginger+o'neil@example.test ",
    })
    assert.equal(response.status, 303)
    assert.equal(mailbox[0]?.visitor.lastName, 'van der Berg')
    assert.equal(mailbox[0].visitor.firstName.includes('\0'), false)
    assert.equal(mailbox[0].to, "Ginger+o'neil@example.test")
  })

  it('escapes what was typed', async () => {
    const response = await ask(app.browser(), {
      ...ginger,
      firstName: '"><script>alert(1)</script>',
      email: '',
    })
    assert.equal(response.status, 422)
    assert.doesNotMatch(response.text, /<script/)
    assert.match(response.text, /value="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;"/)
  })

  it('may be posted by JSON to an application that parses it', async () => {
    const { json } = await import('express')
    const other = await start({}, { before: (host) => host.use(json()) })
    try {
      const browser = other.browser()
      await browser
        .post(await formUrl(browser))
        .send(ginger)
        .expect(303)
    } finally {
      await other.close()
    }
  })

  it('does not show whether an address is known', async () => {
    const known = await ask(app.browser())
    const again = await ask(app.browser())
    const unknown = await ask(app.browser(), { ...ginger, email: 'nobody@example.test' })
    const pages = await Promise.all(
      [known, again, unknown].map(async ({ status, headers }) => {
        const page = await app.browser().get(String(headers['location']))
        return { status, shown: page.status, text: page.text.replace(/for=[^"]*/, '') }
      }),
    )
    assert.deepEqual(pages[1], pages[0])
    assert.deepEqual(pages[2], pages[0])
  })

  it('has a page after it whose link leads to the form again', async () => {
    const browser = app.browser()
    const posted = await ask(browser)
    const sent = await browser.get(String(posted.headers['location'])).expect(200)
    const [, href = ''] = /<a href="([^"]*)"/.exec(sent.text) ?? []
    await browser.get(href).expect(200, /<form/)
  })
})

describe('a message that cannot be sent', () => {
  it('is shown on the page, keeps what was typed, leaves no pass, and emits a warning', async () => {
    sendFails = new Error('ECONNREFUSED 127.0.0.1:25')
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve))
    const response = await ask(app.browser())
    assert.equal(response.status, 503)
    assert.match(errorsOf(response.text)[''] ?? '', /could not send/)
    assert.match(response.text, /value="ginger@example.test"/)
    assert.doesNotMatch(response.text, /ECONNREFUSED/)
    assert.equal(await app.Visitor.count(), 0)
    assert.match((await warning).message, /ECONNREFUSED/)
  })

  it('leaves no active pass even if the pass cannot be deleted', async () => {
    const links: string[] = []
    const other = await start({
      send({ visitor, link }) {
        links.push(link)
        visitor.destroy = () => Promise.reject(new Error('The database is away'))
        throw Object.assign(new Error('ECONNREFUSED'), { data: link })
      },
    })
    try {
      const response = await ask(other.browser())
      assert.equal(response.status, 503)
      const [pass] = await other.Visitor.findAll()
      assert.equal(pass?.isActive, false)
      await other
        .browser()
        .get(pathOf(links[0] ?? ''))
        .set('Accept', 'application/json')
        .expect(403)
    } finally {
      await other.close()
    }
  })

  it('does not activate a pass that `send` has deactivated', async () => {
    const other = await start({
      async send({ visitor }) {
        assert.equal(visitor.isValid, true)
        if (visitor.email.endsWith('@blocked.test')) await visitor.deactivate()
        if (visitor.email.endsWith('@bounced.test'))
          await (await other.Visitor.findByPk(visitor.id, { rejectOnEmpty: true })).deactivate()
        if (visitor.email.endsWith('@reloaded.test')) await visitor.reload()
        if (visitor.email.endsWith('@broken.test')) visitor.firstName = 'x'.repeat(999)
        if (visitor.email.endsWith('@noted.test')) await visitor.update({ context: { noted: true } })
      },
    })
    try {
      for (const [email, isActive] of [
        ['a@blocked.test', false],
        ['a@bounced.test', false],
        ['a@reloaded.test', true],
        ['a@broken.test', true],
        ['a@noted.test', true],
        ['a@example.test', true],
      ] as const) {
        assert.equal((await ask(other.browser(), { ...ginger, email })).status, 303)
        assert.equal((await other.Visitor.findOne({ where: { email } }))?.isActive, isActive)
      }
    } finally {
      await other.close()
    }
  })

  it('has a link that cannot be redeemed before send is done', async () => {
    let whileSending: number | undefined
    const other = await start({
      async send({ link }) {
        const response = await fetch(other.origin + pathOf(link), { redirect: 'manual' })
        whileSending = response.status
      },
    })
    try {
      assert.equal((await ask(other.browser())).status, 303)
      assert.notEqual(whileSending, 303)
      assert.equal((await other.Visitor.findOne())?.isActive, true)
    } finally {
      await other.close()
    }
  })

  it('does not count for the mailbox, and counts for the client', async () => {
    const email = new RateLimiterMemory({ points: 2, duration: 3600 })
    const ip = new RateLimiterMemory({ points: 4, duration: 3600 })
    const other = await start({ limiter: { email, ip } })
    try {
      sendFails = new Error('ECONNREFUSED')
      for (let attempt = 0; attempt < 3; attempt++) assert.equal((await ask(other.browser())).status, 503)
      sendFails = undefined
      assert.equal((await ask(other.browser())).status, 303)
      assert.equal((await ask(other.browser())).status, 429)
    } finally {
      await other.close()
    }
  })

  it('is handled when send throws a value that is no error', async () => {
    const other = await start({
      send: () => {
        throw Object.create(null)
      },
    })
    try {
      assert.equal((await ask(other.browser())).status, 503)
    } finally {
      await other.close()
    }
  })

  it('is handled when send rejects with undefined', async () => {
    const other = await start({
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as careless mailers do
      send: () => Promise.reject(),
    })
    try {
      assert.equal((await ask(other.browser())).status, 503)
      assert.equal(await other.Visitor.count(), 0)
    } finally {
      await other.close()
    }
  })
})

describe('a post from another site', () => {
  for (const headers of [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://evil.test' },
    { Origin: 'null' },
  ]) {
    it(`is refused: ${JSON.stringify(headers)}`, async () => {
      const browser = app.browser()
      const url = await formUrl(browser)
      const response = await browser.post(url).set(headers).type('form').send(ginger).expect(403)
      assert.equal((response.body as { code: string }).code, 'ERR_CROSS_SITE_REQUEST')
      assert.equal(await app.Visitor.count(), 0)
    })
  }
  for (const headers of [
    { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' },
    { 'Sec-Fetch-Site': 'none' },
    { Origin: 'https://example.test' },
  ]) {
    it(`is not what a browser on this site sends: ${JSON.stringify(headers)}`, async () => {
      const browser = app.browser()
      await browser
        .post(await formUrl(browser))
        .set(headers)
        .type('form')
        .send(ginger)
        .expect(303)
    })
  }
  it('is not recognised by its Host header', async () => {
    const browser = app.browser()
    const url = await formUrl(browser)
    await browser.post(url).set('Origin', app.origin).type('form').send(ginger).expect(303)
  })
})

describe('the Host header', () => {
  it('does not decide where the link in the message leads', async () => {
    const browser = app.browser()
    const url = await formUrl(browser)
    await browser
      .post(url)
      .set('Host', 'evil.test')
      .set('X-Forwarded-Host', 'evil.test')
      .type('form')
      .send(ginger)
    assert.match(mailbox[0]?.link ?? '', /^https:\/\/example\.test\//)
  })

  it('can be used by a baseUrl function that checks it', async () => {
    const other = await start({
      baseUrl: (req) => `https://${req.hostname === 'a.test' ? 'a' : 'b'}.test/prefix/`,
    })
    try {
      const browser = other.browser()
      const url = await formUrl(browser)
      await browser.post(url).set('Host', 'a.test').type('form').send(ginger).expect(303)
      assert.match(mailbox[0]?.link ?? '', /^https:\/\/a\.test\/prefix\/reference/)
    } finally {
      await other.close()
    }
  })
})

describe('limits', () => {
  const points = (n: number) => new RateLimiterMemory({ points: n, duration: 3600 })

  it('refuse an address that gets too many messages, for every client and spelling', async () => {
    const other = await start({ limiter: { email: points(2) } })
    try {
      for (const email of ['ginger@example.test', 'GINGER@example.test'])
        assert.equal((await ask(other.browser(), { ...ginger, email })).status, 303)
      const third = await ask(other.browser(), { ...ginger, email: ' Ginger@Example.test' })
      assert.equal(third.status, 429)
      assert.ok(Number(third.headers['retry-after']) > 3000)
      assert.match(third.text, /value=" ?Ginger@Example.test"/)
      assert.equal((await ask(other.browser(), { ...ginger, email: 'fred@example.test' })).status, 303)
      assert.equal(mailbox.length, 3)
      assert.equal(await other.Visitor.count(), 3)
    } finally {
      await other.close()
    }
  })

  it('count all spellings of an address as one', async () => {
    const other = await start({ limiter: { email: points(1) } })
    try {
      const spellings = [
        'ceo@victim.com',
        'ceo@victim\u00ad.com',
        'ceo@vic\u200btim.com',
        'ceo@\u24e5ictim.com',
        'CEO@VICTIM.COM',
        'ce\u00ado@victim.com',
      ]
      const statuses: number[] = []
      for (const email of spellings) statuses.push((await ask(other.browser(), { ...ginger, email })).status)
      assert.deepEqual(statuses, [303, 429, 429, 429, 429, 422])
      assert.deepEqual(
        (await other.Visitor.findAll()).map(({ email }) => email),
        ['ceo@victim.com'],
      )
      const idn = await ask(other.browser(), { ...ginger, email: 'a@b\u00fccher.example' })
      assert.equal(idn.status, 303)
      const punycode = await ask(other.browser(), { ...ginger, email: 'a@xn--bcher-kva.example' })
      assert.equal(punycode.status, 429)
    } finally {
      await other.close()
    }
  })

  it('count an address for what is sent to it, and for nothing that is refused before', async () => {
    const other = await start({ limiter: { email: points(1) } })
    try {
      for (const email of ['nobody', 'a@b', 'a@localhost'])
        assert.equal((await ask(other.browser(), { ...ginger, email })).status, 422)
      assert.equal((await ask(other.browser())).status, 303)
    } finally {
      await other.close()
    }
  })

  it('count a client before its form is looked at, so that invalid forms are limited, too', async () => {
    const other = await start({ limiter: { ip: points(2) } })
    try {
      const statuses: number[] = []
      for (const email of ['nobody', 'a@b', 'nobody'])
        statuses.push((await ask(other.browser(), { ...ginger, email })).status)
      assert.deepEqual(statuses, [422, 422, 429])
    } finally {
      await other.close()
    }
  })

  it('accept a limiter that refuses by an Error, and send no invalid Retry-After', async () => {
    for (const [refusal, retryAfter] of [
      [Object.assign(new Error('Too many'), { msBeforeNext: 1500 }), '2'],
      [{ msBeforeNext: Infinity }, undefined],
      [{ msBeforeNext: Number.NaN }, undefined],
      [undefined, undefined],
    ] as const) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as limiters do
      const other = await start({ limiter: { consume: () => Promise.reject(refusal) } })
      try {
        const response = await ask(other.browser())
        assert.equal(response.status, 429)
        assert.equal(response.headers['retry-after'], retryAfter)
      } finally {
        await other.close()
      }
    }
  })

  it('refuse a client that asks for too many addresses', async () => {
    const other = await start({ limiter: { ip: points(2) } })
    try {
      const statuses: number[] = []
      for (const name of ['a', 'b', 'c'])
        statuses.push((await ask(other.browser(), { ...ginger, email: `${name}@example.test` })).status)
      assert.deepEqual(statuses, [303, 303, 429])
      assert.equal(mailbox.length, 2)
    } finally {
      await other.close()
    }
  })

  it('can share one limiter, which never gets an e-mail address', async () => {
    const keys: string[] = []
    const other = await start({
      limiter: {
        consume(key) {
          keys.push(key)
          return Promise.resolve()
        },
      },
    })
    try {
      await ask(other.browser())
      await ask(other.browser(), { ...ginger, email: 'nobody' }) // not valid: no message is counted
      assert.equal(keys.length, 3)
      assert.equal(keys[2], 'ip:127.0.0.1')
      assert.equal(keys[0], 'ip:127.0.0.1')
      assert.match(keys[1] ?? '', /^email:[\w-]{43}$/)
    } finally {
      await other.close()
    }
  })

  it('whose limiter fails let people through by default', async () => {
    const other = await start({ limiter: { consume: () => Promise.reject(new Error('Redis is away')) } })
    try {
      assert.equal((await ask(other.browser())).status, 303)
    } finally {
      await other.close()
    }
  })
})

describe("a value that only the pass's validators refuse", () => {
  it('is shown beside its field, in words for people', async () => {
    const schema = z.object({ email: z.string(), firstName: z.string() })
    const other = await start({ schema })
    try {
      const response = await ask(other.browser(), { ...ginger, firstName: 'x'.repeat(151) })
      assert.equal(response.status, 422)
      assert.deepEqual(errorsOf(response.text), { firstName: 'This cannot be kept as it is' })
    } finally {
      await other.close()
    }
  })

  it('is an error of the application if no field of the form has it', async () => {
    const schema = z
      .object({ email: z.string() })
      .transform(({ email }) => ({ email, firstName: 'x'.repeat(151) }))
    const other = await start({ schema, fields: [{ name: 'email', label: 'E-mail', type: 'email' }] })
    try {
      assert.equal((await ask(other.browser())).status, 500)
      assert.equal(await other.Visitor.count(), 0)
    } finally {
      await other.close()
    }
  })
})

describe('the pages', () => {
  it('have no script, load nothing, and cannot be framed or cached', async () => {
    const browser = app.browser()
    const url = await formUrl(browser)
    for (const page of [
      await browser.get(url),
      await browser.post(url).type('form').send({}),
      await browser.get('/visitor/sent'),
      await browser.get('/visitor'),
    ]) {
      const policy = String(page.headers['content-security-policy'])
      assert.match(
        policy,
        /^default-src 'none'; img-src 'self'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none';/,
      )
      assert.match(policy, /frame-ancestors 'none'; form-action 'self'$/)
      assert.equal(page.headers['cache-control'], 'no-store')
      assert.equal(page.headers['x-content-type-options'], 'nosniff')
      assert.doesNotMatch(page.text, /<script|\son\w+="|style="|https?:/)
      assert.match(page.text, /<html lang="en" dir="ltr">/)
      assert.match(page.text, /name="viewport"/)
    }
  })

  it("can be the application's own", async () => {
    const other = await start({
      render: (page, _req, res) => {
        res.json(page)
      },
    })
    try {
      const browser = other.browser()
      const url = await formUrl(browser)
      const shown = await browser.get(url).expect(200)
      assert.equal((shown.body as { name: string }).name, 'form')
      const refused = await browser.post(url).type('form').send({ firstName: 'G' }).expect(422)
      const { fields } = refused.body as { fields: { name: string; value: string; error?: string }[] }
      assert.deepEqual(
        fields.map(({ name, value, error }) => [name, value, error]),
        [
          ['firstName', 'G', undefined],
          ['lastName', '', 'Please fill this in'],
          ['email', '', 'Please fill this in'],
        ],
      )
      assert.equal(((await browser.get('/visitor/sent').expect(200)).body as { name: string }).name, 'sent')
      assert.equal(((await browser.get('/visitor').expect(400)).body as { name: string }).name, 'expired')
    } finally {
      await other.close()
    }
  })

  it("can be the application's own one by one", async () => {
    const other = await start({
      render: {
        sent: (page, _req, res) => {
          res.send(`own: ${page.name}`)
        },
      },
    })
    try {
      const browser = other.browser()
      assert.equal((await browser.get('/visitor/sent').expect(200)).text, 'own: sent')
      assert.match((await browser.get(await formUrl(browser)).expect(200)).text, /<form/)
    } finally {
      await other.close()
    }
  })

  it("embed the application's own CSRF token", async () => {
    const other = await start(
      {},
      {
        before(host) {
          host.use((_req, res, next) => {
            res.locals['_csrf'] = 'a"token'
            next()
          })
        },
      },
    )
    try {
      const browser = other.browser()
      const page = await browser.get(await formUrl(browser))
      assert.match(page.text, /<input type="hidden" name="_csrf" value="a&quot;token"/)
    } finally {
      await other.close()
    }
  })

  it("ask what the application's own schema asks", async () => {
    const schema = z.object({
      email: z.email('Not an address'),
      company: z.string().min(2, 'Which company?'),
    })
    const other = await start({
      fields: [
        { name: 'email', label: 'E-mail', type: 'email' },
        { name: 'company', label: 'Company', type: 'text', hint: 'As on your card', required: false },
      ],
      schema: schema.transform(({ email, company }) => ({ email, context: { company } })),
    })
    try {
      const refused = await ask(other.browser(), { email: 'x', company: '' })
      assert.equal(refused.status, 422)
      assert.deepEqual(errorsOf(refused.text), { email: 'Not an address', company: 'Which company?' })
      assert.match(refused.text, /aria-describedby="company-hint company-error"/)
      const taken = await ask(other.browser(), {
        email: 'g@example.test',
        company: 'RKO',
        lastName: 'ignored',
      })
      assert.equal(taken.status, 303)
      assert.deepEqual(mailbox[0]?.visitor.context, { company: 'RKO' })
      assert.equal(mailbox[0].visitor.lastName, '')
    } finally {
      await other.close()
    }
  })
})

describe('a pass by self-service', () => {
  it('can be of shorter life, and be redeemed so many times only', async () => {
    const other = await start({ tokenExpiry: 600, maxUses: 1 })
    try {
      await ask(other.browser())
      const link = pathOf(mailbox[0]?.link ?? '')
      await later(601, async () => {
        await other.browser().get(link).set('Accept', 'application/json').expect(403)
      })
      await other
        .browser()
        .get(link)
        .expect(200, /<button>/)
      await other.browser().post(link).expect(303).expect('Location', '/reference')
      assert.equal((await other.Visitor.findOne())?.uses, 1)
    } finally {
      await other.close()
    }
  })

  it('needs an address, whatever the schema makes of the form', async () => {
    const schema = z.object({ firstName: z.string() }) as unknown as SelfServiceOptions['schema'] & object
    const other = await start({ schema })
    try {
      const response = await ask(other.browser())
      assert.equal(response.status, 500)
      assert.match((response.body as { message: string }).message, /schema's result has no email/)
    } finally {
      await other.close()
    }
  })
})

describe('wrong options', () => {
  const options = () => ({ Visitor: app.Visitor, send: () => undefined, baseUrl: 'https://example.test' })
  for (const [name, change, message] of [
    ['no send', { send: undefined }, /option 'send' must be a function/],
    ['a query in baseUrl', { baseUrl: 'https://example.test/?x=1' }, /option 'baseUrl' must be/],
    ['no limiter in limiter', { limiter: {} }, /option 'limiter' must be/],
    ['no uses', { maxUses: 0 }, /option 'maxUses' must be/],
    ['a path for baseUrl', { baseUrl: '/visitor' }, /option 'baseUrl' must be/],
    ['a limiter that is none', { limiter: { per: 1 } }, /option 'limiter' must be/],
    ['a schema that is none', { schema: {} }, /option 'schema' must be a Standard Schema/],
    ['pages that there are not', { render: { confirm: () => undefined } }, /option 'render' must be/],
    ['an unknown one', { rendr: 1 }, /unknown option 'rendr'/],
  ] as const) {
    it(`${name}: throws at start-up`, () => {
      assert.throws(
        () => selfServiceRouter({ ...options(), ...change } as unknown as SelfServiceOptions),
        (error) => error instanceof TypeError && message.test(error.message),
      )
    })
  }

  it('a model without a secret throws at start-up, and the message names how to keep old links', async () => {
    const other = await startApplication({ visitor: { secret: false } })
    try {
      assert.throws(
        () => selfServiceRouter({ ...options(), Visitor: other.Visitor }),
        /secret: \[secret, false\]/,
      )
    } finally {
      await other.close()
    }
  })

  it('a guard without a scope to make passes for throws at start-up', () => {
    assert.throws(() => ensureVisitor(SCOPE_ANY, { selfService: true }), /needs a scope/)
    assert.throws(() => ensureVisitor('A', { sessionExpiry: 60 }), /needs selfService/)
    assert.throws(() => ensureVisitor('x'.repeat(101), { selfService: true }), /at most 100 characters/)
  })
})
