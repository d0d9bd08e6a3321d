import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Agent } from 'supertest'
import { ensureGuest, ensureRegularUser } from '../../src/index.js'
import { startApplication, type TestApp } from '../support/application.js'

let app: TestApp

before(async () => {
  app = await startApplication({
    visitorStrategy: { stripToken: false },
    routes(host, { passport }) {
      const ok = (_req: unknown, res: { json: (body: object) => unknown }): void => {
        res.json({ ok: true })
      }
      host.get('/play', passport.authenticate('guest'), ok)
      host.all('/guests', ensureGuest, ok)
      host.all('/regulars', ensureRegularUser, ok)
      for (const [path, guard] of Object.entries({
        '/public-guests': ensureGuest,
        '/public-regulars': ensureRegularUser,
      }))
        host.get(path, guard, (_req, res) => {
          res.set('Cache-Control', 'public, max-age=600').json({ ok: true })
        })
      host.get('/guests-custom', ensureGuest({ loginUrl: '/hello', registeredUrl: '/home?from=guests' }), ok)
      host.get(
        '/regulars-custom',
        ensureRegularUser({ loginUrl: '/in?a=1#form', convertUrl: 'https://accounts.test/convert' }),
        ok,
      )
    },
  })
})
after(() => app.close())

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

async function guest(): Promise<Agent> {
  const browser = app.browser()
  await browser.get('/play').expect(200)
  return browser
}

async function regular(): Promise<Agent> {
  await app.User.findOrCreate({ where: { username: 'fred' } })
  const browser = app.browser()
  await browser.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
  return browser
}

const sentTo = async (browser: Agent, path: string): Promise<string | undefined> => {
  const response = await browser.get(path).set('Accept', HTML)
  return response.status === 302 ? response.headers['location'] : String(response.status)
}

describe('ensureGuest', () => {
  it('sends an anonymous person to the login page', async () => {
    assert.equal(await sentTo(app.browser(), '/guests'), '/login')
  })

  it('sends a regular user home', async () => {
    assert.equal(await sentTo(await regular(), '/guests'), '/')
  })

  it('admits a guest, without a query of its own', async () => {
    const browser = await guest()
    app.database.takeStatements()
    await browser.get('/guests').expect(200)
    assert.equal(app.database.takeStatements().length, 1)
  })

  it('accepts other addresses', async () => {
    assert.equal(await sentTo(app.browser(), '/guests-custom'), '/hello')
    assert.equal(await sentTo(await regular(), '/guests-custom'), '/home?from=guests')
  })

  it('gives a program 401 or 403 and a code', async () => {
    const anonymous = await app.browser().get('/guests').expect(401)
    assert.equal((anonymous.body as { code: string }).code, 'ERR_GUEST_REQUIRED')
    await (await regular()).get('/guests').set('Accept', 'application/json').expect(403)
  })
})

describe('ensureRegularUser', () => {
  it('sends an anonymous person to the login page, with the way back', async () => {
    assert.equal(await sentTo(app.browser(), '/regulars'), '/login?next=%2Fregulars')
  })

  it('sends a guest to the conversion page, with the way back', async () => {
    assert.equal(
      await sentTo(await guest(), '/regulars?a=1&b=2'),
      '/convert?next=%2Fregulars%3Fa%3D1%26b%3D2',
    )
  })

  it('admits a regular user, without a query of its own', async () => {
    const browser = await regular()
    app.database.takeStatements()
    await browser.get('/regulars').expect(200)
    assert.equal(app.database.takeStatements().length, 1)
  })

  it('accepts other addresses that have a query and a fragment', async () => {
    assert.equal(await sentTo(app.browser(), '/regulars-custom'), '/in?a=1&next=%2Fregulars-custom#form')
    assert.equal(
      await sentTo(await guest(), '/regulars-custom'),
      'https://accounts.test/convert?next=%2Fregulars-custom',
    )
  })

  it('gives a program 401 or 403 and a code', async () => {
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
      const anonymous = await app.browser().get('/regulars').set('Accept', accept).expect(401)
      assert.equal((anonymous.body as { code: string }).code, 'ERR_REGULAR_USER_REQUIRED')
    }
    await (await guest()).get('/regulars').set('Accept', 'application/json').expect(403)
  })

  it('refuses a form post with an error, because a redirect would lose the posted data', async () => {
    await app.browser().post('/regulars').set('Accept', HTML).expect(401)
    await (await guest()).post('/regulars').set('Accept', HTML).expect(403)
  })

  it('names no other site as the way back', async () => {
    for (const path of ['//evil.test/regulars', '/regulars?x=//evil.test']) {
      const location = (await sentTo(app.browser(), path)) ?? ''
      if (location === '404') continue
      const next = new URL(location, app.origin).searchParams.get('next') ?? ''
      assert.equal(new URL(next, app.origin).origin, app.origin)
    }
  })

  it('leaves out a way back that would make the headers of the answer too long for a proxy', async () => {
    const query = 'a=1&'.repeat(500)
    assert.equal(await sentTo(app.browser(), `/regulars?${query}`), '/login')
    assert.equal(await sentTo(await guest(), `/regulars?${query}`), '/convert')
    assert.equal(await sentTo(app.browser(), `/regulars-custom?${query}`), '/in?a=1#form')
  })

  it('does not repeat a visitor’s token in the way back', async () => {
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const location = await sentTo(app.browser(), pass.tokenise('/regulars?a=1'))
    assert.equal(location, '/login?next=%2Fregulars%3Fa%3D1')
  })
})

describe('ensureGuest and ensureRegularUser', () => {
  it('work with and without options, and have names for stack traces', () => {
    assert.equal(ensureGuest().name, 'guestGuard')
    assert.equal(ensureGuest({}).name, 'guestGuard')
    assert.equal(ensureRegularUser().name, 'regularUserGuard')
  })

  it('refuse unknown and wrong options at start-up', () => {
    assert.throws(
      () => ensureGuest({ convertUrl: '/convert' } as object),
      /ensureGuest: unknown option 'convertUrl'/,
    )
    assert.throws(
      () => ensureRegularUser({ registeredUrl: '/' } as object),
      /ensureRegularUser: unknown option 'registeredUrl'/,
    )
    assert.throws(() => ensureRegularUser({ convertUrl: 5 } as object), /'convertUrl' must be a URL/)
    assert.throws(() => ensureRegularUser({ loginUrl: 'javascript:alert(1)' }), /'loginUrl' must be a URL/)
  })

  it('refuse a visitor who is not a user', async () => {
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const browser = app.browser()
    await browser.get(pass.tokenise('/who')).expect(200)
    await browser.get('/guests').expect(401)
    await browser.get('/regulars').expect(401)
  })
})

describe('a page behind these guards', () => {
  it('is kept out of shared caches, whatever its handler sets: a cache would hand it to others', async () => {
    for (const [browser, path] of [
      [await guest(), '/public-guests'],
      [await regular(), '/public-regulars'],
    ] as const) {
      const { headers } = await browser.get(path).expect(200)
      assert.equal(headers['cache-control'], 'private, max-age=600', path)
    }
  })
})
