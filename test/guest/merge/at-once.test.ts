import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { cleanup, NotGuestError, type MergeContext } from '../../../src/index.js'
import { whoIs, type User } from '../../support/application.js'
import { dialect, isEmbedded } from '../../support/database.js'
import { logIn, startStage, who, type Stage } from './stage.js'

let app: Stage
let Todo: ModelStatic<Model>
let merges = 0
let onMerge: (context: MergeContext<User>) => unknown = () => undefined

before(async () => {
  app = await startStage({
    define(sequelize, Users) {
      Todo = sequelize.define('Todo', { title: DataTypes.STRING })
      Users.hasMany(Todo, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
    },
    routes(host, { Guest, User: Users }) {
      host.post('/delete-and-log-in/:username', async (req, res, next) => {
        await Guest.delete((req.user as User).id)
        const user = await Users.findOne({ where: { username: req.params.username }, rejectOnEmpty: true })
        req.login(user, (error) => {
          if (error) next(error)
          else res.json(whoIs(req))
        })
      })
    },
    merge: {
      onMerge: (context) => {
        merges += 1
        return onMerge(context)
      },
    },
  })
})
after(() => app.close())
beforeEach(async () => {
  merges = 0
  onMerge = () => undefined
  await app.reset()
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function refuseAnyButNotGuest(error: unknown): void {
  if (!(error instanceof NotGuestError)) throw error
}

const owners = async (): Promise<unknown[]> => (await Todo.findAll()).map((todo) => todo.get('userId'))

describe('at the same time', () => {
  it('two tabs of a guest log in, and are merged once', async () => {
    for (let round = 0; round < 5; round++) {
      await app.reset()
      merges = 0
      const { browser, id } = await app.guest()
      const fred = await app.account('fred')
      await Todo.create({ userId: id })
      const answers = await Promise.all([
        logIn(browser, 'fred'),
        logIn(browser, 'fred'),
        logIn(browser, 'fred'),
      ])
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200],
      )
      assert.equal(merges, 1)
      assert.deepEqual(await owners(), [fred.id])
      assert.equal(await app.User.count(), 1)
    }
  })

  it('two tabs log in to two accounts, and one of these gets everything', async () => {
    const { browser, id } = await app.guest()
    const accounts = [await app.account('fred'), await app.account('ginger')]
    await Todo.bulkCreate([{ userId: id }, { userId: id }])
    await Promise.all([logIn(browser, 'fred').expect(200), logIn(browser, 'ginger').expect(200)])
    const [first, second] = await owners()
    assert.equal(first, second)
    assert.ok(accounts.some((account) => account.id === first))
    assert.equal(merges, 1)
  })

  it('a conversion and a merge of one guest end in one of the two, and nothing is lost', async () => {
    for (let round = 0; round < 6; round++) {
      await app.reset()
      const { browser, id } = await app.guest()
      const fred = await app.account('fred')
      await Todo.create({ userId: id })
      const [converted] = await Promise.all([
        app.Guest.convert(id, { username: 'gwen' }).then(
          () => true,
          () => false,
        ),
        logIn(browser, 'fred').expect((response) => {
          assert.ok([200, 500].includes(response.status))
        }),
      ])
      assert.deepEqual(await owners(), [converted ? id : fred.id])
      assert.equal(await app.User.count(), converted ? 2 : 1)
      assert.equal(await app.Guest.count(), 0)
    }
  })

  for (const [what, remove] of [
    ['Guest.delete', (id: number) => app.Guest.delete(id)],
    ['a clean-up', () => cleanup({ Guest: app.Guest }, { maxAge: 60 })],
  ] as const) {
    it(`a login and ${what} at once: the person is logged in to the account, and the guest is gone`, async () => {
      for (let round = 0; round < 6; round++) {
        await app.reset()
        const { browser, id } = await app.guest()
        const fred = await app.account('fred')
        await Todo.create({ userId: id })
        await app.Guest.update({ createdAt: new Date(Date.now() - 120_000) }, { where: { userId: id } })
        const [login] = await Promise.all([
          logIn(browser, 'fred').expect(200),
          pause(round)
            .then(async () => {
              await remove(id)
            })
            .catch(refuseAnyButNotGuest),
        ])
        assert.equal(who(login).user?.id, fred.id)
        assert.equal(who(await browser.get('/who')).isRegularUser, true)
        assert.deepEqual([await app.Guest.count(), await app.User.count()], [0, 1])
        assert.ok((await owners()).every((owner) => owner === fred.id))
      }
    })
  }

  it('a guest who was deleted between the begin of the request and the login is logged in without a merge', async () => {
    const { browser } = await app.guest()
    const fred = await app.account('fred')
    const response = await browser.post('/delete-and-log-in/fred').expect(200)
    assert.equal(who(response).user?.id, fred.id)
    assert.equal(who(await browser.get('/who')).isRegularUser, true)
    assert.equal(merges, 0)
  })

  it('several guests log in to one account, and it gets what all of them had', async () => {
    const fred = await app.account('fred')
    const guests = await Promise.all([1, 2, 3, 4].map(() => app.guest()))
    await Todo.bulkCreate(guests.map(({ id }) => ({ userId: id })))
    await Promise.all(guests.map(({ browser }) => logIn(browser, 'fred').expect(200)))
    assert.deepEqual(await owners(), [fred.id, fred.id, fred.id, fred.id])
    assert.equal(await app.User.count(), 1)
  })

  // The embedded database and SQLite do one thing after the other.
  if (!isEmbedded && dialect !== 'sqlite') {
    it('a row that is inserted for the guest is moved or refused, never lost in silence', async () => {
      const { browser, id } = await app.guest()
      await app.account('fred')
      let inserting: Promise<boolean> = Promise.resolve(false)
      onMerge = async () => {
        inserting = Todo.create({ userId: id }).then(
          () => true,
          () => false,
        )
        // It waits for the merge, so the merge must not wait for it; but it has to have reached the database.
        await Promise.race([inserting, new Promise((resolve) => setTimeout(resolve, 200))])
      }
      await logIn(browser, 'fred').expect(200)
      const wasSaved = await inserting
      assert.equal(wasSaved, false)
      assert.deepEqual(await owners(), [])
    })
  }

  it('the old session of a merged guest is anonymous in a later request', async () => {
    const { browser } = await app.guest()
    await app.account('fred')
    const parallel = await Promise.all([logIn(browser, 'fred'), browser.get('/who'), browser.get('/who')])
    assert.ok(parallel.every(({ status }) => status === 200))
    assert.equal(who(await browser.get('/who')).isGuest, false)
  })
})
