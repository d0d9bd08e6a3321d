import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelAttributes, type ModelStatic } from 'sequelize'
import { cleanup, defineGuestModel, mergeGuest } from '../../src/index.js'
import { hasBinaryKey, keyOf } from '../../src/guest/user-key.js'
import { DAY, later } from '../support/clock.js'
import { openDatabase } from '../support/database.js'
import { startHost, type Host, type HostWho } from '../support/host-application.js'

let host: Host | undefined
afterEach(async () => {
  await host?.close()
  host = undefined
})

const raw = (model: Model): unknown => model.getDataValue('id' as never)

const keys: readonly (readonly [string, ModelAttributes['id']])[] = [
  [
    'a getter that makes an opaque text of a number',
    {
      type: DataTypes.INTEGER,
      primaryKey: true,
      autoIncrement: true,
      get(this: Model) {
        const id = raw(this)
        return id === undefined || id === null ? id : `user_${(Number(id) * 7919).toString(36)}`
      },
    },
  ],
  [
    'a getter that makes the key of another user of a number',
    {
      type: DataTypes.INTEGER,
      primaryKey: true,
      autoIncrement: true,
      get(this: Model) {
        const id = raw(this)
        return id === undefined || id === null ? id : Number(id) + 1
      },
    },
  ],
  [
    'a getter that writes a UUID without hyphens',
    {
      type: DataTypes.UUID,
      primaryKey: true,
      defaultValue: DataTypes.UUIDV4,
      get(this: Model) {
        const id = raw(this)
        return typeof id === 'string' ? id.replaceAll('-', '').toUpperCase() : id
      },
    },
  ],
]

/** A host whose users have such a key, and notes. */
async function start(id: ModelAttributes['id'], preparedStatements: boolean) {
  let Note: ModelStatic<Model> | undefined
  const app = await startHost({
    defineUser(sequelize) {
      const username = { type: DataTypes.STRING(150), allowNull: false, unique: true }
      const User = sequelize.define('User', { id, username } as ModelAttributes)
      Note = sequelize.define('Note', { text: DataTypes.TEXT })
      Note.belongsTo(User, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
      return User
    },
    guest: { preparedStatements, expiry: 'sliding' },
    routes(express, { Guest, User }) {
      express.use(mergeGuest({ Guest }))
      express.post('/login/:username', (req, res, next) => {
        const { username } = req.params
        const user =
          username === 'unsaved'
            ? Promise.resolve(User.build({ username }))
            : User.findOne({ where: { username }, rejectOnEmpty: true })
        user
          .then((found) => {
            req.login(found as Express.User, (error) => {
              if (error) next(error)
              else res.json('in')
            })
          })
          .catch(next)
      })
    },
  })
  host = app
  assert.ok(Note)
  return { app, Note }
}

const who = async (browser: ReturnType<Host['browser']>): Promise<HostWho> =>
  (await browser.get('/who').expect(200)).body as HostWho

for (const [what, id] of keys) {
  for (const preparedStatements of [true, false]) {
    describe(`a users model whose key has ${what}, ${preparedStatements ? 'by prepared statements' : 'by the ORM'}`, () => {
      it('restores the guest on every page', async () => {
        const { app } = await start(id, preparedStatements)
        await app.User.bulkCreate(['ann', 'bob', 'cid'].map((username) => ({ username })))
        const browser = app.browser()
        const { key } = (await browser.get('/play').expect(200)).body as HostWho
        for (let page = 0; page < 2; page++) {
          const found = await who(browser)
          assert.deepEqual([found.key, found.isGuest], [key, true])
        }
        await later(DAY, async () => {
          assert.equal((await who(browser)).isGuest, true)
        })
      })

      it('converts the guest in place', async () => {
        const { app } = await start(id, preparedStatements)
        const browser = app.browser()
        const { key } = (await browser.get('/play').expect(200)).body as HostWho
        await browser.post('/convert').send({ username: 'fred' }).expect(200)
        const found = await who(browser)
        assert.deepEqual([found.key, found.isRegularUser, found.user?.['username']], [key, true, 'fred'])
        assert.equal(await app.Guest.count(), 0)
      })

      it('merges the guest into the account', async () => {
        const { app, Note } = await start(id, preparedStatements)
        await app.User.bulkCreate(['ann', 'fred', 'cid'].map((username) => ({ username })))
        const browser = app.browser()
        await browser.get('/play').expect(200)
        const guest = await app.Guest.findOne({ rejectOnEmpty: true })
        await Note.create({ userId: guest.userId, text: 'mine' })
        await browser.post('/login/fred').expect(200)
        const fred = await app.User.findOne({ where: { username: 'fred' }, rejectOnEmpty: true })
        assert.equal(String((await Note.findOne({ rejectOnEmpty: true })).get('userId')), String(keyOf(fred)))
        assert.equal((await who(browser)).user?.['username'], 'fred')
        assert.equal(await app.User.count(), 3)
      })

      it('deletes the expired guest, and no other user', async () => {
        const { app } = await start(id, preparedStatements)
        await app.User.bulkCreate(['ann', 'bob'].map((username) => ({ username })))
        await app.browser().get('/play').expect(200)
        await app.User.create({ username: 'cid' })
        for (const individualHooks of [true, false]) {
          await later(15 * DAY, async () => {
            const { guests } = await cleanup({ Guest: app.Guest }, { individualHooks })
            assert.equal(guests, individualHooks ? 1 : 0)
          })
        }
        const names = (await app.User.findAll({ order: ['username'] })).map((user) => user.get('username'))
        assert.deepEqual(names, ['ann', 'bob', 'cid'])
      })
    })
  }
}

describe('a login with a user that has no key', () => {
  it('is an error of the login, and no exception that ends the process', async () => {
    const { app } = await start({ type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }, true)
    const guest = app.browser()
    await guest.get('/play').expect(200)
    for (const browser of [guest, app.browser()]) {
      const { body } = await browser.post('/login/unsaved').expect(500)
      assert.match((body as Error).message, /The user has no primary key: was it saved\?/)
    }
    assert.equal((await who(guest)).isGuest, true)
  })
})

describe('a users model with a binary key', () => {
  it('is refused at start-up', async () => {
    const { sequelize, close } = await openDatabase()
    try {
      for (const [place, type] of [
        DataTypes.BLOB,
        DataTypes.STRING(16, true),
        'BINARY(16)',
        'BYTEA',
      ].entries()) {
        const User = sequelize.define(`User${String(place)}`, {
          id: { type, primaryKey: true },
          username: DataTypes.STRING,
        })
        assert.equal(hasBinaryKey(User), true)
        assert.throws(() => defineGuestModel(sequelize, { User, modelName: `Guest${String(place)}` }), {
          name: 'TypeError',
          message: /option 'User' must be .* the key a number or a text, not binary/,
        })
      }
    } finally {
      await close()
    }
  })
})
