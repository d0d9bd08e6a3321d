import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import {
  DataTypes,
  Op,
  type Model,
  type ModelStatic,
  type ModelAttributes,
  type ModelOptions,
} from 'sequelize'
import type { RequestHandler } from 'express'
import { defineGuestModel, mergeGuest, type GuestModel, type MergeGuestOptions } from '../../../src/index.js'
import { dialect } from '../../support/database.js'
import { startHost, type Host, type HostUser, type HostWho } from '../../support/host-application.js'

let host: Host | undefined
afterEach(async () => {
  await host?.close()
  host = undefined
})

interface Given {
  readonly id?: ModelAttributes['id']
  readonly options?: ModelOptions
  /** What the application gives to `req.login`. */
  readonly login: (user: Model, User: HostUser) => unknown
  /** The type of the username's column. */
  readonly type?: string
  readonly accountOf?: NonNullable<MergeGuestOptions<Model>['accountOf']>
  /** What the application's own deserializer makes of a user. */
  readonly restore?: (user: Model) => object
  /** Whether a second Guest model has its deserializer on this Passport. */
  readonly hasSecondModel?: boolean
}

const number = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true }
const username = { type: DataTypes.STRING(150), allowNull: false, unique: true }

/** A guest with one note logs in to an account by such an object. */
async function logIn({ id = number, options = {}, login, type, accountOf, hasSecondModel, restore }: Given) {
  let Note: ModelStatic<Model> | undefined
  let Second: GuestModel | undefined
  const none: RequestHandler = (_req, _res, next) => {
    next()
  }
  let initialize = none
  const app = await startHost({
    defineUser(sequelize) {
      const User = sequelize.define(
        'User',
        { id, username: { ...username, ...(type && { type }) }, email: DataTypes.STRING(254) },
        options,
      )
      Note = sequelize.define('Note', { text: DataTypes.TEXT })
      Note.belongsTo(User, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
      if (hasSecondModel === true) {
        const Member = sequelize.define('Member', { username: { ...username } })
        Second = defineGuestModel(sequelize, { User: Member, modelName: 'MemberGuest' })
      }
      return User
    },
    authenticator(passport) {
      if (Second !== undefined) {
        passport.deserializeUser(Second.deserializeUser)
        initialize = passport.initialize()
      }
      // For what Guest.serializeUser leaves to others.
      passport.serializeUser<unknown>((user, done) => {
        if ((user as unknown as { isUnknown?: boolean }).isUnknown === true) done(new Error('unknown user'))
        else done(null, { key: String((user as unknown as { id: unknown }).id) })
      })
    },
    routes(express, { Guest, User }) {
      express.use(initialize)
      express.use((req, _res, next) => {
        if (restore && req.user) req.user = restore(req.user as unknown as Model)
        next()
      })
      express.use(mergeGuest({ Guest, ...(accountOf && { accountOf }) }))
      express.post('/login', (req, res, next) => {
        User.unscoped()
          .findOne({ where: { username: 'fred' }, rejectOnEmpty: true, raw: false })
          .then((user) => {
            req.login(login(user, User) as never, (error) => {
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
  const Notes = Note
  const browser = app.browser()
  assert.ok(((await browser.get('/play').expect(200)).body as HostWho).key !== null)
  const [guest] = await app.Guest.findAll()
  assert.ok(guest)
  await Notes.create({ text: "the guest's", userId: guest.userId })
  const account = await app.User.create({ username: 'fred' })
  return {
    response: await browser.post('/login'),
    account: account.getDataValue('id' as never) as unknown,
    guest: guest.userId,
    owner: async () =>
      (await Notes.findOne({ rejectOnEmpty: true })).getDataValue('userId' as never) as unknown,
    guests: () => app.Guest.count(),
    who: async () => ((await browser.get('/who').expect(200)).body as HostWho).key,
  }
}

interface Profile {
  readonly uid: string
  readonly account: string | null
}

describe('a guest who is logged in by a profile, with accountOf', () => {
  const profile = (user: Model): Profile => ({ uid: 'fred@ldap', account: String(user.get('id')) })
  const accountOf = (user: unknown): string | null => (user as Profile).account

  it('is merged into the account that it returns, or that its promise resolves to', async () => {
    for (const each of [accountOf, (user: unknown) => Promise.resolve(accountOf(user))]) {
      const { account, owner, guests, response } = await logIn({ login: profile, accountOf: each })
      assert.equal(response.status, 200, response.text)
      assert.deepEqual([String(await owner()), await guests()], [String(account), 0])
      await host?.close()
      host = undefined
    }
  })

  it('is logged in without a merge if it returns null', async () => {
    const staff = (): Profile => ({ uid: 'ginger@ldap', account: null })
    const { guest, owner, guests, response } = await logIn({ login: staff, accountOf })
    assert.equal(response.status, 200, response.text)
    assert.deepEqual([String(await owner()), await guests()], [String(guest), 1])
  })

  it('is not logged in, and keeps everything, if it throws, or returns what is no key or the key of no account', async () => {
    const faulty: readonly (readonly [NonNullable<Given['accountOf']>, RegExp])[] = [
      [() => Promise.reject(new Error('no LDAP')), /'accountOf' has thrown an error/],
      [() => 'fred', /'accountOf' has returned what is no key of User/],
      [() => 99_999, /the account is gone/],
    ]
    for (const [each, message] of faulty) {
      const { guest, owner, guests, response, who } = await logIn({ login: profile, accountOf: each })
      assert.equal(response.status, 500)
      assert.match(response.text, message)
      assert.deepEqual(
        [String(await owner()), await guests(), await who()],
        [String(guest), 1, String(guest)],
      )
      await host?.close()
      host = undefined
    }
  })

  it('is logged in without a merge, and keeps everything, if it returns the guest in another spelling of the key', async () => {
    const uuid = { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 }
    const spellings = [
      // Elsewhere a UUID is a text, of which this one is another.
      ...(dialect === 'postgres' ? [{ id: uuid, spell: (key: string) => key.toUpperCase() }] : []),
      { id: number, spell: (key: string) => `0${key}` },
    ]
    for (const { id, spell } of spellings) {
      const { guest, owner, guests, response } = await logIn({
        id,
        login: profile,
        accountOf: (_user, req) => spell(String((req.user as Model).get('id'))),
      })
      assert.equal(response.status, 200, response.text)
      assert.deepEqual([String(await owner()), await guests()], [String(guest), 1])
      await host?.close()
      host = undefined
    }
  })

  it('is not asked about an instance', async () => {
    const { account, owner, response } = await logIn({
      login: (user) => user,
      accountOf: () => assert.fail('asked'),
    })
    assert.equal(response.status, 200, response.text)
    assert.equal(String(await owner()), String(account))
  })
})

/** What no serializer takes, with `authenticator` below. */
const unknownToSerializers = { isUnknown: true }

const whenMerged: readonly (readonly [string, Given])[] = [
  ['what toJSON() returns', { login: (user) => user.toJSON() }],
  [
    'a DTO with key and username',
    { login: (user) => ({ id: user.get('id'), username: 'fred', roles: ['admin'] }) },
  ],
  ['a key of text', { login: (user) => ({ id: String(user.get('id')), username: 'fred' }) }],
  ['a native bigint', { login: (user) => ({ id: BigInt(String(user.get('id'))), username: 'fred' }) }],
  [
    'a UUID',
    {
      id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
      login: (user) => ({ id: user.get('id'), username: user.get('username') }),
    },
  ],
  [
    'a key whose getter makes a number of it',
    {
      id: {
        type: DataTypes.BIGINT,
        primaryKey: true,
        autoIncrement: true,
        get(this: Model) {
          return Number(this.getDataValue('id' as never))
        },
      },
      login: (user) => user.toJSON(),
    },
  ],
]

describe('a guest who is logged in to an account by a plain object', () => {
  for (const [what, given] of whenMerged) {
    it(`is merged: ${what}`, async () => {
      const { account, owner, guests, response } = await logIn(given)
      assert.equal(response.status, 200, response.text)
      assert.deepEqual([String(await owner()), await guests()], [String(account), 0])
    })
  }

  const whenRefused: readonly (readonly [string, Given])[] = [
    ['without a key', { login: () => ({ username: 'fred' }) }],
    [
      'with the key alone, which users of other models have, too',
      { login: (user) => ({ id: user.get('id') }) },
    ],
    [
      'of an application with two models, the second of which no request has needed yet',
      { hasSecondModel: true, login: (user) => user.toJSON() },
    ],
    ['that is no object but a key', { login: (user) => user.get('id') }],
    [
      'with the key and username of an account, and the e-mail address of another principal',
      { login: (user) => ({ ...(user.get({ plain: true }) as object), email: 'fred@other.test' }) },
    ],
    [
      'with the username of another principal, in a column whose type is a text of SQL',
      { type: 'VARCHAR(150)', login: (user) => ({ id: user.get('id'), username: 'root' }) },
    ],
    ['with the key of no account', { login: () => ({ id: 99_999 }) }],
    ['with a key of another type', { login: () => ({ id: 'fred' }) }],
    [
      'with the username of another principal',
      { login: (user) => ({ id: user.get('id'), username: 'root' }) },
    ],
    [
      'with a key that a getter has encoded',
      {
        id: {
          ...number,
          get(this: Model) {
            return Number(this.getDataValue('id' as never)) - 1 // the key of the guest, or of no user
          },
        },
        login: (user) => user.toJSON(),
      },
    ],
  ]
  for (const [what, given] of whenRefused) {
    it(`is not logged in, and keeps everything: an object ${what}`, async () => {
      const { guest, owner, guests, response } = await logIn(given)
      assert.equal(response.status, 500)
      assert.match(response.text, /req\.login was given something that is no instance of User/)
      assert.deepEqual([String(await owner()), await guests()], [String(guest), 1])
    })
  }
})

const unserializable: readonly (readonly [string, Given['login']])[] = [
  ['a plain object', (user) => ({ ...(user.get({ plain: true }) as object), ...unknownToSerializers })],
  [
    'an instance of another model',
    (user, User) => {
      const Staff = User.sequelize?.define('Staff', {})
      return Object.assign(Staff?.build({ id: user.get('id') }) ?? {}, unknownToSerializers)
    },
  ],
]
for (const [what, login] of unserializable)
  it(`a guest whose login no serializer takes keeps everything, and stays logged in: ${what}`, async () => {
    const { guest, owner, guests, response, who } = await logIn({ login })
    assert.equal(response.status, 500)
    assert.match(response.text, /unknown user/)
    assert.deepEqual([String(await owner()), await guests(), await who()], [String(guest), 1, String(guest)])
  })

describe('what a merge reads', () => {
  it('is changed by no scope and no find hook of the users model', async () => {
    const { account, owner, response } = await logIn({
      options: {
        defaultScope: { where: { username: { [Op.ne]: 'fred' } } },
        hooks: {
          beforeFind(found) {
            // As the merge's own reads are the only ones by key that lock.
            if ((found as { lock?: unknown }).lock !== undefined) throw new Error('a find hook that throws')
          },
        },
      },
      login: (user) => user,
    })
    assert.equal(response.status, 200, response.text)
    assert.equal(String(await owner()), String(account))
  })
})

it('a guest whom the application’s own deserializer restores as a plain object is not logged in, and keeps everything', async () => {
  const { guest, owner, guests, response } = await logIn({
    login: (user) => user,
    restore: (user) => user.get({ plain: true }) as object,
  })
  assert.equal(response.status, 500)
  assert.match(response.text, /req\.user is a plain object/)
  assert.deepEqual([String(await owner()), await guests()], [String(guest), 1])
})
