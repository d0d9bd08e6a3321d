import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Request, RequestHandler } from 'express'
import type { Agent } from 'supertest'
import { sessionNameOf } from '../../src/guest/session.js'
import { keyOf } from '../../src/guest/user-key.js'
import {
  cleanup,
  defineGuestModel,
  ensureRegularUser,
  GuestStrategy,
  isGuest,
  loadGuest,
} from '../../src/index.js'
import { startApplication, whoIs, type TestApp, type User, type Who } from '../support/application.js'
import { DAY, HOUR, later, MINUTE } from '../support/clock.js'

const body = (response: { body: unknown }): Who => response.body as Who

let app: TestApp
/** The user of the plain application was restored by its own serializer, and by `loadGuest`. */
let own: TestApp

before(async () => {
  app = await startApplication({
    guest: { bareKeys: true },
    routes(host, { passport, User }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/login-by-hand/:username', (req, res, next) => {
        User.findOne({ where: { username: req.params.username }, rejectOnEmpty: true }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
      host.get('/logout', (req, res, next) => {
        req.logout((error) => {
          if (error) next(error)
          else res.json(whoIs(req))
        })
      })
      host.get('/rename', (req, res, next) => {
        const user = req.user as User
        const changed = user.changed()
        user.email = 'renamed@example.test'
        const [fields, previous] = [user.changed(), user.previous('email')]
        user.save().then(() => res.json({ changed, fields, previous }), next)
      })
      host.get('/session', (req, res) => {
        res.json(req.session)
      })
      host.get('/set-session', (req, res) => {
        const login: unknown = JSON.parse(req.query['user'] as string)
        Object.assign(req.session, { passport: { user: login } })
        res.json({})
      })
    },
  })
})
after(() => app.close())
beforeEach(() => app.User.destroy({ where: {} }))

async function guest(): Promise<{ browser: Agent; id: number }> {
  const browser = app.browser()
  const { user } = body(await browser.get('/play').expect(200))
  return { browser, id: user?.id ?? 0 }
}

describe('a session opened as a guest', () => {
  it('is restored in one statement, as is the session of a regular user', async () => {
    const { browser } = await guest()
    await app.User.create({ username: 'fred' })
    const regular = app.browser()
    await regular.get('/login-by-hand/fred').expect(200)
    for (const each of [browser, regular]) {
      app.database.takeStatements()
      await each.get('/who').expect(200)
      assert.equal(app.database.takeStatements().length, 1)
    }
  })

  it('restores an instance that is unchanged and saves only the changed columns', async () => {
    const { browser, id } = await guest()
    app.database.takeStatements()
    const { changed, fields, previous } = (await browser.get('/rename').expect(200)).body as Record<
      string,
      unknown
    >
    assert.deepEqual([changed, fields], [false, ['email']])
    assert.equal(previous, null)
    assert.equal((await app.User.findByPk(id))?.email, 'renamed@example.test')
  })

  it('ends when the guest is converted elsewhere', async () => {
    const { browser, id } = await guest()
    await app.Guest.convert(id, { username: 'fred' })
    assert.equal(body(await browser.get('/who')).user, null)
    // The converted account is not restored in the request after that, either.
    assert.equal(body(await browser.get('/who')).user, null)
  })

  it('ends when the guest is deleted', async () => {
    const { browser, id } = await guest()
    await app.User.destroy({ where: { id } })
    assert.equal(body(await browser.get('/who')).user, null)
  })

  it('is not restored as that of a later guest, or regular user, who was given the key of the deleted one', async () => {
    const { browser, id } = await guest()
    await app.User.destroy({ where: { id } })
    await setTimeout(2)
    await app.Guest.createGuestUser({
      createUser: ({ username, transaction }) => app.User.create({ id, username }, { transaction }),
    })
    assert.equal(body(await browser.get('/who').expect(200)).user, null)

    const other = await guest()
    await app.User.destroy({ where: { id: other.id } })
    await app.User.create({ id: other.id, username: 'fred' })
    assert.equal(body(await other.browser.get('/who').expect(200)).user, null)
  })

  it('of a deleted regular user is not restored as that of a guest who was given the key', async () => {
    const { id } = await app.User.create({ username: 'fred' })
    const browser = app.browser()
    await browser.get('/login-by-hand/fred').expect(200)
    await app.User.destroy({ where: { id } })
    await app.Guest.createGuestUser({
      createUser: ({ username, transaction }) => app.User.create({ id, username }, { transaction }),
    })
    assert.equal(body(await browser.get('/who').expect(200)).user, null)
  })

  it('ends when the guest has expired, although no clean-up has run', async () => {
    const { browser } = await guest()
    await later(14 * DAY - 60, async () => {
      assert.equal(body(await browser.get('/who')).isGuest, true)
    })
    await later(14 * DAY + 60, async () => {
      assert.equal(body(await browser.get('/who')).user, null)
      assert.equal(body(await browser.get('/play')).isGuest, true)
    })
    assert.equal(await app.Guest.count(), 2)
  })

  it('is opened by req.login with a guest, too, and ends at the conversion', async () => {
    const { id } = await guest()
    const user = await app.User.findByPk(id, { rejectOnEmpty: true })
    const browser = app.browser()
    assert.equal(body(await browser.get(`/login-by-hand/${user.username}`).expect(200)).isGuest, true)
    await app.Guest.convert(id, { username: 'converted' })
    assert.equal(body(await browser.get('/who')).user, null)
  })

  it('restores no user if its stored value cannot be a key of this model', async () => {
    for (const user of ['abc', '7a9d', { guest: 'x', model: sessionNameOf(app.Guest) }]) {
      const browser = app.browser()
      await browser.get('/set-session').query({ user: JSON.stringify(user) })
      assert.equal(body(await browser.get('/who').expect(200)).user, null)
    }
  })

  it('ends at logout, and the guest is not restored', async () => {
    const { browser } = await guest()
    assert.equal(body(await browser.get('/logout')).user, null)
    assert.equal(body(await browser.get('/who')).isGuest, false)
  })
})

describe('a regular user’s session', () => {
  it('holds the primary key, and the name of the model with a digest of where its users are', async () => {
    const fred = await app.User.create({ username: 'fred' })
    const browser = app.browser()
    assert.equal(body(await browser.get('/login-by-hand/fred')).isRegularUser, true)
    const session = (await browser.get('/session')).body as { passport: unknown }
    assert.deepEqual(session.passport, { user: { user: fred.id, model: sessionNameOf(app.Guest) } })
  })

  it('is restored with bareKeys if an earlier serializer stored the key only', async () => {
    const fred = await app.User.create({ username: 'fred' })
    const browser = app.browser()
    await browser.get('/set-session').query({ user: JSON.stringify(fred.id) })
    assert.equal(body(await browser.get('/who')).isRegularUser, true)
  })

  it('ends when the user is deleted', async () => {
    await app.User.create({ username: 'fred' })
    const browser = app.browser()
    await browser.get('/login-by-hand/fred')
    await app.User.destroy({ where: {} })
    assert.equal(body(await browser.get('/who')).user, null)
  })
})

describe('sliding expiry', () => {
  let sliding: TestApp
  before(async () => {
    sliding = await startApplication({
      guest: { expiry: 'sliding', maxAge: 2 * DAY },
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
  })
  after(() => sliding.close())

  it('counts from the guest’s last request, which is stored once an hour at most', async () => {
    const browser = sliding.browser()
    await browser.get('/play').expect(200)
    sliding.database.takeStatements()
    await later(0.5 * HOUR, () => browser.get('/who'))
    assert.equal(sliding.database.takeStatements().length, 1)
    await later(1.5 * DAY, async () => {
      await browser.get('/who')
      assert.equal(sliding.database.takeStatements().length, 2)
      await browser.get('/who')
      assert.equal(sliding.database.takeStatements().length, 1)
    })
    await later(3 * DAY, async () => {
      assert.equal(body(await browser.get('/who')).isGuest, true)
    })
    await later(5.5 * DAY, async () => {
      assert.equal(body(await browser.get('/who')).user, null)
    })
  })
})

describe('maxLifetime', () => {
  const start = (guest: object) =>
    startApplication({
      guest: { expiry: 'sliding', maxAge: 2 * DAY, ...guest },
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
      },
    })

  it('ends the sessions of a guest who is seen every day, and the clean-up deletes that guest', async () => {
    const app = await start({ maxLifetime: 4 * DAY })
    try {
      const browser = app.browser()
      const { user } = body(await browser.get('/play').expect(200))
      for (const days of [1, 2, 3])
        await later(days * DAY, async () => {
          assert.equal(body(await browser.get('/who')).user?.id, user?.id)
        })
      const guest = await app.Guest.findByPk(user?.id ?? 0, { rejectOnEmpty: true })
      assert.equal(guest.expiresAt.getTime() - guest.createdAt.getTime(), 4 * DAY * 1000)
      await later(4.1 * DAY, async () => {
        assert.equal(body(await browser.get('/who')).user, null)
        assert.notEqual(body(await browser.get('/play').expect(200)).user?.id, user?.id)
      })
      await later(5.2 * DAY, () => cleanup({ Guest: app.Guest }))
      assert.equal(await app.Guest.findByPk(user?.id ?? 0), null)
    } finally {
      await app.close()
    }
  })

  it('is a year unless maxAge is longer, and has no effect on absolute expiry', async () => {
    for (const [guest, days] of [
      [{}, 365],
      [{ maxAge: 500 * DAY }, 500],
      [{ expiry: 'absolute' }, 2],
    ] as const) {
      const app = await start(guest)
      const { user } = body(await app.browser().get('/play').expect(200))
      const made = await app.Guest.findByPk(user?.id ?? 0, { rejectOnEmpty: true })
      made.lastSeenAt = new Date(Date.now() + 1000 * DAY * 1000)
      assert.equal(made.expiresAt.getTime() - made.createdAt.getTime(), days * DAY * 1000)
      await app.close()
    }
  })
})

describe('touchInterval', () => {
  const count = async (guest: object, seconds: number): Promise<number> => {
    const app = await startApplication({
      guest: { expiry: 'sliding', ...guest },
      routes(host, { passport }) {
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
    const browser = app.browser()
    await browser.get('/play').expect(200)
    app.database.takeStatements()
    await later(seconds, () => browser.get('/who').expect(200))
    const statements = app.database.takeStatements().length
    await app.close()
    return statements
  }

  it('sets how often the time of the guest’s last request is stored', async () => {
    assert.equal(await count({ touchInterval: 5 * MINUTE }, 4 * MINUTE), 1)
    assert.equal(await count({ touchInterval: 5 * MINUTE }, 6 * MINUTE), 2)
  })

  it('is shorter for a short maxAge, so that no active guest expires', async () => {
    assert.equal(await count({ maxAge: HOUR }, 2 * MINUTE), 1)
    assert.equal(await count({ maxAge: HOUR }, 3 * MINUTE), 2)
  })
})

describe('an application that keeps its own serializers', () => {
  before(async () => {
    own = await startApplication({
      routes(host, { passport, User, Guest }) {
        host.get('/unloaded', (req, res, next) => {
          try {
            res.json({ guest: isGuest(req) })
          } catch (error) {
            next(error)
          }
        })
        host.use(loadGuest({ Guest }))
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
        host.get('/loaded', (req, res) => {
          res.json(whoIs(req))
        })
        host.get(
          '/bearer/:id',
          (req, _res, next) => {
            User.findByPk(req.params['id'] as string).then((user) => {
              Object.assign(req, { user })
              next()
            }, next)
          },
          loadGuest({ Guest }),
          (req, res) => {
            res.json(whoIs(req))
          },
        )
        host.get('/staff', (_req, res) => {
          res.json('staff')
        })
        host.get('/regulars', ensureRegularUser, (req, res) => {
          res.json(whoIs(req))
        })
        const remember: RequestHandler = (req, _res, next) => {
          User.findOne({ where: { username: 'fred' }, rejectOnEmpty: true }).then((user) => {
            req.login(user, next)
          }, next)
        }
        const load = loadGuest({ Guest })
        const show: RequestHandler = (req, res) => {
          res.json(whoIs(req))
        }
        host.get('/remembered-before', remember, load, show)
        host.get('/remembered-after', load, remember, show)
        host.get('/log-in/:username', (req, res, next) => {
          User.findOne({ where: { username: req.params.username }, rejectOnEmpty: true }).then((user) => {
            req.login(user, { keepSessionInfo: true, session: true }, (error) => {
              if (error) next(error)
              else res.json({ id: user.id })
            })
          }, next)
        })
      },
    })
    // What the test application registered goes, what such an application would have comes.
    const authenticator = own.passport as unknown as { _serializers: unknown[]; _deserializers: unknown[] }
    authenticator._serializers = []
    authenticator._deserializers = []
    own.passport.serializeUser((user, done) => {
      done(null, (user as User).id)
    })
    own.passport.deserializeUser((id, done) => {
      own.User.findByPk(id as number).then(
        (user) => {
          done(null, user)
        },
        (error: unknown) => {
          done(error)
        },
      )
    })
  })
  after(() => own.close())

  it('gets an error where its deserializer returns a plain object of a user, who may be a guest', async () => {
    const authenticator = own.passport as unknown as { _deserializers: unknown[] }
    const before = [...authenticator._deserializers]
    const browser = own.browser()
    await browser.get('/play').expect(200)
    try {
      authenticator._deserializers = []
      own.passport.deserializeUser((id, done) => {
        own.User.findByPk(id as number, { raw: true }).then((row) => {
          done(null, row ?? false)
        }, done)
      })
      for (const path of ['/loaded', '/regulars']) {
        const { code, message } = (await browser.get(path).expect(500)).body as Record<string, string>
        assert.equal(code, 'ERR_GUEST_STATE_UNKNOWN')
        assert.match(String(message), /req\.user is a plain object .* User\.build/)
      }
      authenticator._deserializers = []
      own.passport.deserializeUser((_id, done) => {
        done(null, { id: 1, username: 'staff@ldap' })
      })
      await browser.get('/staff').expect(200, '"staff"')
    } finally {
      authenticator._deserializers = before
    }
  })

  it('gets the correct guest state from loadGuest, with one more query', async () => {
    const browser = own.browser()
    assert.equal(body(await browser.get('/play').expect(200)).isGuest, true)
    own.database.takeStatements()
    assert.equal(body(await browser.get('/loaded').expect(200)).isGuest, true)
    assert.equal(own.database.takeStatements().length, 2)
    await browser.get('/regulars').expect(403)
    await own.User.create({ username: 'fred' })
    const regular = own.browser()
    await regular.get('/log-in/fred').expect(200)
    await regular.get('/regulars').expect(200)
  })

  it('gets an error, not a wrong guest state, without loadGuest', async () => {
    const browser = own.browser()
    await browser.get('/play')
    const response = await browser.get('/unloaded').expect(500)
    assert.equal((response.body as { code: string }).code, 'ERR_GUEST_STATE_UNKNOWN')
  })

  it('gets an error that names the order, where a middleware logs in after loadGuest', async () => {
    await own.User.findOrCreate({ where: { username: 'fred' } })
    assert.equal(body(await own.browser().get('/remembered-before').expect(200)).isRegularUser, true)
    const { body: error } = await own.browser().get('/remembered-after').expect(500)
    assert.equal((error as { code: string }).code, 'ERR_GUEST_STATE_UNKNOWN')
    assert.match((error as Error).message, /loadGuest.* after each middleware that logs in \(remember-me/)
  })

  it('does not restore a guest who has expired or was converted in another session', async () => {
    const browser = own.browser()
    const { user } = body(await browser.get('/play'))
    await later(15 * DAY, async () => {
      assert.equal(body(await browser.get('/loaded')).user, null)
    })
    const other = own.browser()
    const second = body(await other.get('/play'))
    await own.Guest.convert(second.user?.id ?? 0, { username: 'converted' })
    assert.equal(body(await other.get('/loaded')).user, null)
    assert.notEqual(second.user?.id, user?.id)
  })

  it('does not restore a later guest who was given the key of a deleted one', async () => {
    const browser = own.browser()
    const { user } = body(await browser.get('/play'))
    const id = user?.id ?? 0
    await own.User.destroy({ where: { id } })
    await setTimeout(2)
    await own.Guest.createGuestUser({
      createUser: ({ username, transaction }) => own.User.create({ id, username }, { transaction }),
    })
    assert.equal(body(await browser.get('/loaded').expect(200)).user, null)
  })

  it('does not restore a converted guest who was logged in by req.login, once or twice', async () => {
    const { user } = body(await own.browser().get('/play'))
    const byHand = own.browser()
    await byHand.get(`/log-in/${user?.username ?? ''}`).expect(200)
    assert.equal(body(await byHand.get('/loaded')).isGuest, true)
    await byHand.get(`/log-in/${user?.username ?? ''}`).expect(200)
    assert.equal(body(await byHand.get('/loaded')).isGuest, true)
    await own.Guest.convert(user?.id ?? 0, { username: 'converted elsewhere' })
    assert.equal(body(await byHand.get('/loaded')).user, null)
  })

  it('gets no user for an expired guest in a request without a session', async () => {
    const { user } = body(await own.browser().get('/play'))
    const path = `/bearer/${String(user?.id)}`
    assert.equal(body(await own.browser().get(path)).isGuest, true)
    await later(15 * DAY, async () => {
      assert.equal(body(await own.browser().get(path).expect(200)).user, null)
    })
  })

  it('restores a converted user who has logged in again, even with keepSessionInfo', async () => {
    const browser = own.browser()
    const { user } = body(await browser.get('/play'))
    await own.Guest.convert(user?.id ?? 0, { username: 'kept' })
    // The old session is void by now, so this is a login in an anonymous one; then once more from a logged-in one.
    await browser.get('/log-in/kept').expect(200)
    await browser.get('/log-in/kept').expect(200)
    assert.equal(body(await browser.get('/loaded')).isRegularUser, true)
  })
})

describe('without the table of the guests', () => {
  it('a login and loadGuest fail with ERR_TABLES_MISSING', async () => {
    const bare = await startApplication({
      routes(host, { Guest, User }) {
        const asUser: RequestHandler = (req, _res, next) => {
          Object.assign(req, { user: User.build({ id: 7, username: 'fred' }) })
          next()
        }
        host.get('/loaded', asUser, loadGuest({ Guest }))
      },
    })
    try {
      await bare.User.create({ username: 'fred' })
      await bare.sequelize.model('PendingConversion').drop()
      await bare.Guest.drop()
      const browser = bare.browser()
      const login = await browser.post('/login').type('form').send({ username: 'fred', password: 'x' })
      for (const response of [login, await browser.get('/loaded')]) {
        assert.equal(response.status, 500)
        assert.equal((response.body as { code: string }).code, 'ERR_TABLES_MISSING')
      }
    } finally {
      await bare.close()
    }
  })
})

describe('a guest’s row', () => {
  it('has in its JSON the user’s key and the times of creation and expiry, and nothing of the session', async () => {
    const { id } = await guest()
    const row = await app.Guest.findByPk(id, { rejectOnEmpty: true })
    const json = JSON.parse(JSON.stringify(row)) as Record<string, string>
    assert.deepEqual(Object.keys(json), ['userId', 'createdAt', 'expiresAt'])
    assert.equal(Date.parse(json['expiresAt'] ?? '') - Date.parse(json['createdAt'] ?? ''), 14 * DAY * 1000)
  })

  it('is found by keys larger than the safe integers', () => {
    assert.equal(
      keyOf(app.User.build({ id: 9007199254740993n as unknown as number, username: 'x' })),
      '9007199254740993',
    )
    assert.throws(() => keyOf(app.User.build({ username: 'x' })), /no primary key: was it saved/)
  })
})

describe('a user model of another kind', () => {
  it('is left to the next serializer', async () => {
    const req = {} as Request
    const serialized = new Promise((resolve) => {
      app.Guest.serializeUser(req, { not: 'a User' }, resolve)
    })
    const restored = new Promise((resolve) => {
      app.Guest.deserializeUser(req, { other: 'form' } as never, resolve)
    })
    assert.deepEqual(await Promise.all([serialized, restored]), ['pass', 'pass'])
  })

  it('is refused at start-up if it is no valid users model', () => {
    assert.throws(
      () => defineGuestModel(app.sequelize, { User: class {} as never }),
      /'User' must be a Sequelize model/,
    )
    assert.throws(
      () => defineGuestModel(app.sequelize, { User: app.User, usernameField: 'nickname' as never }),
      /'usernameField' names 'nickname'/,
    )
    assert.throws(
      () => defineGuestModel(app.sequelize, { User: app.User, expiry: 'never' as never }),
      /'expiry' must be/,
    )
    assert.throws(
      () => defineGuestModel(app.sequelize, { User: app.User, maxAge: 0 }),
      /'maxAge' must be a positive/,
    )
    assert.throws(() => new GuestStrategy({ Guest: app.Visitor as never }), TypeError)
  })
})
