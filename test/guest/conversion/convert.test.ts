import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Agent } from 'supertest'
import { DataTypes, UniqueConstraintError, ValidationError, type Model } from 'sequelize'
import { NotGuestError, type ConvertContext } from '../../../src/index.js'
import { plainUser, startHost } from '../../support/host-application.js'
import { startApplication, whoIs, type TestApp, type User, type Who } from '../../support/application.js'

let app: TestApp
let onConvert: (context: ConvertContext<User>) => unknown = () => undefined

before(async () => {
  app = await startApplication({
    guest: { onConvert: (context) => onConvert(context) },
    routes(host, { passport, Guest }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/convert/:username', (req, res, next) => {
        Guest.convert(req.user as User, { username: req.params.username }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
    },
  })
})
after(() => app.close())
beforeEach(async () => {
  onConvert = () => undefined
  await app.User.destroy({ where: {} })
})

const body = (response: { body: unknown }): Who => response.body as Who

async function guest(): Promise<{ browser: Agent; user: User }> {
  const browser = app.browser()
  const { user } = body(await browser.get('/play').expect(200))
  return { browser, user: await app.User.findByPk(user?.id ?? 0, { rejectOnEmpty: true }) }
}

describe('Guest.convert', () => {
  it('makes a guest a regular user of the same id', async () => {
    const { browser, user } = await guest()
    const who = body(await browser.post('/convert/fred').expect(200))
    assert.deepEqual(who.user, { id: user.id, username: 'fred' })
    assert.equal(who.isGuest, false)
    assert.equal(who.isRegularUser, true)
    assert.equal(await app.Guest.count(), 0)
    const next = body(await browser.get('/who'))
    assert.equal(next.isRegularUser, true)
    assert.equal(next.user?.id, user.id)
  })

  it('renews the session', async () => {
    const { browser } = await guest()
    const before = body(await browser.get('/who')).sessionID
    await browser.post('/convert/fred')
    assert.notEqual(body(await browser.get('/who')).sessionID, before)
  })

  it('takes a user or an id, returns a fresh user, and leaves the one passed in alone', async () => {
    const { user } = await guest()
    const name = user.username
    const converted = await app.Guest.convert(user.id, { username: 'ginger', email: 'ginger@example.test' })
    assert.ok(converted instanceof app.User)
    assert.equal(converted.id, user.id)
    assert.equal(converted.email, 'ginger@example.test')
    assert.equal(user.username, name)
  })

  it('runs onConvert inside its transaction', async () => {
    const { user } = await guest()
    const told: unknown[] = []
    onConvert = async ({ user: converting, values, transaction }) => {
      told.push(converting.id, values)
      await converting.update({ email: 'hook@example.test' }, { transaction })
      assert.equal(await app.Guest.count({ transaction }), 0)
    }
    await app.Guest.convert(user, { username: 'fred' })
    assert.deepEqual(told, [user.id, { username: 'fred' }])
    assert.equal((await app.User.findByPk(user.id))?.email, 'hook@example.test')
  })

  it('rolls back when onConvert throws: the guest keeps the old name and stays logged in', async () => {
    const { browser, user } = await guest()
    onConvert = () => {
      throw new Error('not today')
    }
    await browser.post('/convert/fred').expect(500)
    assert.equal((await app.User.findByPk(user.id))?.username, user.username)
    const who = body(await browser.get('/who'))
    assert.equal(who.isGuest, true)
    assert.equal(who.user?.username, user.username)
  })

  it('rolls back when the username is taken, or a value is not valid', async () => {
    await app.User.create({ username: 'taken' })
    const { browser, user } = await guest()
    await assert.rejects(app.Guest.convert(user, { username: 'taken' }), UniqueConstraintError)
    await assert.rejects(app.Guest.convert(user, { username: null as unknown as string }), ValidationError)
    assert.equal(body(await browser.get('/who')).isGuest, true)
    assert.equal(await app.Guest.count(), 1)
  })

  it('refuses a user who is not a guest', async () => {
    const regular = await app.User.create({ username: 'regular' })
    await assert.rejects(app.Guest.convert(regular, { username: 'x' }), (error: unknown) => {
      assert.ok(error instanceof NotGuestError)
      assert.equal(error.code, 'ERR_NOT_GUEST')
      assert.equal(error.status, 409)
      return true
    })
    await assert.rejects(app.Guest.convert(4711, { username: 'x' }), NotGuestError)
    assert.equal((await app.User.findByPk(regular.id))?.username, 'regular')
  })

  it('refuses a missing user, and a value that is not a key', async () => {
    for (const noUser of [undefined, null, {}, [], NaN, '', 'abc', '7; DROP TABLE']) {
      await assert.rejects(app.Guest.convert(noUser as never, { username: 'x' }), NotGuestError)
    }
  })

  it('refuses the name that an empty form left empty', async () => {
    const { user } = await guest()
    for (const username of [undefined, null, '', '  ']) {
      await assert.rejects(
        app.Guest.convert(user, { username: username ?? (null as unknown as string) }),
        ValidationError,
      )
    }
    assert.equal(await app.Guest.count(), 1)
  })

  it('does not change the primary key', async () => {
    const { user } = await guest()
    await assert.rejects(app.Guest.convert(user, { id: user.id + 1 }), /primary key/)
    assert.equal(await app.Guest.count(), 1)
    await app.Guest.convert(user, { id: user.id, username: 'same' })
  })

  it('takes part in a transaction of the caller, and leaves it usable when it fails', async () => {
    await app.User.create({ username: 'taken' })
    const { user } = await guest()
    await app.sequelize.transaction(async (transaction) => {
      await assert.rejects(
        app.Guest.convert(user, { username: 'taken' }, { transaction }),
        UniqueConstraintError,
      )
      await app.Guest.convert(user, { username: 'free' }, { transaction })
      await app.User.create({ username: 'by the way' }, { transaction })
    })
    assert.equal((await app.User.findByPk(user.id))?.username, 'free')
    assert.equal(await app.User.count({ where: { username: 'by the way' } }), 1)
  })

  it('is rolled back with a transaction of the caller', async () => {
    const { user } = await guest()
    await assert.rejects(
      app.sequelize.transaction(async (transaction) => {
        await app.Guest.convert(user, { username: 'fred' }, { transaction })
        throw new Error('never mind')
      }),
      /never mind/,
    )
    assert.equal(await app.Guest.count(), 1)
    assert.equal((await app.User.findByPk(user.id))?.username, user.username)
  })

  it('succeeds once when it is called many times at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { user } = await guest()
      const results = await Promise.allSettled(
        Array.from({ length: 6 }, (_, i) => app.Guest.convert(user, { username: `winner-${round}-${i}` })),
      )
      const won = results.filter(({ status }) => status === 'fulfilled')
      assert.equal(won.length, 1)
      for (const result of results) {
        if (result.status === 'rejected')
          assert.ok(result.reason instanceof NotGuestError, String(result.reason))
      }
      const winner = results.findIndex(({ status }) => status === 'fulfilled')
      assert.equal((await app.User.findByPk(user.id))?.username, `winner-${round}-${winner}`)
    }
  })
})

describe('what Guest.convert does not know', () => {
  it('throws before anything is changed, and is named', async () => {
    const { user } = await guest()
    const wrong: [unknown, unknown, RegExp][] = [
      [
        { username: 'fred', passwort: 'x' },
        {},
        /User has no attribute 'passwort'; it has id, username, email/,
      ],
      [undefined, {}, /values must be an object with attributes of User/],
      [null, {}, /values must be an object/],
      [[], {}, /values must be an object/],
      ['fred', {}, /values must be an object/],
      [{ username: 'fred' }, { findFreeUserName: true }, /unknown option 'findFreeUserName'/],
      [{ username: 'fred' }, { findFreeUsername: 'yes' }, /'findFreeUsername' must be a boolean/],
      [{ username: 'fred' }, { transaction: {} }, /'transaction' must be Sequelize's transaction/],
      [{ username: 'fred' }, { verifiedEmail: true }, /'verifiedEmail' must be a string/],
    ]
    for (const [values, options, message] of wrong) {
      await assert.rejects(app.Guest.convert(user, values as object, options as object), {
        name: 'TypeError',
        message,
      })
    }
    assert.equal(await app.Guest.count(), 1)
  })

  it('are not virtual attributes, setters and what is inside of JSON', async () => {
    const host = await startHost({
      defineUser: plainUser(
        {
          hash: DataTypes.STRING,
          settings: DataTypes.JSON,
          password: { type: DataTypes.VIRTUAL, set: hash },
        },
        { setterMethods: { secret: hash } },
      ),
    })
    function hash(this: Model, value: unknown): void {
      this.setDataValue('hash', `hash of ${String(value)}`)
    }
    try {
      for (const [values, expected] of [
        [{ password: 'a' }, { hash: 'hash of a' }],
        [{ secret: 'b' }, { hash: 'hash of b' }],
        [{ settings: { theme: 'dark' } }, { settings: { theme: 'dark' } }],
      ] as const) {
        const user = await host.Guest.convert(await host.Guest.createGuestUser(), values)
        for (const [name, value] of Object.entries(expected)) assert.deepEqual(user.get(name), value)
      }
    } finally {
      await host.close()
    }
  })
})
