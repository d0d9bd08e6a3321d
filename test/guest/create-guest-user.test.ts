import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { UniqueConstraintError, type Transaction } from 'sequelize'
import { UsernameExhausted } from '../../src/index.js'
import { dialect, isEmbedded } from '../support/database.js'
import { startApplication, whoIs, type TestApp, type User, type Who } from '../support/application.js'

let app: TestApp
before(async () => {
  app = await startApplication({
    routes(host, { Guest, User: Users }) {
      host.post('/log-in/:id', (req, res, next) => {
        Users.findByPk(req.params.id, { rejectOnEmpty: true }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
      host.post('/make', (_req, res, next) => {
        Guest.createGuestUser().then((user) => res.json({ id: user.id }), next)
      })
    },
  })
})
after(() => app.close())
beforeEach(() => app.User.destroy({ where: {} }))

const names = (...offers: string[]) => {
  const left = [...offers]
  return () => left.shift() ?? offers.at(-1) ?? ''
}

describe('Guest.createGuestUser', () => {
  it('makes a guest without a request, whom one can log in', async () => {
    const { id } = (await app.browser().post('/make').expect(200)).body as { id: number }
    const who = (await app.browser().post(`/log-in/${id}`).expect(200)).body as Who
    assert.equal(who.user?.id, id)
    assert.equal(who.isGuest, true)
  })

  it('makes it in the caller’s transaction, and goes with it', async () => {
    await assert.rejects(
      app.sequelize.transaction(async (transaction) => {
        await app.Guest.createGuestUser({ transaction })
        assert.equal(await app.Guest.count({ transaction }), 1)
        throw new Error('never mind')
      }),
      /never mind/,
    )
    assert.equal(await app.User.count(), 0)
  })

  it('leaves the caller’s transaction usable when a username was taken', async () => {
    await app.User.create({ username: 'taken' })
    const user = await app.sequelize.transaction(async (transaction) => {
      const made = await app.Guest.createGuestUser({ generateUsername: names('taken', 'free'), transaction })
      await app.User.create({ username: 'after' }, { transaction })
      return made
    })
    assert.equal(user.username, 'free')
    assert.equal(await app.User.count(), 3)
  })

  it('ends in a clear error when the names have run out, and leaves the caller’s transaction usable', async () => {
    await app.User.create({ username: 'taken' })
    let asked = 0
    await app.sequelize.transaction(async (transaction) => {
      const generateUsername = () => {
        asked += 1
        return 'taken'
      }
      await assert.rejects(
        app.Guest.createGuestUser({ generateUsername, transaction }),
        (error) => error instanceof UsernameExhausted && error.cause instanceof UniqueConstraintError,
      )
      await app.User.create({ username: 'after' }, { transaction })
    })
    assert.equal(asked, 10)
    assert.equal(await app.User.count(), 2)
  })

  it('tries again only if the username is what collided', async () => {
    await app.User.create({ username: 'fred', email: 'fred@example.com' })
    let asked = 0
    const createUser = ({ username, transaction }: { username: string; transaction: Transaction }) => {
      asked += 1
      return app.User.create({ username, email: 'fred@example.com' }, { transaction })
    }
    await assert.rejects(app.Guest.createGuestUser({ createUser }), UniqueConstraintError)
    assert.equal(asked, 1)
    await app.sequelize.transaction(async (transaction) => {
      await assert.rejects(app.Guest.createGuestUser({ createUser, transaction }), UniqueConstraintError)
      await app.User.create({ username: 'after' }, { transaction })
    })
    assert.equal(await app.User.count(), 2)
  })

  it('runs onCreate in the transaction, and undoes everything if it throws', async () => {
    let seen: User | undefined
    await assert.rejects(
      app.Guest.createGuestUser({
        onCreate: async ({ user, guest, transaction }) => {
          assert.equal(guest.userId, user.id)
          assert.equal(await app.User.count({ transaction }), 1)
          seen = user
          throw new Error('no thanks')
        },
      }),
      /no thanks/,
    )
    assert.ok(seen)
    assert.equal(await app.User.count(), 0)
  })

  it('says which option is wrong', async () => {
    await assert.rejects(app.Guest.createGuestUser({ createUsr: 1 } as object), /unknown option 'createUsr'/)
    await assert.rejects(app.Guest.createGuestUser({ transaction: {} } as object), /option 'transaction'/)
    await assert.rejects(app.Guest.createGuestUser({ createUser: () => ({}) as User }), /instance of User/)
  })

  // The embedded database has one connection, and SQLite lets one write at a time.
  if (!isEmbedded && dialect !== 'sqlite') {
    it('sees who took a name after the caller’s transaction began to read', async () => {
      const guest = await app.Guest.createGuestUser()
      const [made, converted] = await app.sequelize.transaction(async (transaction) => {
        await app.User.count({ transaction }) // where MySQL's transaction begins to see what it goes on to see
        await app.User.bulkCreate([{ username: 'taken' }, { username: 'fred' }])
        return [
          await app.Guest.createGuestUser({ generateUsername: names('taken', 'free'), transaction }),
          await app.Guest.convert(guest, { username: 'fred' }, { findFreeUsername: true, transaction }),
        ]
      })
      assert.equal(made.username, 'free')
      assert.match(converted.username, /^fred\d{2}$/)
    })
  }
})
