import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Application } from 'express'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { defineGuestModel, loadGuest, mergeGuest, type MergeGuestOptions } from '../../../src/index.js'
import { openDatabase, type TestDatabase } from '../../support/database.js'
import {
  plainUser,
  startHost,
  type Host,
  type HostUser,
  type HostWho,
} from '../../support/host-application.js'

/** A login by hand. */
function addLogin(app: Application, User: HostUser): void {
  app.post('/login/:username', (req, res, next) => {
    User.findOne({ where: { username: req.params.username }, rejectOnEmpty: true }).then((user) => {
      req.login(user, (error) => {
        if (error) next(error)
        else res.json('in')
      })
    }, next)
  })
}

async function guestOf(host: Host) {
  const browser = host.browser()
  const { key } = (await browser.get('/play').expect(200)).body as HostWho
  assert.ok(key !== null)
  return { browser, key }
}

describe('a users model with keys of text, soft deletion and inviters', () => {
  let host: Host
  let Note: ModelStatic<Model>
  before(async () => {
    host = await startHost({
      defineUser(sequelize) {
        const User = sequelize.define(
          'User',
          {
            id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
            username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
          },
          { paranoid: true, underscored: true, defaultScope: { where: { deletedAt: null } } },
        )
        User.hasMany(User, { as: 'invited', foreignKey: 'invitedById' })
        User.belongsTo(User, { as: 'invitedBy', foreignKey: 'invitedById' })
        Note = sequelize.define('Note', { text: DataTypes.TEXT }, { underscored: true })
        Note.belongsTo(User, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
        return User
      },
      routes(app, { Guest, User }) {
        app.use(mergeGuest({ Guest }))
        addLogin(app, User)
      },
    })
  })
  after(() => host.close())

  it('is merged, and the guest is really deleted', async () => {
    const { browser, key } = await guestOf(host)
    const fred = await host.User.create({ username: 'fred' })
    const invited = await host.User.create({ username: 'ginger', invitedById: key })
    await Note.create({ userId: key })
    await browser.post('/login/fred').expect(200)
    assert.equal((await Note.findOne())?.get('userId'), fred.get('id'))
    assert.equal((await invited.reload()).get('invitedById'), fred.get('id'))
    assert.equal(await host.User.unscoped().count({ paranoid: false }), 2)
  })
})

describe('the option reassign', () => {
  let host: Host
  let Todo: ModelStatic<Model>
  let Log: ModelStatic<Model>
  before(async () => {
    host = await startHost({
      defineUser(sequelize) {
        const User = plainUser()(sequelize)
        Todo = sequelize.define('Todo', { ownerId: DataTypes.INTEGER, editorId: DataTypes.INTEGER })
        Log = sequelize.define('Log', {})
        Log.belongsTo(User, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
        return User
      },
      routes(app, { Guest, User }) {
        app.use(mergeGuest({ Guest, reassign: [{ model: Todo, foreignKey: 'ownerId' }] }))
        addLogin(app, User)
      },
    })
  })
  after(() => host.close())

  it('moves what it names, and the rest goes with the guest', async () => {
    const { browser, key } = await guestOf(host)
    const fred = await host.User.create({ username: 'fred' })
    await Todo.create({ ownerId: key, editorId: key })
    await Log.create({ userId: key })
    await browser.post('/login/fred').expect(200)
    const todo = await Todo.findOne({ rejectOnEmpty: true })
    assert.equal(todo.get('ownerId'), fred.get('id'))
    assert.equal(String(todo.get('editorId')), key)
    assert.equal(await Log.count(), 0)
  })
})

describe('two users models', () => {
  it('are each merged by their own', async () => {
    let Second: ReturnType<typeof defineGuestModel> | undefined
    let Todo: ModelStatic<Model> | undefined
    const host = await startHost({
      defineUser(sequelize) {
        const User = plainUser()(sequelize)
        Todo = sequelize.define('Todo', {})
        Todo.belongsTo(User, { foreignKey: 'userId', onDelete: 'CASCADE' })
        return User
      },
      makeTables(sequelize) {
        const Member = sequelize.define('Member', { username: DataTypes.STRING })
        Second = defineGuestModel(sequelize, { User: Member, modelName: 'MemberGuest' })
        return sequelize.sync()
      },
      routes(app, { Guest, User }) {
        assert.ok(Second)
        app.use(mergeGuest({ Guest: Second }))
        app.use(mergeGuest({ Guest }))
        app.use(mergeGuest({ Guest: Second }))
        addLogin(app, User)
      },
    })
    try {
      const { browser, key } = await guestOf(host)
      const fred = await host.User.create({ username: 'fred' })
      await Todo?.create({ userId: key })
      await browser.post('/login/fred').expect(200)
      assert.equal((await Todo?.findOne())?.get('userId'), fred.get('id'))
      assert.equal(await host.User.count(), 1)
    } finally {
      await host.close()
    }
  })
})

describe('at start-up mergeGuest refuses', () => {
  let database: TestDatabase
  before(async () => {
    database = await openDatabase()
  })
  after(() => database.close())

  it('what it cannot do, and says what', () => {
    const { sequelize } = database
    const User = plainUser()(sequelize)
    const Guest = defineGuestModel(sequelize, { User })
    const Loose = sequelize.define('Loose', { ownerId: DataTypes.INTEGER })
    sequelize.define('Todo', {}).belongsTo(User)
    const refusals: [unknown, RegExp][] = [
      [{}, /option 'Guest'/],
      [{ Guest: User }, /option 'Guest'/],
      [{ Guest, onMerge: true }, /option 'onMerge'/],
      [{ Guest, reassign: [] }, /option 'reassign'/],
      [{ Guest, reassign: ['Todo'] }, /option 'reassign'/],
      [{ Guest, reassign: [Loose] }, /names Loose, and nothing says/],
      [
        { Guest, reassign: [{ model: Loose, foreignKey: 'noSuchAttribute' }] },
        /names 'noSuchAttribute', which Loose does not have/,
      ],
      [{ Guest, reassign: [Guest] }, /names Guest, which is a model of this package/],
      [{ Guest, conflict: 'keep-both' }, /option 'conflict'.*, not 'keep-both'$/],
      [{ Guest, conflict: { Todo: 'x' } }, /option 'conflict'.*, not an object whose Todo is 'x'$/],
      [{ Guest, conflict: { User: 'keep-guest' } }, /names User, of which no row is ever deleted/],
      [
        {
          Guest,
          conflict: { Todo: 'keep-guest' },
          reassign: [{ model: Loose, foreignKey: 'ownerId' }],
        },
        /names Todo, of which no row moves/,
      ],
      [{ Guest: User }, /must be the Guest model that defineGuestModel returned, not User, another model/],
      [{ Guest, conflict: { Nothing: 'keep-guest' } }, /names a model 'Nothing'/],
      [{ Guest, trustedOrigins: ['idp.example'] }, /option 'trustedOrigins'/],
      [{ Guest, trustedOrigins: ['https://idp.example/'] }, /option 'trustedOrigins'/],
      [{ Guest, onmerge: () => undefined }, /unknown option 'onmerge'/],
    ]
    for (const [options, message] of refusals) {
      assert.throws(() => mergeGuest(options as MergeGuestOptions<Model>), { name: 'TypeError', message })
    }
    assert.equal(
      typeof mergeGuest({ Guest, reassign: [{ model: Loose, foreignKey: 'ownerId' }] }),
      'function',
    )
  })
})

describe('in the wrong place', () => {
  it('mergeGuest says what must come before it', async () => {
    const host = await startHost({
      defineUser: plainUser(),
      routes(app, { Guest }) {
        app.get(
          '/no-passport',
          (req, _res, next) => {
            Reflect.set(req, 'logIn', undefined)
            next()
          },
          mergeGuest({ Guest }),
        )
        app.get(
          '/not-restored',
          (req, _res, next) => {
            Reflect.set(req, 'user', undefined)
            next()
          },
          mergeGuest({ Guest }),
        )
        app.get('/unknown', mergeGuest({ Guest }), (req, res, next) => {
          Object.assign(req, { user: Guest.associations['user']?.target.build({ id: 1 }) })
          req.login(Guest.associations['user']?.target.build({ id: 2 }) as Express.User, (error) => {
            if (error) next(error)
            else res.json('in')
          })
        })
        app.get('/known', loadGuest({ Guest }), mergeGuest({ Guest }), (_req, res) => {
          res.json('fine')
        })
      },
    })
    try {
      const { browser } = await guestOf(host)
      for (const [path, code] of [
        ['/no-passport', 'ERR_MIDDLEWARE_ORDER'],
        ['/not-restored', 'ERR_MIDDLEWARE_ORDER'],
        ['/unknown', 'ERR_GUEST_STATE_UNKNOWN'],
      ] as const) {
        const { body } = await browser.get(path).expect(500)
        assert.equal((body as { code: string }).code, code, path)
      }
      await browser.get('/known').expect(200)
    } finally {
      await host.close()
    }
  })
})
