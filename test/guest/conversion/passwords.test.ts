import assert from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { describe, it } from 'node:test'
import express from 'express'
import {
  DataTypes,
  type Model,
  type ModelAttributes,
  type ModelOptions,
  type ModelValidateOptions,
  type Sequelize,
} from 'sequelize'
import { convertRouter, type ConvertRouterOptions } from '../../../src/index.js'
import { plainUser, startHost, type Host, type HostUser } from '../../support/host-application.js'
import { errorsOf, fred, ginger, HTML, pathOf, post } from './stage.js'

/** The application's hash function; its results have 67 characters, and a format of their own. */
function hashOf(password: string): string {
  return `$s$${scryptSync(password, 'salt', 32).toString('hex')}`
}

type Options = Partial<ConvertRouterOptions<Model>>

interface Stage {
  readonly host: Host
  /** The paths of the links that were sent. */
  readonly links: string[]
}

/** Serves `/become`, where guests convert, and `/login`, which compares the hash of a password with the stored one. */
async function withModel(
  defineUser: (sequelize: Sequelize) => HostUser,
  column: string,
  options: Options,
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const links: string[] = []
  const host = await startHost({
    defineUser,
    routes(app, { Guest, User }) {
      app.use(
        '/become',
        convertRouter({
          Guest,
          hashPassword: hashOf,
          ...options,
          ...(options.verifyEmail && {
            verifyEmail: {
              ...options.verifyEmail,
              send: ({ link }: { link: string }) => links.push(pathOf(link)),
            },
          }),
        }),
      )
      app.post('/login', express.json(), (req, res, next) => {
        const { username, password } = req.body as Record<string, string>
        User.findOne({ where: { username } }).then((user) => {
          res.sendStatus(user?.get(column) === hashOf(password ?? '') ? 200 : 401)
        }, next)
      })
    },
  })
  try {
    await test({ host, links })
  } finally {
    await host.close()
  }
}

async function guestOf(host: Host): Promise<ReturnType<Host['browser']>> {
  const browser = host.browser()
  await browser.get('/play').expect(200)
  return browser
}

async function login(host: Host, values: { username: string; password: string }): Promise<number> {
  return (await host.browser().post('/login').send(values)).status
}

const text = DataTypes.STRING(255)
const email = { type: DataTypes.STRING(254), unique: true }

/** Users models that hash by themselves, as tutorials write them, with the column for the hash. */
const models: Readonly<Record<string, readonly [ModelAttributes, Partial<ModelOptions>, column?: string]>> = {
  'in beforeSave': [
    { password: text },
    {
      hooks: {
        beforeSave: (user: Model) => {
          if (user.changed('password' as never)) user.set('password', hashOf(String(user.get('password'))))
        },
      },
    },
  ],
  'in beforeCreate and beforeUpdate': [
    { password: { type: text, validate: { len: [8, 40] } } },
    {
      hooks: {
        beforeCreate: hashIfGiven,
        beforeUpdate: (user: Model) => {
          if (user.changed('password' as never)) hashIfGiven(user)
        },
      },
    },
  ],
  'in beforeCreate alone': [{ password: text }, { hooks: { beforeCreate: hashIfGiven } }],
  'in a setter': [
    {
      password: {
        type: text,
        set(this: Model, value: unknown) {
          this.setDataValue('password' as never, hashOf(String(value)))
        },
      },
    },
    {},
  ],
  'in the setter of a virtual attribute': [
    {
      passwordHash: text,
      password: {
        type: DataTypes.VIRTUAL,
        set(this: Model, value: unknown) {
          this.setDataValue('password' as never, value)
          this.setDataValue('passwordHash' as never, hashOf(String(value)))
        },
        validate: { len: [8, 40] },
      },
    },
    {},
    'passwordHash',
  ],
  'nowhere, with a rule of the whole model that users have a password': [
    { password: text },
    {
      validate: {
        passwordIsThere(this: Model) {
          if (!/^[\da-f]{32}$/.test(String(this.get('username'))) && this.get('password') == null)
            throw new Error('no password')
        },
      },
    },
  ],
}

function hashIfGiven(user: Model): void {
  const password: unknown = user.get('password')
  if (typeof password === 'string') user.set('password', hashOf(password))
}

describe('a users model that hashes passwords', () => {
  for (const [where, [attributes, options, column = 'password']] of Object.entries(models)) {
    const defineUser = plainUser({ email, ...attributes }, options)

    it(`${where} does not hash the hash of a conversion again: the password that was typed logs in`, async () => {
      await withModel(defineUser, column, {}, async ({ host }) => {
        const browser = await guestOf(host)
        assert.equal((await post(browser, fred, '/become')).status, 303)
        assert.deepEqual([await login(host, fred), await host.Guest.count()], [200, 0])
        assert.equal(await login(host, { ...fred, password: 'another one' }), 401)
      })
    })

    it(`${where} gets no plain password with verifyEmail either: what is stored meanwhile is the hash, once`, async () => {
      const verifyEmail = { send: () => undefined, baseUrl: 'https://example.test' }
      await withModel(defineUser, column, { verifyEmail }, async ({ host, links }) => {
        const browser = await guestOf(host)
        assert.equal((await post(browser, ginger, '/become')).status, 303)
        const [pending] = (await host.sequelize.models['PendingConversion']?.findAll()) ?? []
        const details = pending?.get('details') as Record<string, unknown>
        assert.deepEqual(details, {
          username: 'ginger',
          email: 'ginger@example.test',
          [column]: hashOf(ginger.password),
        })
        const answer = await host
          .browser()
          .post(links[0] ?? '')
          .set('Accept', HTML)
        assert.deepEqual([answer.status, await login(host, ginger)], [200, 200])
      })
    })
  }

  it('and does so at every save, whether or not it changed, is refused at the conversion: the guest stays a guest', async () => {
    const hooks = { beforeUpdate: hashIfGiven }
    await withModel(plainUser({ password: text }, { hooks }), 'password', {}, async ({ host }) => {
      const browser = await guestOf(host)
      const { status, text: answer } = await post(browser, fred, '/become')
      assert.equal(status, 500)
      assert.match(answer, /a hook of User changes .+password.+ let it do so only if user\.changed/s)
      assert.deepEqual(
        [await host.Guest.count(), await host.User.count({ where: { password: null } })],
        [1, 1],
      )
    })
  })
})

describe('a validator of the attribute for the password', () => {
  const validated = (validate: ModelValidateOptions, options: Partial<ModelOptions> = {}) =>
    plainUser({ password: { type: text, validate } }, options)

  it('that limits the length is asked about the typed password, and refuses a long one beside its field', async () => {
    await withModel(validated({ len: [8, 20] }), 'password', {}, async ({ host }) => {
      const browser = await guestOf(host)
      const long = 'correct horse battery staple'
      const refused = await post(browser, { ...fred, password: long, passwordAgain: long }, '/become')
      assert.deepEqual(
        [refused.status, errorsOf(refused.text)],
        [422, { password: 'At most 20 characters, please' }],
      )
      assert.equal((await post(browser, fred, '/become')).status, 303)
      assert.equal(await login(host, fred), 200)
    })
  })

  it('that limits the length is heeded by a model with hooks, although it would accept the hash', async () => {
    const hooks = { beforeSave: () => undefined }
    await withModel(validated({ len: [14, 100] }, { hooks }), 'password', {}, async ({ host }) => {
      const browser = await guestOf(host)
      const refused = await post(browser, fred, '/become')
      assert.deepEqual(
        [refused.status, errorsOf(refused.text)],
        [422, { password: 'At least 14 characters, please' }],
      )
      const long = 'correct horse battery staple'
      const accepted = await post(browser, { ...fred, password: long, passwordAgain: long }, '/become')
      assert.equal(accepted.status, 303)
    })
  })

  it('that is a regular expression is asked about the typed password, in its own words', async () => {
    const validate = { is: { args: /^[a-z ]+$/, msg: 'Only small letters, please' } }
    await withModel(validated(validate), 'password', {}, async ({ host }) => {
      const browser = await guestOf(host)
      const typed = { ...fred, password: 'Correct Horse', passwordAgain: 'Correct Horse' }
      const refused = await post(browser, typed, '/become')
      assert.deepEqual(
        [refused.status, errorsOf(refused.text)],
        [422, { password: 'Only small letters, please' }],
      )
      assert.equal((await post(browser, fred, '/become')).status, 303)
      assert.equal(await login(host, fred), 200)
    })
  })

  it('that expects the format of a hash is asked about the hash, by a model without hooks', async () => {
    await withModel(validated({ is: /^\$s\$[\da-f]{64}$/ }), 'password', {}, async ({ host }) => {
      const browser = await guestOf(host)
      assert.equal((await post(browser, fred, '/become')).status, 303)
      assert.equal(await login(host, fred), 200)
    })
  })
})

describe('the column for the hash', () => {
  it('must not be a virtual attribute: the router is refused at start-up', async () => {
    const defineUser = plainUser({ password: DataTypes.VIRTUAL, digest: text })
    await withModel(defineUser, 'digest', { passwordField: 'digest' }, ({ host: { Guest } }) => {
      assert.throws(
        () => convertRouter({ Guest, hashPassword: hashOf }),
        /TypeError: convertRouter: option 'passwordField' must name the column for the hash: User has no column for the virtual attribute 'password'/,
      )
      return Promise.resolve()
    })
  })

  it('that is too short for the hash is named in the error, and the guest stays a guest', async () => {
    const short = plainUser({ password: DataTypes.STRING(60) })
    await withModel(short, 'password', {}, async ({ host }) => {
      const browser = await guestOf(host)
      const { status, text: answer } = await post(browser, fred, '/become')
      assert.equal(status, 500)
      assert.match(answer, /hashPassword gives 67 characters, and User\.password has 60/)
      assert.equal(await host.Guest.count(), 1)
    })
  })
})
