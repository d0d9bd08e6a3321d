import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { whileStoreFails } from '../../support/failing-store.js'
import type { MergeContext } from '../../../src/index.js'
import { whoIs, type User } from '../../support/application.js'
import { logIn, startStage, who, type Stage } from './stage.js'

let app: Stage
let Todo: ModelStatic<Model>
let onMerge: (context: MergeContext<User>) => unknown = () => undefined

before(async () => {
  app = await startStage({
    define(sequelize, Users) {
      Todo = sequelize.define('Todo', { title: DataTypes.STRING })
      Users.hasMany(Todo, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
    },
    merge: { onMerge: (context) => onMerge(context), trustedOrigins: ['https://idp.example'] },
    routes(host, { Guest, passport }) {
      host.post('/convert/:username', (req, res, next) => {
        const { username } = req.params
        Guest.convert(req.user as User, { username }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(user.id)
          })
        }, next)
      })
      host.get(
        '/play-and-log-in/:username',
        passport.authenticate('guest'),
        passport.authenticate('magic'),
        (req, res) => {
          res.json(whoIs(req))
        },
      )
      host.post('/api/:username', passport.authenticate('magic', { session: false }), (req, res) => {
        res.json((req.user as User).id)
      })
    },
  })
})
after(() => app.close())
beforeEach(async () => {
  onMerge = () => undefined
  await app.reset()
})

const owners = async (): Promise<unknown[]> =>
  (await Todo.findAll({ order: ['id'] })).map((todo) => todo.get('userId'))

/** A guest with a row, and an account to log in to. */
async function guestWithTodo() {
  const { browser, id } = await app.guest()
  await Todo.create({ title: 'milk', userId: id })
  return { browser, id, fred: await app.account('fred') }
}

async function nothingIsChanged(guest: Awaited<ReturnType<typeof guestWithTodo>>): Promise<void> {
  assert.deepEqual(await owners(), [guest.id])
  assert.equal(await app.Guest.count(), 1)
  const now = who(await guest.browser.get('/who'))
  assert.equal(now.user?.id, guest.id)
  assert.equal(now.isGuest, true)
}

describe('a guest who logs in to an account', () => {
  for (const [way, login] of [
    ['passport-local', (guest: Awaited<ReturnType<typeof guestWithTodo>>) => logIn(guest.browser, 'fred')],
    ['a link', (guest) => guest.browser.get('/magic/fred')],
    ['req.login by hand', (guest) => guest.browser.post('/by-hand/fred')],
  ] as [string, (guest: Awaited<ReturnType<typeof guestWithTodo>>) => ReturnType<typeof logIn>][]) {
    it(`keeps their things by ${way}`, async () => {
      const guest = await guestWithTodo()
      const now = who(await login(guest).expect(200))
      assert.equal(now.user?.id, guest.fred.id)
      assert.equal(now.isRegularUser, true)
      assert.deepEqual(await owners(), [guest.fred.id])
      assert.equal(await app.User.count(), 1)
      assert.equal(await app.Guest.count(), 0)
      assert.equal(who(await guest.browser.get('/who')).user?.id, guest.fred.id)
    })
  }

  it('is merged in the request that made them a guest, too', async () => {
    await app.account('fred')
    const now = who(await app.browser().get('/play-and-log-in/fred').expect(200))
    assert.equal(now.user?.username, 'fred')
    assert.equal(await app.User.count(), 1)
  })

  it('is told to onMerge with the account, which has the rows already, inside the transaction', async () => {
    const guest = await guestWithTodo()
    const told: unknown[] = []
    onMerge = async (context) => {
      told.push(context.guest.id, context.account.id, context.req.path)
      told.push(await Todo.count({ where: { userId: guest.fred.id }, transaction: context.transaction }))
      await context.account.update({ email: 'fred@example.test' }, { transaction: context.transaction })
    }
    await logIn(guest.browser, 'fred').expect(200)
    assert.deepEqual(told, [guest.id, guest.fred.id, '/local', 1])
    assert.equal((await guest.fred.reload()).email, 'fred@example.test')
  })

  it('stays a guest with everything if onMerge throws', async () => {
    const guest = await guestWithTodo()
    onMerge = () => {
      throw new Error('not today')
    }
    const { body } = await logIn(guest.browser, 'fred').expect(500)
    assert.equal((body as { code: string }).code, 'ERR_MERGE_FAILED')
    assert.match((body as { message: string }).message, /not today/)
    await nothingIsChanged(guest)
  })

  it('stays a guest if the account is gone by then', async () => {
    const guest = await guestWithTodo()
    app.User.addHook('afterFind', 'gone', async (found: unknown) => {
      if (found === null || (found as User).username !== 'fred') return
      app.User.removeHook('afterFind', 'gone')
      await app.User.destroy({ where: { username: 'fred' } })
    })
    const { body } = await logIn(guest.browser, 'fred').expect(500)
    assert.equal((body as { code: string }).code, 'ERR_MERGE_FAILED')
    await nothingIsChanged(guest)
  })

  it('finds the things in the account if the session store fails after the merge', async () => {
    const guest = await guestWithTodo()
    const { body } = await whileStoreFails(app.store, () => logIn(guest.browser, 'fred').expect(500))
    assert.match((body as { message: string }).message, /store is unavailable/)
    assert.deepEqual(await owners(), [guest.fred.id])
    assert.equal(who(await logIn(guest.browser, 'fred').expect(200)).user?.id, guest.fred.id)
  })

  it('leaves no other session of theirs that reaches the account', async () => {
    const guest = await guestWithTodo()
    const { username } = await app.User.findByPk(guest.id, { rejectOnEmpty: true })
    const elsewhere = app.browser()
    assert.equal(who(await elsewhere.post(`/by-hand/${username}`).expect(200)).isGuest, true)
    await logIn(guest.browser, 'fred').expect(200)
    assert.equal(who(await elsewhere.get('/who')).user, null)
  })
})

describe('mergeGuest merges nothing', () => {
  it('if there was no guest, without another statement', async () => {
    await app.account('fred')
    await logIn(app.browser(), 'fred').expect(200)
    const fresh = app.browser()
    app.database.takeStatements()
    await logIn(fresh, 'fred').expect(200)
    const [find, state, ...more] = app.database.takeStatements()
    assert.match(find ?? '', /SELECT/)
    assert.match(state ?? '', /Guests/)
    assert.deepEqual(more, [])
  })

  it('if a regular user logs in to another account', async () => {
    const fred = await app.account('fred')
    await app.account('ginger')
    await Todo.create({ title: 'milk', userId: fred.id })
    const browser = app.browser()
    await logIn(browser, 'fred')
    await logIn(browser, 'ginger').expect(200)
    assert.deepEqual(await owners(), [fred.id])
    assert.equal(await app.User.count(), 2)
  })

  it('if the login is for this request only', async () => {
    const guest = await guestWithTodo()
    const { body } = await guest.browser.post('/api/fred').expect(200)
    assert.equal(body, guest.fred.id)
    await nothingIsChanged(guest)
  })

  it('if the guest is converted in place', async () => {
    const guest = await guestWithTodo()
    await guest.browser.post('/convert/gwen').expect(200)
    assert.deepEqual(await owners(), [guest.id])
    assert.equal(who(await guest.browser.get('/who')).isRegularUser, true)
  })

  it('if they log in to another guest', async () => {
    const guest = await guestWithTodo()
    const other = await app.guest()
    const { username } = await app.User.findByPk(other.id, { rejectOnEmpty: true })
    await logIn(guest.browser, username).expect(200)
    assert.deepEqual(await owners(), [guest.id])
    assert.equal(await app.Guest.count(), 2)
  })

  it('if the guest was merged in the meantime: they are just logged in', async () => {
    const guest = await guestWithTodo()
    app.User.addHook('afterFind', 'meanwhile', async (found: unknown) => {
      if ((found as User | null)?.username !== 'fred') return
      app.User.removeHook('afterFind', 'meanwhile')
      await app.Guest.destroy({ where: { userId: guest.id } })
    })
    const now = who(await logIn(guest.browser, 'fred').expect(200))
    assert.equal(now.user?.id, guest.fred.id)
    assert.deepEqual(await owners(), [guest.id])
  })
})

describe('a login that another site forges', () => {
  const forged = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }

  it('moves nothing and does not log in', async () => {
    const guest = await guestWithTodo()
    const { body } = await logIn(guest.browser, 'fred')
      .set(forged)
      .set('origin', 'https://evil.example')
      .expect(403)
    assert.equal((body as { code: string }).code, 'ERR_CROSS_SITE_REQUEST')
    await nothingIsChanged(guest)
  })

  it('moves nothing either where an old browser does not tell the site, and the page hides its origin', async () => {
    const guest = await guestWithTodo()
    await logIn(guest.browser, 'fred').set('origin', 'null').expect(403)
    await nothingIsChanged(guest)
  })

  it('is a login if the other site is trusted', async () => {
    const guest = await guestWithTodo()
    await logIn(guest.browser, 'fred').set(forged).set('origin', 'https://idp.example').expect(200)
    assert.deepEqual(await owners(), [guest.fred.id])
  })

  it('is a login if it is a link that is followed', async () => {
    const guest = await guestWithTodo()
    await guest.browser.get('/magic/fred').set(forged).expect(200)
    assert.deepEqual(await owners(), [guest.fred.id])
  })

  it('goes on without a guest: there is nothing to protect', async () => {
    await app.account('fred')
    await logIn(app.browser(), 'fred').set(forged).set('origin', 'https://evil.example').expect(200)
  })
})
