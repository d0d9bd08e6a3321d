import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import {
  CrossSiteRequest,
  ensureRegularUser,
  ensureVisitor,
  EphemeralError,
  errorPages,
  GuestLimitExceeded,
  InvalidVisitorPass,
  MergeFailed,
  selfServiceRouter,
  SessionRequired,
  VisitorAccessDenied,
  type ErrorPage,
} from '../../../src/index.js'
import { warningsOf } from '../../checks/stage.js'
import { forged } from '../../support/forged.js'
import { startApplication, type TestApp } from '../../support/application.js'

const REASONS = ['no-visitor', 'unknown', 'expired', 'deactivated', 'used-up', 'unconfirmed'] as const

const thrown: Record<string, () => unknown> = {
  'cross-site': () => new CrossSiteRequest(),
  limit: () => new GuestLimitExceeded(undefined),
  merge: () => new MergeFailed('a secret detail', { cause: new Error('the cause') }),
  session: () => new SessionRequired('a middleware'),
  other: () => Object.assign(new Error('not ours'), { status: 418 }),
  own: () =>
    new (class extends EphemeralError {
      override readonly status = 402
    })('<b>pay</b>'),
  ...Object.fromEntries(
    [...REASONS, 'gone', 'reissued', 'session-ended', 'wrong-scope', 'malformed'].map((reason) => [
      reason,
      () => new VisitorAccessDenied(['A'], reason as VisitorAccessDenied['reason']),
    ]),
  ),
}

const start = (render?: (page: ErrorPage) => string) =>
  startApplication({
    routes(host, { Visitor }) {
      host.get('/thrown/:name', (req, _res, next) => {
        next(thrown[req.params.name]?.())
      })
      host.get('/begun', (_req, res, next) => {
        res.write('begun')
        next(new CrossSiteRequest())
      })
      host.get('/invited', ensureVisitor('INTERVIEW'), (_req, res) => res.send('in'))
      host.all('/tour', ensureVisitor('TOUR', { selfService: true }), (_req, res) => res.send('in'))
      host.post('/settings', ensureRegularUser, (_req, res) => res.send('in'))
      const send = (): void => undefined
      host.use('/visitor', selfServiceRouter({ Visitor, baseUrl: 'https://example.test', send }))
      host.use(errorPages(render && { render: (page, _req, res) => res.send(render(page)) }))
    },
  })

let app: TestApp
before(async () => {
  app = await start()
})
after(() => app.close())

const asPerson = (path: string, method: 'get' | 'post' | 'head' = 'get') =>
  app.browser()[method](path).set('Accept', 'text/html,*/*;q=0.8')
const asProgram = (path: string) => app.browser().get(path).set('Accept', 'application/json')

describe('errorPages for people', () => {
  it('answers with a page that leads on, in the status of the error', async () => {
    const page = await asPerson('/thrown/cross-site')
      .expect(403)
      .expect('Content-Type', /text\/html/)
    assert.match(page.text, /<h1>This came from another site<\/h1>/)
    assert.match(page.text, /<a href="\/">/)
  })

  it('is stored by no cache, varies by Accept, and forbids scripts and frames', async () => {
    const { headers } = await asPerson('/thrown/cross-site').expect(403)
    assert.equal(headers['cache-control'], 'no-store')
    assert.match(String(headers['vary']), /\bAccept\b/)
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/)
  })

  it('answers HEAD with the headers alone', async () => {
    const { text, status } = await asPerson('/thrown/cross-site', 'head')
    assert.equal(status, 403)
    assert.equal(text, undefined)
  })

  it('shows the same for every reason that would tell whether a pass exists', async () => {
    const pages = await Promise.all(
      REASONS.map(async (reason) => (await asPerson(`/thrown/${reason}`).expect(403)).text),
    )
    assert.equal(new Set(pages).size, 1)
  })

  it('shows the same for forged, deleted, expired, deactivated and used-up links', async () => {
    const values = { email: 'ginger@example.test', scope: 'INTERVIEW' }
    const past = new Date(Date.now() - 1000)
    const deleted = await app.Visitor.create(values)
    await deleted.destroy()
    const passes = [
      deleted,
      await app.Visitor.create({ ...values, expiresAt: past }),
      await app.Visitor.create({ ...values, isActive: false }),
      await app.Visitor.create({ ...values, maxUses: 1, uses: 1 }),
    ]
    const links = [
      ...passes.map((pass) => pass.tokenise('/invited')),
      forged(passes[0]?.tokenise('/invited') ?? ''),
    ]
    for (const ask of [asPerson, asProgram]) {
      const answers = await Promise.all(links.map(async (link) => (await ask(link).expect(403)).text))
      assert.equal(new Set(answers).size, 1)
    }
  })

  it('tells a visitor who was admitted before that the visit has ended, or that the page is another one', async () => {
    for (const reason of ['gone', 'reissued', 'session-ended'])
      assert.match((await asPerson(`/thrown/${reason}`).expect(403)).text, /Your visit has ended/)
    assert.match((await asPerson('/thrown/wrong-scope')).text, /for another page/)
    assert.match((await asPerson('/thrown/malformed')).text, /incomplete/)
  })

  it('leads to the self-service form, if a posted form was refused where there is one', async () => {
    const page = await asPerson('/tour', 'post').expect(403)
    const [, href = ''] = /<a href="(\/visitor\?for=[^"]*)">Ask for a new link/.exec(page.text) ?? []
    await asPerson(href.replaceAll('&amp;', '&')).expect(200)
  })

  it('leads to the login, below the public address', async () => {
    const page = await asPerson('/settings', 'post').expect(401)
    assert.match(page.text, /<a href="\/login">Log in/)
  })

  it('words an error of a class of the application’s own by its status, not by its message', async () => {
    const page = await asPerson('/thrown/own').expect(402)
    assert.doesNotMatch(page.text, /pay/)
  })

  it('can be rendered by the application', async () => {
    const own = await start(({ code, title, status }) => `${code} ${title} ${String(status)}`)
    const page = await own.browser().get('/thrown/limit').set('Accept', 'text/html').expect(429)
    assert.match(page.text, /^ERR_GUEST_LIMIT_EXCEEDED .* 429$/)
    assert.equal(page.headers['cache-control'], 'no-store')
    await own.close()
  })
})

describe('errorPages for programs', () => {
  it('answers with a problem of RFC 9457', async () => {
    const response = await asProgram('/thrown/expired')
      .expect(403)
      .expect('Content-Type', /^application\/problem\+json/)
    const help = 'node_modules/passport-ephemeral/docs/errors.md#err_visitor_access_denied'
    assert.deepEqual(JSON.parse(response.text), {
      type: 'https://github.com/passport-ephemeral/passport-ephemeral/blob/main/docs/errors.md#err_visitor_access_denied',
      title: 'This page is by invitation',
      status: 403,
      detail:
        'Please follow the link in your invitation. If you just did, it no longer works: ask the person who invited you for a new one.',
      code: 'ERR_VISITOR_ACCESS_DENIED',
      help,
    })
    assert.equal(response.headers['cache-control'], 'no-store')
  })

  it('has a type that is an absolute URI, below the homepage of the package', async () => {
    const { homepage } = JSON.parse(
      await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { homepage: string }
    const { type } = JSON.parse((await asProgram('/thrown/limit').expect(429)).text) as { type: string }
    assert.ok(type.startsWith(`${homepage.replace(/#.*/, '')}/`), type)
    assert.match(type, /\/docs\/errors\.md#err_guest_limit_exceeded$/)
  })

  it('contains neither the message nor the cause of a failure, which become a warning', async () => {
    const codes = await warningsOf(async () => {
      for (const name of ['merge', 'session']) {
        const { text } = await asProgram(`/thrown/${name}`).expect(500)
        assert.doesNotMatch(text, /secret detail|the cause|a middleware|\.ts/)
      }
    })
    assert.deepEqual(codes, ['REQUEST_FAILED', 'REQUEST_FAILED'])
  })

  it('treats a request without a preference as a program’s', async () => {
    await app
      .browser()
      .get('/thrown/limit')
      .expect(429)
      .expect('Content-Type', /problem/)
  })
})

describe('errorPages', () => {
  it('passes on what is no error of this package', async () => {
    const { body } = await asPerson('/thrown/other').expect(418)
    assert.equal((body as { ours: boolean }).ours, false)
  })

  it('passes on an error after the response has begun', async () => {
    await assert.rejects(Promise.resolve(asPerson('/begun')))
  })

  it('refuses an option that it does not have', () => {
    assert.throws(() => errorPages({ homeUrl: 'home' }), /homeUrl/)
    assert.throws(() => errorPages({ ...{ homeUrl: '/', title: 'Oops' } }), /unknown option 'title'/)
  })

  it('has the address of the help on every error', () => {
    assert.match(new InvalidVisitorPass('expired').help, /docs\/errors\.md#err_visitor_pass_invalid$/)
  })
})
