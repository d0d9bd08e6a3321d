import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Agent } from 'supertest'
import { endVisit, ensureVisitor, isVisitor, SCOPE_ANY, type VisitorLog } from '../../src/index.js'
import { BROWSER, startApplication, whoIs, type TestApp, type Who } from '../support/application.js'
import { eventually } from '../support/eventually.js'

let app: TestApp

before(async () => {
  app = await startApplication({
    visitor: { anonymizeIp: true },
    routes(host) {
      host.set('trust proxy', true)
      const ok = (_req: unknown, res: { json: (body: object) => unknown }): void => {
        res.json({ ok: true })
      }
      host.get('/foo', ensureVisitor('foo'), ok)
      host.get('/foo-or-bar', ensureVisitor(['foo', 'bar']), ok)
      host.get('/any', ensureVisitor(SCOPE_ANY), ok)
      const bypass = (req: { get: (name: string) => string | undefined }): boolean =>
        req.get('staff') === 'yes'
      host.get('/bypass', ensureVisitor('foo', { bypass }), ok)
      host.get('/bypass-public', ensureVisitor('foo', { bypass }), (_req, res) => {
        res.set('Cache-Control', 'public, max-age=600').json({ ok: true })
      })
      host.get(
        '/bypass-later',
        ensureVisitor('foo', { bypass: async (req) => Promise.resolve(req.get('staff') === 'yes') }),
        ok,
      )
      host.get(
        '/bypass-throws',
        ensureVisitor('foo', {
          bypass: () => {
            throw new Error('bypass broke')
          },
        }),
        ok,
      )
      host.get(
        '/bypass-rejects',
        ensureVisitor('foo', { bypass: () => Promise.reject(new Error('bypass broke')) }),
        ok,
      )
      for (const reason of [undefined, null, '', 'route']) {
        host.use(
          `/bypass-rejects-${String(reason)}`,
          ensureVisitor('foo', { bypass: () => Promise.reject(reason as unknown as Error) }),
          ok,
        )
      }
      const foreign = (visitor: unknown) => (req: object, _res: unknown, next: () => void) => {
        Object.assign(req, { visitor })
        next()
      }
      host.get('/null-visitor', foreign(null), ensureVisitor(SCOPE_ANY), ok)
      host.get(
        '/foreign-visitor',
        foreign({ scope: 'foo' }),
        ensureVisitor(['foo', SCOPE_ANY], { bypass: () => false }),
        ok,
      )
      host.get('/unlogged', ensureVisitor('foo', { logVisit: false }), ok)
      host.get(
        '/slow',
        ensureVisitor('foo', { bypass: () => new Promise((resolve) => setTimeout(resolve, 50, false)) }),
        ok,
      )
      host.get('/teapot', ensureVisitor('foo'), (_req, res) => {
        res.status(418).end()
      })
      host.post('/done', ensureVisitor('foo'), (req, res, next) => {
        endVisit(req).then(() => res.json(whoIs(req)), next)
      })
      host.post('/done-for-good', ensureVisitor('foo'), (req, res, next) => {
        endVisit(req, { deactivate: true }).then(() => res.json(whoIs(req)), next)
      })
    },
  })
})
after(() => app.close())

const invite = (scope: string, values: object = {}) =>
  app.Visitor.create({ email: 'ginger@example.test', scope, ...values })

async function visitor(scope: string): Promise<Agent> {
  const browser = app.browser()
  await browser.get((await invite(scope)).tokenise('/who')).expect(303)
  return browser
}

async function visits(): Promise<VisitorLog[]> {
  await app.VisitorLog.flush()
  return await app.VisitorLog.findAll({ order: ['id'] })
}

async function forgetVisits(): Promise<void> {
  await app.VisitorLog.flush()
  await app.VisitorLog.destroy({ where: {} })
}

describe('ensureVisitor', () => {
  it('refuses a request without a visitor', async () => {
    const response = await app.browser().get('/foo').expect(403)
    const { name, code, reason } = response.body as Record<string, string>
    assert.deepEqual(
      { name, code, reason },
      { name: 'VisitorAccessDenied', code: 'ERR_VISITOR_ACCESS_DENIED', reason: 'no-visitor' },
    )
  })

  it('refuses a visitor of another scope', async () => {
    const response = await (await visitor('bar')).get('/foo').expect(403)
    assert.equal((response.body as { reason: string }).reason, 'wrong-scope')
  })

  it('refuses a scope that only begins like it', async () => {
    await (await visitor('fo')).get('/foo').expect(403)
    await (await visitor('food')).get('/foo').expect(403)
    await (await visitor('FOO')).get('/foo').expect(403)
  })

  it('admits a visitor of its scope, of one of its scopes, of any', async () => {
    await (await visitor('foo')).get('/foo').expect(200)
    await (await visitor('bar')).get('/foo-or-bar').expect(200)
    await (await visitor('baz')).get('/foo-or-bar').expect(403)
    await (await visitor('baz')).get('/any').expect(200)
    await app.browser().get('/any').expect(403)
  })

  it('costs no statement but the visitor’s own', async () => {
    const browser = await visitor('foo')
    app.database.takeStatements()
    await browser.get('/unlogged').expect(200)
    assert.equal(app.database.takeStatements().length, 1)
  })

  it('admits what bypass accepts, sync and async, and refuses all others', async () => {
    for (const path of ['/bypass', '/bypass-later']) {
      await app.browser().get(path).set('staff', 'yes').expect(200)
      await app.browser().get(path).expect(403)
      await (await visitor('foo')).get(path).expect(200)
    }
  })

  it('passes on what bypass throws', async () => {
    for (const path of ['/bypass-throws', '/bypass-rejects']) {
      const response = await (await visitor('foo')).get(path).expect(500)
      assert.equal((response.body as { message: string }).message, 'bypass broke')
    }
  })

  it('refuses when bypass rejects with a value that is no error', async () => {
    for (const reason of ['undefined', 'null', '', 'route']) {
      await app.browser().get(`/bypass-rejects-${reason}`).expect(500)
    }
  })

  it('does not take what other middleware put into req.visitor for a pass', async () => {
    await app.browser().get('/null-visitor').expect(403)
    await app.browser().get('/foreign-visitor').expect(403)
  })

  it('cannot be made without a scope, or with an option that it does not have', () => {
    for (const scope of ['', ' ', [], [''], ['foo', ''], undefined, null, 5, {}]) {
      assert.throws(
        () => ensureVisitor(scope as string),
        /^TypeError.*: ensureVisitor: scope must be a non-empty string or an array/,
        JSON.stringify(scope),
      )
    }
    assert.throws(() => ensureVisitor('foo', { bypas: () => true } as object), /unknown option 'bypas'/)
    const wrong = {
      bypass: true,
      logVisit: 'no',
      Visitor: class {},
      selfService: 'javascript:alert(1)',
      sessionExpiry: -1,
      validations: 5,
    }
    for (const [name, value] of Object.entries(wrong)) {
      const options = { selfService: true, [name]: value } as object
      assert.throws(
        () => ensureVisitor('foo', options),
        new RegExp(`^TypeError.*: ensureVisitor: .*'${name}' must be`),
      )
    }
    assert.throws(() => ensureVisitor('foo', { selfService: '' }), /'selfService' must be/)
    assert.throws(() => ensureVisitor('foo', { sessionExpiry: 60 }), /'sessionExpiry' needs selfService/)
  })

  it('has a name for stack traces', () => {
    assert.equal(ensureVisitor('foo').name, 'visitorGuard')
  })
})

describe('endVisit', () => {
  it('ends the visit, and leaves the link open', async () => {
    const browser = app.browser()
    const pass = await invite('foo')
    await browser.get(pass.tokenise('/who'))
    const response = await browser.post('/done').expect(200)
    assert.equal((response.body as Who).isVisitor, false)
    await browser.get('/foo').expect(403)
    await browser.get(pass.tokenise('/foo')).expect(303)
    await browser.get('/foo').expect(200)
  })

  it('with deactivate closes the link too, here and elsewhere', async () => {
    const pass = await invite('foo')
    const [one, other] = [app.browser(), app.browser()]
    await one.get(pass.tokenise('/who'))
    await other.get(pass.tokenise('/who'))
    await one.post('/done-for-good').expect(200)
    await other.get('/foo').expect(403)
    await one.get(pass.tokenise('/foo')).expect(403)
  })
})

describe('the visit log', () => {
  it('has a row for each visit, written after the response', async () => {
    await forgetVisits()
    const browser = await visitor('foo')
    await browser.get('/foo?q=1').set('Referer', 'https://mail.test/inbox?id=5#x').expect(200)
    await browser.get('/teapot').expect(418)
    const [first, second] = await eventually(visits, (rows) => rows.length === 2)
    assert.ok(first && second)
    const { method, path, status, userAgent, referrer, ip, outcome, sessionHash } = first
    assert.deepEqual(
      { method, path, status, referrer, ip, outcome },
      {
        method: 'GET',
        path: '/foo',
        status: 200,
        referrer: 'https://mail.test/inbox',
        ip: '127.0.0.0',
        outcome: 'admitted',
      },
    )
    assert.match(userAgent, /Firefox/)
    assert.match(sessionHash, /^[0-9a-f]{64}$/)
    assert.equal(second.status, 418)
    assert.equal(second.sessionHash, sessionHash)
  })

  it('has a row for a refused visitor, with the reason', async () => {
    await forgetVisits()
    await (await visitor('bar')).get('/foo').expect(403)
    const [row] = await eventually(visits, (rows) => rows.length === 1)
    assert.equal(row?.outcome, 'wrong-scope')
    assert.equal(row.status, 403)
  })

  it('cuts the addresses that a trusted proxy reports to their network', async () => {
    const browser = await visitor('foo')
    for (const [address, network] of [
      ['203.0.113.77', '203.0.113.0'],
      ['::ffff:203.0.113.77', '203.0.113.0'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
      ['2001:db8::5', '2001:db8:0::'],
      ['::1', '0:0:0::'],
      ['not an address', ''],
    ] as const) {
      await forgetVisits()
      await browser.get('/foo').set('X-Forwarded-For', address).expect(200)
      const [row] = await eventually(visits, (rows) => rows.length === 1)
      assert.equal(row?.ip, network, address)
    }
  })

  it('has no row with logVisit: false, for a bypass, or for a request without a pass', async () => {
    await forgetVisits()
    const browser = await visitor('foo')
    await browser.get('/unlogged').expect(200)
    await app.browser().get('/bypass').set('staff', 'yes').expect(200)
    await app.browser().get('/foo').expect(403)
    await browser.get('/foo').expect(200)
    const rows = await eventually(visits, (found) => found.length > 0)
    assert.deepEqual(
      rows.map(({ path }) => path),
      ['/foo'],
    )
  })

  it('holds no token and no session id', async () => {
    await forgetVisits()
    const pass = await invite('foo')
    const browser = app.browser()
    await browser.get(pass.tokenise('/who'))
    const { sessionID } = (await browser.get('/who')).body as Who
    const token = pass.tokenise('').slice('?vuid='.length)
    await browser.get('/foo').set('Referer', `https://own.test/foo?vuid=${token}`).expect(200)
    const rows = await eventually(visits, (found) => found.length === 1)
    const text = JSON.stringify(rows)
    assert.ok(!text.includes(token) && !text.includes(sessionID) && !text.includes(pass.uuid))
  })

  it('stores headers that are too long or not valid text', async () => {
    await forgetVisits()
    const browser = await visitor('foo')
    await browser
      .get('/foo')
      .set('User-Agent', 'u'.repeat(3000))
      .set('Referer', `https://\u00e9.test/${'r'.repeat(3000)}`)
      .expect(200)
    const [row] = await eventually(visits, (found) => found.length === 1)
    assert.equal(row?.userAgent.length, 512)
    assert.equal(row.referrer.length, 512)
  })

  it('has no control character in any field, whatever a client sends', async () => {
    await forgetVisits()
    const browser = await visitor('foo')
    await browser
      .get('/foo')
      .set('User-Agent', 'one\ttwo\u009b31mthree\u0085four')
      .set('Referer', 'https://evil.test/\u009b2J\tforged')
      .expect(200)
    const [row] = await eventually(visits, (found) => found.length === 1)
    assert.equal(row?.userAgent, 'one\uFFFDtwo\uFFFD31mthree\uFFFDfour')
    assert.doesNotMatch(JSON.stringify(Object.values(row.get())), /\p{Cc}|\\u00|\\t/u)
  })

  it('has a row for a client that disconnects before the guard has decided', async () => {
    await forgetVisits()
    const pass = await invite('foo')
    const redeemed = await fetch(app.origin + pass.tokenise('/who'), {
      headers: { 'user-agent': BROWSER },
      redirect: 'manual',
    })
    const cookie = redeemed.headers.get('set-cookie')?.split(';')[0] ?? ''
    for (let i = 0; i < 5; i++) {
      const hangUp = new AbortController()
      const request = fetch(`${app.origin}/slow`, { headers: { cookie }, signal: hangUp.signal })
      setTimeout(() => {
        hangUp.abort()
      }, 15)
      await assert.rejects(request)
    }
    assert.equal((await eventually(visits, (rows) => rows.length === 5)).length, 5)
  })

  it('shows no more of a pass that is included than the pass shows of itself', async () => {
    await forgetVisits()
    const pass = await invite('foo')
    const browser = app.browser()
    await browser.get(pass.tokenise('/who'))
    await browser.get('/foo').expect(200)
    await eventually(visits, (rows) => rows.length === 1)
    const text = JSON.stringify(await app.VisitorLog.findOne({ include: 'visitor' }))
    assert.ok(text.includes(pass.email) && !text.includes(pass.uuid))
  })

  it('is deleted with its pass', async () => {
    await forgetVisits()
    const pass = await invite('foo')
    const browser = app.browser()
    await browser.get(pass.tokenise('/who'))
    await browser.get('/foo').expect(200)
    await eventually(visits, (rows) => rows.length === 1)
    await pass.destroy()
    assert.equal(await app.VisitorLog.count(), 0)
  })

  it('does not fail a request when it cannot be written', async () => {
    const broken = await startApplication({
      routes(host) {
        host.get('/foo', ensureVisitor('foo'), (_req, res) => {
          res.json({ ok: true })
        })
      },
    })
    try {
      const pass = await broken.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
      await broken.VisitorLog.drop()
      const browser = broken.browser()
      await browser.get(pass.tokenise('/foo')).expect(303)
      await browser.get('/foo').expect(200)
      await browser.get('/foo').expect(200)
    } finally {
      await broken.close()
    }
  })
})

describe('isVisitor', () => {
  it('tests for any visitor, or for one of a scope', async () => {
    const asked = await startApplication({
      routes(host) {
        host.get('/asked', (req, res) => {
          res.json([
            isVisitor(req),
            isVisitor(req, 'foo'),
            isVisitor(req, ['bar', 'foo']),
            isVisitor(req, 'bar'),
            isVisitor(req, SCOPE_ANY),
          ])
        })
      },
    })
    try {
      const browser = asked.browser()
      assert.deepEqual((await browser.get('/asked')).body, [false, false, false, false, false])
      const pass = await asked.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
      await browser.get(pass.tokenise('/asked')).expect(303)
      assert.deepEqual((await browser.get('/asked')).body, [true, true, true, false, true])
    } finally {
      await asked.close()
    }
  })
})

describe('a page that bypass opens', () => {
  it('is kept out of shared caches, whatever its handler sets: a cache would hand it to visitors', async () => {
    const { headers } = await app.browser().get('/bypass-public').set('staff', 'yes').expect(200)
    assert.equal(headers['cache-control'], 'private, max-age=600')
  })
})
