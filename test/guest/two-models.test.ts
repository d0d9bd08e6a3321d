import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Request, RequestHandler } from 'express'
import { DataTypes, type Model, type Sequelize } from 'sequelize'
import {
  defineGuestModel,
  ensureGuest,
  ensureRegularUser,
  guestLogout,
  guestOf,
  GuestStrategy,
  type GuestModel,
} from '../../src/index.js'
import { isUserOf } from '../../src/guest/guest-state.js'
import { openDatabase, type TestDatabase } from '../support/database.js'
import { plainUser, startHost, type Host, type HostUser } from '../support/host-application.js'
import { collectWarnings } from '../support/warnings.js'

const warnings = collectWarnings()

/** A second model on the Passport of the host. */
interface Second {
  readonly User: HostUser
  readonly Guest: GuestModel
}

const open: (Host | TestDatabase)[] = []
after(async () => {
  for (const each of open) await each.close()
})

/** Logs in the user of the first or the second model. */
function loginTo(models: () => readonly [HostUser, HostUser]): RequestHandler {
  return (req, res, next) => {
    const User = models()[req.params['model'] === 'second' ? 1 : 0]
    User.findByPk(1, { rejectOnEmpty: true }).then((user) => {
      req.login(user as Express.User, (error) => {
        if (error) next(error)
        else res.json('in')
      })
    }, next)
  }
}

/** The user of a request: which of the two models it is of, its name, and whether it is a guest. */
function describeUser(req: Request, Second: HostUser): object {
  const user = req.user as Model | undefined
  return {
    model: user === undefined ? null : user instanceof Second ? 'second' : 'first',
    username: user?.get('username') ?? null,
    isGuest: Boolean(guestOf(req)),
  }
}

/** A host whose Passport serializes users of two models. Users of both have the same keys. */
async function startBoth(
  define: (host: Sequelize) => Promise<Second> | Second,
  order: 'first' | 'last' = 'last',
  mirrored = false,
): Promise<Host> {
  let second: Second | undefined
  const none: RequestHandler = (_req, _res, next) => {
    next()
  }
  const pages = { guest: none, secondGuest: none }
  const database = await openDatabase()
  const host = await startHost({
    opened: database,
    defineUser: plainUser(),
    async makeTables(sequelize) {
      second = await define(sequelize)
      await sequelize.sync()
    },
    authenticator(passport) {
      assert.ok(second)
      const { Guest } = second
      passport.use(new GuestStrategy({ Guest, name: 'second-guest' }))
      passport.serializeUser(Guest.serializeUser)
      passport.deserializeUser(Guest.deserializeUser)
      pages.guest = passport.authenticate('guest') as RequestHandler
      pages.secondGuest = passport.authenticate('second-guest') as RequestHandler
      const { _serializers, _deserializers } = passport as unknown as Record<string, unknown[]>
      if (order === 'first') _serializers?.reverse()
      if (order === 'first' && !mirrored) _deserializers?.reverse()
    },
    routes(app, { Guest, User }) {
      assert.ok(second)
      const { User: Second, Guest: SecondGuest } = second
      const answer: RequestHandler = (req, res) => {
        res.json(describeUser(req, Second))
      }
      app.get('/begin', (req, res) => {
        Object.assign(req.session, { begun: true })
        res.end()
      })
      app.get('/play/first', pages.guest, answer)
      app.get('/play/second', pages.secondGuest, answer)
      for (const [model, only] of [
        ['first', Guest],
        ['second', SecondGuest],
      ] as const) {
        app.get(`/guests/${model}`, ensureGuest({ Guest: only }), answer)
        app.get(`/regulars/${model}`, ensureRegularUser({ Guest: only }), answer)
      }
      app.get('/staff', (req, res, next) => {
        req.user = User.sequelize?.define('Staff', {}).build({ id: 1 }) as Express.User
        next()
      })
      app.get('/staff', pages.guest, (_req, res) => {
        res.json('staff')
      })
      app.post('/leave/first', guestLogout({ Guest, deleteNow: true }), (_req, res) => {
        res.json('passed on')
      })
      app.get(
        '/login/:model',
        loginTo(() => [User, Second]),
      )
      app.get('/is', (req, res) => {
        res.json(describeUser(req, Second))
      })
    },
  })
  open.push(host)
  assert.ok(second)
  await host.User.create({ username: 'fred' })
  await second.User.create({ username: 'ginger' })
  return host
}

/** The second model on a Sequelize instance of its own. */
async function onAnotherInstance(modelName: string): Promise<Second> {
  const database = await openForTests()
  const User = plainUser()(database.sequelize)
  const Guest = defineGuestModel(database.sequelize, { User, modelName })
  await database.sequelize.sync()
  return { User, Guest }
}

function onSameInstance(sequelize: Sequelize): Second {
  const username = { type: DataTypes.STRING(150), allowNull: false }
  const User: HostUser = sequelize.define('Member', { username })
  return { User, Guest: defineGuestModel(sequelize, { User, modelName: 'MemberGuest' }) }
}

/** A class that extends the first users model, with a table of its own. */
function asExtension(sequelize: Sequelize): Second {
  class Member extends (sequelize.model('User') as HostUser) {}
  const username = { type: DataTypes.STRING(150), allowNull: false }
  const User: HostUser = Member.init({ username }, { sequelize, modelName: 'Member' })
  return { User, Guest: defineGuestModel(sequelize, { User, modelName: 'MemberGuest' }) }
}

const arrangements = [
  ['of two Sequelize instances', () => onAnotherInstance('TenantGuest')],
  ['of one Sequelize instance', onSameInstance],
  ['of which one extends the other', asExtension],
] as const

for (const [where, define] of arrangements) {
  for (const order of ['first', 'last'] as const) {
    describe(`two users models ${where}, the second registered ${order}`, () => {
      it('get back their own users, and no user of the other with the same key', async () => {
        const host = await startBoth(define, order)
        for (const [model, username] of [
          ['first', 'fred'],
          ['second', 'ginger'],
        ] as const) {
          const browser = host.browser()
          await browser.get(`/login/${model}`).expect(200)
          await browser.get('/is').expect(200, { model, username, isGuest: false })
        }
      })
    })
  }
}

for (const [where, define] of arrangements) {
  describe(`the pages of one of two users models ${where}`, () => {
    it('make no second guest of a late request, whose browser is the other’s guest by now', async () => {
      const { browser } = await startBoth(define)
      const fresh = browser()
      const [cookie = ''] = (await fresh.get('/begin')).get('Set-Cookie') ?? []
      await fresh.get('/play/first').expect(200)
      const late = await browser()
        .get('/play/second')
        .set('Cookie', String(cookie.split(';')[0]))
        .expect(200)
      assert.equal((late.body as { model: unknown }).model, null)
      assert.equal(late.headers['set-cookie'], undefined)
    })

    it('are closed to users and guests of the other, whose key can be that of a user here', async () => {
      const host = await startBoth(define)
      const regular = host.browser()
      await regular.get('/login/second').expect(200)
      const guest = host.browser()
      await guest.get('/play/second').expect(200)
      for (const browser of [regular, guest]) {
        const { body } = await browser.get('/play/first').expect(403)
        assert.equal((body as { code: string }).code, 'ERR_USER_OF_ANOTHER_MODEL')
        await browser.get('/guests/first').expect(401)
        await browser.get('/regulars/first').expect(401)
      }
      await regular.get('/play/second').expect(200)
      await regular.get('/regulars/second').expect(200)
      await guest.get('/guests/second').expect(200)
      const { body } = await guest.get('/is').expect(200)
      assert.equal((body as { isGuest: boolean }).isGuest, true, 'the guest is still logged in')
      await guest.post('/leave/first?confirm=yes').expect(200, '"passed on"')
      await guest.get('/guests/second').expect(200)
    })
  })
}

describe('a page for guests', () => {
  it('admits a user whose model has no guests, such as a member of staff', async () => {
    const host = await startBoth(onSameInstance)
    await host.browser().get('/staff').expect(200, '"staff"')
  })
})

describe('a Guest model of a scope of the users model', () => {
  it('has the users of the model, and of its other scopes', async () => {
    const { sequelize } = await openForTests()
    const User = plainUser()(sequelize)
    User.addScope('named', { where: { username: 'fred' } })
    const Guest = defineGuestModel(sequelize, { User: User.scope('named') })
    await sequelize.sync()
    await User.create({ username: 'fred' })
    for (const Model of [User, User.scope<Model>('named'), User.unscoped()]) {
      const user = await Model.findByPk(1, { rejectOnEmpty: true })
      assert.ok(isUserOf(Guest, user))
    }
    const number = { type: DataTypes.INTEGER, primaryKey: true }
    const Staff = sequelize.define('Staff', { number }, { tableName: User.tableName })
    assert.ok(!isUserOf(Guest, Staff.build({ number: 1 })), 'a model of the table with another key')
  })
})

/** What a deserializer answers. */
function deserialized({ deserializeUser }: GuestModel, stored: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    deserializeUser({} as Request, stored, (error, user) => {
      if (error instanceof Error) reject(error)
      else resolve(error ?? user)
    })
  })
}

describe('a session that holds a primary key alone', () => {
  for (const [where, define] of arrangements) {
    it(`is restored by neither of two models ${where}, whichever of them was in use before`, async () => {
      const { sequelize } = await openForTests()
      const First = defineGuestModel(sequelize, { User: plainUser()(sequelize) })
      const { User, Guest } = await define(sequelize)
      await sequelize.sync()
      await User.create({ username: 'ginger' })
      assert.equal(await deserialized(First, 1), 'pass')
      assert.equal(await deserialized(Guest, 1), 'pass')
    })
  }

  it('is restored by the model that bareKeys declares, and by no other', async () => {
    const { sequelize } = await openForTests()
    const User = plainUser()(sequelize)
    const Guest = defineGuestModel(sequelize, { User, bareKeys: true })
    const other = onSameInstance(sequelize)
    await sequelize.sync()
    await User.create({ username: 'fred' })
    assert.ok((await deserialized(Guest, 1)) instanceof User)
    assert.equal(await deserialized(other.Guest, 1), 'pass')
    await new Promise(setImmediate) // a warning is emitted on the next tick
    assert.ok(warnings.some(({ code }) => code === 'SESSION_NAMES_NO_MODEL'))
    assert.equal(await deserialized(Guest, 2), false)
  })
})

/** A database that is closed after the tests. */
async function openForTests(): Promise<TestDatabase> {
  const database = await openDatabase()
  open.push(database)
  return database
}

describe('two Guest models of one name on one Passport', () => {
  for (const order of ['first', 'last'] as const) {
    for (const mirrored of [true, false]) {
      it(`are refused before a wrong user is restored (second ${order}, deserializers ${mirrored ? 'the other way round' : 'alike'})`, async () => {
        const host = await startBoth(() => onAnotherInstance('Guest'), order, mirrored)
        const answers: string[] = []
        for (const model of ['first', 'second']) {
          const browser = host.browser()
          const login = await browser.get(`/login/${model}`)
          const page = login.status === 200 ? await browser.get('/is') : login
          answers.push(page.status === 200 ? (page.body as { model: string }).model : 'refused')
          if (page.status !== 200) {
            assert.match(
              (page.body as Error).message,
              /Two Guest models on one Passport have the name 'Guest'/,
            )
            assert.equal((page.body as Error).name, 'TypeError')
          } else assert.equal((page.body as { model: string }).model, model)
        }
        assert.ok(answers.includes('refused'))
      })
    }
  }
})
