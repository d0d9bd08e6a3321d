import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import {
  exceptGuests,
  guestEmail,
  guestLocals,
  GuestStrategy,
  type GuestLocals,
  type GuestStrategyOptions,
} from '../../src/index.js'
import { startApplication, type TestApp, type User } from '../support/application.js'
import { forged } from '../support/forged.js'
import { plainUser, startHost } from '../support/host-application.js'
import { collectWarnings } from '../support/warnings.js'

const warnings = collectWarnings()
let app: TestApp
before(async () => {
  app = await startApplication({
    routes(host, { passport, Guest }) {
      const down = { consume: () => Promise.reject(new Error('Redis is away')) }
      const variants: Record<string, Partial<GuestStrategyOptions<User>>> = {
        closed: { limiter: down, limiterFailure: 'closed' },
        without: { limiter: down },
        verified: { verify: (req) => req.query['captcha'] === 'solved' },
        later: { verify: (req) => Promise.resolve(req.query['captcha'] === 'solved') },
        truthy: { verify: () => 'yes' as unknown as boolean },
        failing: { verify: () => Promise.reject(new Error('The captcha is away')) },
        throwing: {
          verify() {
            throw new Error('The captcha is away')
          },
        },
      }
      for (const [name, options] of Object.entries(variants)) {
        passport.use(name, new GuestStrategy({ Guest, ...options }))
        host.get(`/${name}`, passport.authenticate(name), (req, res) => {
          res.json(req.user !== undefined)
        })
      }
      host.use(guestLocals())
      host.get('/play', passport.authenticate('guest'), (_req, res) => {
        const { isGuest, isVisitor, visitor, convertUrl } = res.locals as unknown as GuestLocals
        res.json({ isGuest, isVisitor, email: visitor?.email, convertUrl })
      })
      host.all('/open', (_req, res) => {
        res.json({ ...res.locals })
      })
      host.get(
        '/terms',
        exceptGuests((_req, res) => {
          res.json('the terms')
        }),
        (_req, res) => {
          res.json('the page')
        },
      )
      host.get(
        '/rejecting-terms',
        exceptGuests(() => {
          throw new Error('The terms are away')
        }),
      )
    },
  })
})
after(() => app.close())

describe('a limiter that is down', () => {
  it('admits every client, unless limiterFailure is closed', async () => {
    assert.equal((await app.browser().get('/without').expect(200)).body, true)
    const closed = await app.browser().get('/closed').expect(503)
    assert.equal((closed.body as { code: string }).code, 'ERR_LIMITER_UNAVAILABLE')
    assert.equal(await app.Guest.count(), 1)
  })
})

describe('verify', () => {
  for (const name of ['verified', 'later']) {
    it(`creates a guest for a verified client, and refuses every other client with an error (${name})`, async () => {
      const before = await app.Guest.count()
      const refused = await app.browser().get(`/${name}`).expect(403)
      assert.equal((refused.body as { code: string }).code, 'ERR_GUEST_NOT_VERIFIED')
      assert.equal(await app.Guest.count(), before)
      assert.equal((await app.browser().get(`/${name}?captcha=solved`).expect(200)).body, true)
      assert.equal(await app.Guest.count(), before + 1)
    })
  }

  it('requires true: a truthy value refuses the client', async () => {
    await app.browser().get('/truthy').expect(403)
  })

  for (const name of ['failing', 'throwing'])
    it(`creates no guest if it fails, and the answer is that of the forms: 503, and a warning (${name})`, async () => {
      const before = await app.Guest.count()
      const told = warnings.length
      const failed = await app.browser().get(`/${name}`).expect(503)
      const { code, message } = failed.body as { code: string; message: string }
      assert.equal(code, 'ERR_VERIFY_UNAVAILABLE')
      assert.doesNotMatch(message, /captcha is away/)
      assert.equal(await app.Guest.count(), before)
      const warning = warnings.slice(told).find((each) => each.code === 'VERIFY_FAILED')
      assert.match(
        warning?.message ?? '',
        /^GuestStrategy: option 'verify' failed: Error: The captcha is away/,
      )
    })
})

describe('guestLocals', () => {
  it('describes the user of the request, including a guest who was created in this request', async () => {
    const browser = app.browser()
    assert.deepEqual((await browser.get('/open?a=1').set('Accept', 'text/html')).body, {
      isGuest: false,
      isVisitor: false,
      convertUrl: '/convert?next=%2Fopen%3Fa%3D1',
    })
    assert.deepEqual((await browser.get('/play').set('Accept', 'text/html')).body, {
      isGuest: true,
      isVisitor: false,
      convertUrl: '/convert?next=%2Fplay',
    })
  })

  it('contains the visitor without the uuid, and no token in the way back', async () => {
    const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const browser = app.browser()
    await browser.get(pass.tokenise('/open')).expect(303)
    const { body, text } = await browser.get('/open')
    const locals = body as { isVisitor: boolean; visitor: { email: string } }
    assert.deepEqual([locals.isVisitor, locals.visitor.email], [true, 'ginger@example.test'])
    assert.ok(!text.includes(pass.uuid))
    const refused = await app.browser().get(forged(pass.tokenise('/open')))
    assert.ok(!(refused.body as { convertUrl: string }).convertUrl.includes('vuid'))
  })

  it('gives no way back to a posted form or to a request for data, and none that is too long', async () => {
    const data = await app.browser().get('/open').set('Accept', 'application/json')
    assert.equal((data.body as { convertUrl: string }).convertUrl, '/convert')
    const long = await app
      .browser()
      .get(`/open?${'a=1&'.repeat(500)}`)
      .set('Accept', 'text/html')
    assert.equal((long.body as { convertUrl: string }).convertUrl, '/convert')
    assert.equal(((await app.browser().post('/open')).body as { convertUrl: string }).convertUrl, '/convert')
  })

  it('accepts another address, and refuses an unknown option', () => {
    assert.equal(typeof guestLocals({ convertUrl: '/save' }), 'function')
    assert.throws(() => guestLocals({ convertURL: '/save' } as object), /unknown option 'convertURL'/)
  })
})

describe('exceptGuests', () => {
  it('runs a middleware for every client except guests', async () => {
    const browser = app.browser()
    assert.equal((await browser.get('/terms')).body, 'the terms')
    await browser.get('/play')
    assert.equal((await browser.get('/terms')).body, 'the page')
    await app.User.create({ username: 'fred' })
    const fred = app.browser()
    await fred.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
    assert.equal((await fred.get('/terms')).body, 'the terms')
  })

  it('passes an exception of the middleware to the error handler', async () => {
    await app.browser().get('/rejecting-terms').expect(500)
  })

  it('requires a middleware', () => {
    assert.throws(() => exceptGuests(undefined as never), TypeError)
  })
})

describe('a users table that requires an e-mail address', () => {
  it('gets a unique address that Sequelize accepts and that receives no mail', async () => {
    const email = { type: DataTypes.STRING(254), allowNull: false, unique: true, validate: { isEmail: true } }
    for (const hooks of [{}, { beforeCreate: () => undefined }]) {
      const host = await startHost({
        defineUser: plainUser({ email }),
        guestStrategy: { generateUsername: ({ attempt }) => `Gast (ä) ${String(attempt + Math.random())}` },
      })
      try {
        if ('beforeCreate' in hooks) host.User.addHook('beforeCreate', hooks.beforeCreate)
        for (let i = 0; i < 2; i++) await host.browser().get('/play').expect(200)
        const users = await host.User.findAll()
        assert.equal(users.length, 2)
        for (const user of users) {
          const username = String(user.get('username'))
          assert.equal(user.get('email'), guestEmail(username))
          assert.equal(guestEmail(guestEmail(username)), guestEmail(username))
          assert.match(String(user.get('email')), /^Gast=20=28=c3a4=29=20[\d=a-z]+@guest\.invalid$/)
        }
      } finally {
        await host.close()
      }
    }
  })

  it('is refused at start-up if it requires a further column, with an error that names createUser', async () => {
    const required = { type: DataTypes.STRING, allowNull: false }
    await assert.rejects(
      startHost({ defineUser: plainUser({ email: required, plan: required }) }),
      /'createUser' is needed, because User requires email, plan/,
    )
  })
})
