import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { numberedUsername, type GuestStrategyOptions } from '../../src/index.js'
import { startApplication, whoIs, type TestApp, type User, type Who } from '../support/application.js'
import { usesOneStatement } from '../support/database.js'

let app: TestApp
/** The strategies under test are registered per test, under names of their own. */
let play: (options: Partial<GuestStrategyOptions<User>>) => string

before(async () => {
  const { GuestStrategy } = await import('../../src/index.js')
  let strategies = 0
  app = await startApplication({
    routes(host, { passport, Guest }) {
      host.all('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/me', (req, res) => {
        res.json(req.user ?? null)
      })
      host.get('/fill', (req, res) => {
        Object.assign(req.session, { cart: ['shoes'], other: 1 })
        res.json({})
      })
      host.get('/data', (req, res) => {
        res.json(req.session)
      })
      host.all('/play/:name', (req, res, next) => {
        passport.authenticate(req.params.name)(req, res, (error?: unknown) => {
          if (error) next(error)
          else res.json(whoIs(req))
        })
      })
      play = (options) => {
        const name = `guest-${++strategies}`
        passport.use(new GuestStrategy({ Guest, name, ...options }))
        return `/play/${name}`
      }
    },
  })
})
after(() => app.close())
beforeEach(async () => {
  await app.User.destroy({ where: {} })
  app.database.takeStatements()
})

const body = (response: { body: unknown }): Who => response.body as Who
const counts = async () => ({ users: await app.User.count(), guests: await app.Guest.count() })

describe("passport.authenticate('guest')", () => {
  it('creates a guest with a users row for an anonymous request, and logs the guest in', async () => {
    const browser = app.browser()
    const who = body(await browser.get('/play').expect(200))
    assert.equal(who.isGuest, true)
    assert.equal(who.isRegularUser, false)
    assert.match(who.user?.username ?? '', /^[0-9a-f]{32}$/)
    assert.deepEqual(await counts(), { users: 1, guests: 1 })
    const row = await app.User.findByPk(who.user?.id)
    assert.equal(row?.username, who.user?.username)
  })

  it('keeps the same guest in later requests', async () => {
    const browser = app.browser()
    const first = body(await browser.get('/play'))
    const second = body(await browser.get('/play'))
    assert.deepEqual(second.user, first.user)
    assert.equal(second.isGuest, true)
    assert.deepEqual(await counts(), { users: 1, guests: 1 })
  })

  it('creates the users row and the Guest row in one statement on PostgreSQL', async () => {
    const browser = app.browser()
    await browser.get('/play').expect(200)
    const made = app.database.takeStatements()
    if (usesOneStatement) assert.equal(made.length, 1)
    await browser.get('/play').expect(200)
    assert.equal(app.database.takeStatements().length, 1)
  })

  it('creates a guest for a form post, too', async () => {
    assert.equal(body(await app.browser().post('/play').expect(200)).isGuest, true)
  })

  it('does not change a regular user who is logged in', async () => {
    await app.User.create({ username: 'fred' })
    const browser = app.browser()
    await browser.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
    const who = body(await browser.get('/play').expect(200))
    assert.equal(who.user?.username, 'fred')
    assert.equal(who.isRegularUser, true)
    assert.deepEqual(await counts(), { users: 1, guests: 0 })
  })

  it('shows nothing of the guest’s row in the user’s JSON', async () => {
    const browser = app.browser()
    await browser.get('/play')
    const me = (await browser.get('/me')).body as object
    assert.deepEqual(Object.keys(me).sort(), [
      'createdAt',
      'email',
      'id',
      'password',
      'updatedAt',
      'username',
    ])
  })

  it('gives the session a new id, and keeps only the allowed session data', async () => {
    const path = play({ keepSessionData: ['cart'] })
    const browser = app.browser()
    const anonymous = body(await browser.get('/fill').then(() => browser.get('/who')))
    const guest = body(await browser.get(path).expect(200))
    assert.notEqual(guest.sessionID, anonymous.sessionID)
    const session = (await browser.get('/data')).body as Record<string, unknown>
    assert.deepEqual(session['cart'], ['shoes'])
    assert.equal(session['other'], undefined)
  })
})

describe('a request for which no guest is created', () => {
  const anonymous = async (path: string, headers: Record<string, string> = {}) => {
    const response = await app.browser().get(path).set(headers).expect(200)
    assert.equal(body(response).user, null)
    assert.equal(body(response).isGuest, false)
    assert.equal(response.headers['set-cookie'], undefined)
    assert.deepEqual(await counts(), { users: 0, guests: 0 })
  }

  for (const agent of [
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)',
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'curl/8.5.0',
  ]) {
    it(`a request of a bot creates no guest: ${agent.slice(0, 40)}`, () =>
      anonymous('/play', { 'User-Agent': agent }))
  }

  it('a HEAD request creates no guest', async () => {
    await app.browser().head('/play').expect(200)
    assert.deepEqual(await counts(), { users: 0, guests: 0 })
  })

  it('a preflight request creates no guest', async () => {
    await app.browser().options('/play')
    assert.deepEqual(await counts(), { users: 0, guests: 0 })
  })

  it('a prefetch creates no guest', () => anonymous('/play', { 'Sec-Purpose': 'prefetch' }))

  it('a request creates no guest if the strategy is disabled or isBot resolves to true', async () => {
    await anonymous(play({ enabled: false }))
    await anonymous(play({ enabled: () => false }))
    await anonymous(play({ enabled: () => Promise.resolve(false) }))
    await anonymous(play({ isBot: () => Promise.resolve(true) }))
  })

  it('a request that the application’s isBot recognises creates no guest, and isBot replaces the default', async () => {
    const path = play({ isBot: (req) => req.get('x-robot') === 'yes' })
    await anonymous(path, { 'x-robot': 'yes' })
    assert.equal(body(await app.browser().get(path).set('User-Agent', 'Googlebot')).isGuest, true)
  })

  it('a request over the limit gets 429 with Retry-After', async () => {
    const keys: string[] = []
    const path = play({
      limiter: {
        consume(key) {
          keys.push(key)
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as rate-limiter-flexible does
          return keys.length > 1 ? Promise.reject({ msBeforeNext: 2500 }) : Promise.resolve()
        },
      },
    })
    await app.browser().get(path).expect(200)
    const refused = await app.browser().get(path).expect(429)
    assert.equal(refused.headers['retry-after'], '3')
    assert.equal((refused.body as { code: string }).code, 'ERR_GUEST_LIMIT_EXCEEDED')
    assert.deepEqual(keys, ['127.0.0.1', '127.0.0.1'])
    assert.deepEqual(await counts(), { users: 1, guests: 1 })
  })

  it('a request creates a guest although the limiter fails', async () => {
    const path = play({ limiter: { consume: () => Promise.reject(new Error('down')) } })
    assert.equal(body(await app.browser().get(path).expect(200)).isGuest, true)
  })
})

describe('usernames', () => {
  it('come from the generator, sync or async', async () => {
    const path = play({ generateUsername: () => Promise.resolve('custom_name') })
    assert.equal(body(await app.browser().get(path)).user?.username, 'custom_name')
  })

  it('are generated again if they are taken', async () => {
    await app.User.create({ username: 'taken-0' })
    await app.User.create({ username: 'taken-1' })
    const attempts: number[] = []
    const path = play({
      generateUsername({ attempt, maxLength }) {
        assert.equal(maxLength, 150)
        attempts.push(attempt)
        return `taken-${attempt}`
      },
    })
    assert.equal(body(await app.browser().get(path).expect(200)).user?.username, 'taken-2')
    assert.deepEqual(attempts, [0, 1, 2])
    assert.deepEqual(await counts(), { users: 3, guests: 1 })
  })

  it('cause an error after ten attempts if all are taken, and no row is left', async () => {
    await app.User.create({ username: 'only' })
    let asked = 0
    const path = play({
      generateUsername() {
        asked += 1
        return 'only'
      },
    })
    const response = await app.browser().get(path).expect(503)
    assert.equal((response.body as { code: string }).code, 'ERR_USERNAME_EXHAUSTED')
    assert.equal(asked, 10)
    assert.deepEqual(await counts(), { users: 1, guests: 0 })
  })

  it('are found among few possible names although they collide', async () => {
    const path = play({ generateUsername: numberedUsername({ digits: 1 }) })
    for (let i = 0; i < 3; i++) await app.browser().get(path).expect(200)
    assert.equal((await counts()).guests, 3)
  })

  it('cause an error that names generateUsername if they are not strings or are empty', async () => {
    for (const name of ['', undefined, 5, null]) {
      const response = await app
        .browser()
        .get(play({ generateUsername: () => name as string }))
        .expect(500)
      assert.match((response.body as { message: string }).message, /generateUsername/)
    }
  })

  it('cause an error if the generator throws a value that is not an error', async () => {
    const path = play({
      generateUsername() {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what this is about
        throw 'no'
      },
    })
    const { message } = (await app.browser().get(path).expect(500)).body as { message: string }
    assert.equal(message, 'A value that is not an error was thrown')
  })

  it('are generated again only if the username itself collided', async () => {
    await app.User.create({ username: 'fred', email: 'same@example.test' })
    let asked = 0
    const path = play({
      createUser({ username, transaction }) {
        asked += 1
        return app.User.create({ username, email: 'same@example.test' }, { transaction })
      },
    })
    const response = await app.browser().get(path).expect(500)
    assert.equal((response.body as { name: string }).name, 'SequelizeUniqueConstraintError')
    assert.equal(asked, 1)
    assert.deepEqual(await counts(), { users: 1, guests: 0 })
  })
})

describe('createUser and onCreate', () => {
  it('get the request; createUser creates the users row', async () => {
    const path = play({
      createUser: ({ username, req, transaction }) =>
        app.User.create({ username, email: `${req.get('x-name') ?? ''}@guest.invalid` }, { transaction }),
    })
    const who = body(await app.browser().get(path).set('x-name', 'fred').expect(200))
    assert.equal(who.isGuest, true)
    assert.equal((await app.User.findByPk(who.user?.id))?.email, 'fred@guest.invalid')
  })

  it('run in the transaction that creates the guest', async () => {
    const path = play({
      async onCreate({ user, req, transaction }) {
        await user.update({ email: `${req.get('x-name') ?? ''}@example.test` }, { transaction })
        assert.ok(await app.Guest.findByPk(user.id, { transaction }))
      },
    })
    const who = body(await app.browser().get(path).set('x-name', 'agent').expect(200))
    assert.equal((await app.User.findByPk(who.user?.id))?.email, 'agent@example.test')
  })

  it('roll back both rows if one of them throws, and no guest is logged in', async () => {
    const browser = app.browser()
    for (const options of [
      {
        onCreate: () => {
          throw new Error('not today')
        },
      },
      { onCreate: () => Promise.reject(new Error('not today')) },
      {
        createUser: () => {
          throw new Error('not today')
        },
      },
    ]) {
      const response = await browser.get(play(options)).expect(500)
      assert.equal((response.body as { message: string }).message, 'not today')
    }
    assert.deepEqual(await counts(), { users: 0, guests: 0 })
    assert.equal(body(await browser.get('/who')).user, null)
  })

  it('cause an error if createUser returns no instance of User', async () => {
    const path = play({ createUser: () => ({ username: 'plain object' }) as unknown as User })
    const response = await app.browser().get(path).expect(500)
    assert.match(
      (response.body as { message: string }).message,
      /'createUser' must return an instance of User/,
    )
  })
})

describe('a users table that requires more than a username', () => {
  it('is refused at start-up without createUser', async () => {
    const { defineGuestModel, GuestStrategy } = await import('../../src/index.js')
    const Demanding = app.sequelize.define('Demanding', {
      username: { type: DataTypes.STRING, allowNull: false },
      email: { type: DataTypes.STRING, allowNull: false },
      plan: { type: DataTypes.STRING, allowNull: false, defaultValue: 'free' },
      passwordHash: { type: DataTypes.STRING, allowNull: false },
    })
    const Guest = defineGuestModel(app.sequelize, { User: Demanding, modelName: 'DemandingGuest' })
    assert.throws(
      () => new GuestStrategy({ Guest }),
      /option 'createUser' is needed, because Demanding requires email, passwordHash: createUser: /,
    )
    const createUser = () => Demanding.build()
    assert.equal(new GuestStrategy({ Guest, createUser }).name, 'guest')
    assert.equal(new GuestStrategy({ Guest, enabled: false }).name, 'guest')
  })
})

describe('wrong options', () => {
  it('throw at start-up with an error that names the option', async () => {
    const { GuestStrategy } = await import('../../src/index.js')
    const make = (options: object) => () => new GuestStrategy({ Guest: app.Guest, ...options })
    assert.throws(make({ Guest: undefined }), /GuestStrategy: option 'Guest' must be the Guest model/)
    assert.throws(make({ Guest: app.User }), /'Guest' must be the Guest model/)
    assert.throws(make({ generateUserName: () => 'x' }), /unknown option 'generateUserName'/)
    assert.throws(make({ enabled: 'yes' }), /'enabled' must be a boolean or a function/)
    assert.throws(make({ limiter: {} }), /'limiter' must be an object with consume/)
    assert.throws(make({ keepSessionData: 'cart' }), /'keepSessionData' must be an array/)
    assert.throws(() => new GuestStrategy(app.Guest as never), /not a function; did you mean \{ Guest \}\?/)
    assert.throws(() => new GuestStrategy(undefined as never), /options must be an object/)
  })
})
