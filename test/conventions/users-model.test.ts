import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataTypes, QueryTypes, type FindAttributeOptions, type Model, type Sequelize } from 'sequelize'
import { quotedTable } from '../../src/database/columns.js'
import { dialect } from '../support/database.js'
import { plainUser, startHost, type Host, type HostOptions } from '../support/host-application.js'
import { rows, walkStory, who } from './story.js'

async function withHost(options: HostOptions, run: (host: Host) => Promise<unknown>): Promise<void> {
  const host = await startHost(options)
  try {
    await run(host)
  } finally {
    await host.close()
  }
}

test('a guest whom the application has soft-deleted is not restored, and the session ends', async () => {
  await withHost({ defineUser: plainUser({}, { paranoid: true }) }, async (host) => {
    await walkStory(host)
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    assert.equal((await who(browser.get('/who'))).user?.['deletedAt'], null)
    await host.User.destroy({ where: { id: key } })
    assert.equal(await rows(host, host.User), 2, 'the row is kept')
    host.takeStatements()
    assert.equal((await who(browser.get('/who'))).user, null)
    assert.equal(host.takeStatements().length, 1)

    await host.User.restore({ where: { id: key } })
    const again = await who(host.browser().get('/play'))
    assert.notEqual(again.key, key)
  })
})

test('a soft delete by a column of another name ends the session', async () => {
  const options = { paranoid: true, deletedAt: 'leftOn', underscored: true }
  await withHost({ defineUser: plainUser({}, options) }, async (host) => {
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    const restored = await who(browser.get('/who'))
    assert.deepEqual([restored.key, restored.user?.['leftOn']], [key, null])
    await host.User.destroy({ where: { id: key } })
    assert.equal((await who(browser.get('/who'))).user, null)
  })
})

test('a soft delete ends the session if a default date, not null, marks the rows that are not deleted', async () => {
  const never = new Date(0)
  const deletedAt = { type: DataTypes.DATE, allowNull: false, defaultValue: never }
  await withHost({ defineUser: plainUser({ deletedAt }, { paranoid: true }) }, async (host) => {
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    assert.equal((await who(browser.get('/who'))).key, key)
    await host.User.destroy({ where: { id: key } })
    assert.equal((await who(browser.get('/who'))).user, null)
  })
})

test('a converted guest has no Guest row, although the application soft-deletes all models', async () => {
  await withHost({ database: { define: { paranoid: true } }, defineUser: plainUser() }, async (host) => {
    await walkStory(host)
    assert.equal(await rows(host, host.Guest), 0)
    const pass = await host.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context: null })
    await pass.destroy()
    assert.equal(await host.Visitor.count(), await rows(host, host.Visitor))
  })
})

test('a username of a soft-deleted user is not given to a guest, and causes no error', async () => {
  const names = ['taken', 'taken', 'free']
  const options: HostOptions = {
    defineUser: plainUser({}, { paranoid: true }),
    guestStrategy: { generateUsername: () => names.shift() ?? 'spare' },
  }
  await withHost(options, async (host) => {
    const holder = await host.User.create({ username: 'taken' })
    await holder.destroy()
    const guest = await who(host.browser().get('/play'))
    assert.equal(guest.user?.['username'], 'free')
  })
})

const password = { type: DataTypes.STRING, defaultValue: 'hash' }

const scopes: readonly (readonly [string, FindAttributeOptions])[] = [
  ['excludes', { exclude: ['password'] }],
  ['leaves out of its list', ['id', 'username']],
]
for (const [name, attributes] of scopes) {
  test(`a column that the default scope ${name} is absent from later requests, without a further statement`, async () => {
    const options = { defaultScope: { attributes } }
    await withHost({ defineUser: plainUser({ password }, options) }, async (host) => {
      await walkStory(host)
      const browser = host.browser()
      await browser.get('/play')
      assert.ok(!('password' in ((await who(browser.get('/who'))).user ?? {})))
      assert.equal(
        (await host.User.unscoped().findOne({ where: { username: 'ada' } }))?.get('password'),
        'hash',
      )
    })
  })
}

test('a user whom the default scope hides is not restored, without a further statement', async () => {
  const active = { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true }
  const options = { defaultScope: { where: { active: true } } }
  await withHost({ defineUser: plainUser({ active }, options) }, async (host) => {
    await walkStory(host, { createdInOne: false })
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    await host.User.update({ active: false }, { where: { id: key } })
    host.takeStatements()
    assert.equal((await who(browser.get('/who'))).user, null)
    assert.equal(host.takeStatements().length, 1)
  })
})

test('the associations that the default scope includes are loaded, also while a guest is converted', async () => {
  const defineUser = (sequelize: Sequelize) => {
    const User = plainUser()(sequelize)
    const Badge = sequelize.define('Badge', { label: { type: DataTypes.STRING } })
    User.hasMany(Badge, { as: 'badges', foreignKey: 'ownerId' })
    Badge.belongsTo(User, { foreignKey: 'ownerId' })
    User.addScope('defaultScope', { include: [{ model: Badge, as: 'badges' }] }, { override: true })
    return User
  }
  await withHost({ defineUser }, async (host) => {
    await walkStory(host, { createdInOne: false })
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    for (const label of ['first', 'second'])
      await host.sequelize.models['Badge']?.create({ label, ownerId: key })
    const { user } = await who(browser.get('/who'))
    assert.deepEqual((user?.['badges'] as { label: string }[]).map(({ label }) => label).sort(), [
      'first',
      'second',
    ])
    assert.ok(!('guest' in (user ?? {})))
  })
})

test('a default scope for every model of the application hides no rows from our models', async () => {
  const define = { defaultScope: { attributes: { exclude: ['createdAt', 'updatedAt'] } } }
  await withHost({ database: { define }, defineUser: plainUser() }, async (host) => {
    await walkStory(host)
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    const { user } = await who(browser.get('/who'))
    assert.deepEqual(Object.keys(user ?? {}), ['id', 'username'])
    assert.ok((await host.Guest.findByPk(String(key)))?.expiresAt)
  })
})

test('hooks of the users model run when a guest is made, and what they change is saved', async () => {
  const heard: string[] = []
  const defineUser = (sequelize: Sequelize) => {
    const User = plainUser({ nickname: { type: DataTypes.STRING } })(sequelize)
    User.addHook('beforeValidate', () => void heard.push('beforeValidate'))
    User.addHook('beforeCreate', (user: Model) => {
      heard.push('beforeCreate')
      user.set('nickname', 'newcomer')
    })
    User.addHook('afterCreate', (user: Model, { transaction }) => {
      heard.push(`afterCreate ${String(user.get('id'))} ${transaction ? 'in' : 'outside'} the transaction`)
    })
    return User
  }
  await withHost({ defineUser }, async (host) => {
    const { key, user } = await walkStory(host, { createdInOne: false })
    assert.deepEqual(heard.slice(0, 3), [
      'beforeValidate',
      'beforeCreate',
      `afterCreate ${String(key)} in the transaction`,
    ])
    assert.equal(user?.['nickname'], 'newcomer')
    assert.equal((await host.User.findByPk(String(key)))?.get('nickname'), 'newcomer')
  })
})

for (const hook of [
  'beforeValidate',
  'afterValidate',
  'beforeCreate',
  'beforeSave',
  'afterSave',
  'afterCreate',
] as const) {
  test(`a ${hook} hook runs although it is the only hook, and it can refuse the guest`, async () => {
    const defineUser = (sequelize: Sequelize) => {
      const User = plainUser()(sequelize)
      User.addHook(hook as 'beforeCreate', () => {
        throw new Error('not today')
      })
      return User
    }
    await withHost({ defineUser }, async (host) => {
      const response = await host.browser().get('/play')
      assert.deepEqual([response.status, (response.body as Error).message], [500, 'not today'])
      assert.deepEqual([await rows(host, host.User), await rows(host, host.Guest)], [0, 0])
    })
  })
}

test('hooks for every model of the Sequelize instance run when a guest is made, and converted', async () => {
  const heard: string[] = []
  const note = (what: string) => (instance: Model) => void heard.push(`${what} ${instance.constructor.name}`)
  const defineUser = (sequelize: Sequelize) => {
    sequelize.addHook('beforeCreate', note('beforeCreate'))
    sequelize.addHook('afterCreate', note('afterCreate'))
    sequelize.addHook('beforeUpdate', note('beforeUpdate'))
    return plainUser()(sequelize)
  }
  await withHost({ defineUser }, async (host) => {
    await walkStory(host, { createdInOne: false })
    assert.deepEqual(heard.slice(0, 5), [
      'beforeCreate User',
      'afterCreate User',
      'beforeCreate Guest',
      'afterCreate Guest',
      'beforeUpdate User',
    ])
  })
})

test('hooks that `define` gives to every model run for the user of a new guest, and not for our own models', async () => {
  const heard: string[] = []
  const hooks = { beforeCreate: (instance: Model) => void heard.push(instance.constructor.name) }
  await withHost({ database: { define: { hooks } }, defineUser: plainUser() }, async (host) => {
    await walkStory(host, { createdInOne: false })
    assert.deepEqual(heard, ['User'])
  })
})

test('a hook that reads of users have is run for every page', async () => {
  let finds = 0
  const hooks = { beforeFind: () => void (finds += 1) }
  await withHost({ defineUser: plainUser({}, { hooks }) }, async (host) => {
    const browser = host.browser()
    await browser.get('/play')
    finds = 0
    await who(browser.get('/who'))
    assert.equal(finds, 1)
  })
})

test('a hook hashes the password of a guest who converts, as it does for every other user', async () => {
  const hooks = {
    beforeUpdate: (user: Model) => {
      if (user.changed('username' as never)) user.set('username', `${String(user.get('username'))}!`)
    },
  }
  await withHost({ defineUser: plainUser({}, { hooks }) }, async (host) => {
    const browser = host.browser()
    await browser.get('/play')
    const { user } = await who(browser.post('/convert').send({ username: 'ada' }))
    assert.equal(user?.['username'], 'ada!')
  })
})

test('a username that a validator refuses creates no guest, and the error names the reason', async () => {
  const username = {
    type: DataTypes.STRING(150),
    unique: true,
    validate: { isUppercase: true },
  }
  await withHost({ defineUser: plainUser({ username }) }, async (host) => {
    const response = await host.browser().get('/play')
    const { name, message } = response.body as Error
    assert.deepEqual([response.status, name], [500, 'SequelizeValidationError'])
    assert.match(message, /username/)
    assert.deepEqual([await rows(host, host.User), await rows(host, host.Guest)], [0, 0])
  })
})

test('a username that the validators accept still creates a guest in a single statement', async () => {
  const username = {
    type: DataTypes.STRING(150),
    unique: true,
    validate: { len: [3, 10] as [number, number] },
  }
  const options: HostOptions = {
    defineUser: plainUser({ username }, { validate: { always: () => undefined } }),
    guestStrategy: { generateUsername: () => 'visiting' },
  }
  await withHost(options, async (host) => {
    const { user } = await walkStory(host)
    assert.equal(user?.['username'], 'visiting')
    const browser = host.browser()
    await browser.get('/play')
    const refused = await browser.post('/convert').send({ username: 'a' })
    assert.equal((refused.body as Error).name, 'SequelizeValidationError')
    assert.equal(await rows(host, host.Guest), 1, 'a conversion that fails leaves the guest a guest')
  })
})

test('a validator of the whole model runs before a guest is created', async () => {
  const validate = {
    notYet: () => {
      throw new Error('closed for today')
    },
  }
  await withHost({ defineUser: plainUser({}, { validate }) }, async (host) => {
    const response = await host.browser().get('/play')
    assert.equal(response.status, 500)
    assert.match((response.body as Error).message, /closed for today/)
    assert.equal(await rows(host, host.User), 0)
  })
})

test('a column without a default that must not be null is refused at start-up, not at the first guest', async () => {
  const country = { type: DataTypes.STRING(2), allowNull: false }
  await assert.rejects(
    withHost({ defineUser: plainUser({ country }) }, () => Promise.resolve()),
    /option 'createUser' is needed, because User requires country/,
  )
})

test('a new guest’s row has the defaults of every type', async () => {
  const defineUser = plainUser({
    age: { type: DataTypes.INTEGER, defaultValue: 7 },
    active: { type: DataTypes.BOOLEAN, defaultValue: true },
    settings: { type: DataTypes.JSON, defaultValue: { theme: 'dark' } },
    born: { type: DataTypes.DATE(3), defaultValue: () => new Date(0) },
  })
  await withHost({ defineUser }, async (host) => {
    await host.browser().get('/play').expect(200)
    const user = await host.User.findOne({ rejectOnEmpty: true })
    const { age, active, settings, born } = user.get() as Record<string, unknown>
    assert.deepEqual([age, Boolean(active), settings, born], [7, true, { theme: 'dark' }, new Date(0)])
  })
})

test('values that the database generates are available in the request that creates the guest', async () => {
  const defineUser = (sequelize: Sequelize) =>
    plainUser({
      number: { type: DataTypes.INTEGER, defaultValue: sequelize.literal('42') },
      joined: { type: DataTypes.DATE, defaultValue: DataTypes.NOW },
    })(sequelize)
  await withHost({ defineUser }, async (host) => {
    const browser = host.browser()
    const created = await who(browser.get('/play'))
    const restored = await who(browser.get('/who'))
    assert.equal(restored.user?.['number'], 42)
    if (dialect === 'postgres') assert.equal(created.user?.['number'], 42)
    assert.ok(restored.user['joined'])
  })
})

test('the columns have the same types as in the application’s own queries', async () => {
  const defineUser = plainUser({
    price: { type: DataTypes.DECIMAL(10, 2), defaultValue: '12.50' },
    birthday: { type: DataTypes.DATEONLY, defaultValue: '2001-02-03' },
    big: { type: DataTypes.BIGINT, defaultValue: 12 },
    flag: { type: DataTypes.BOOLEAN, defaultValue: true },
    kind: { type: DataTypes.ENUM('one', 'other'), defaultValue: 'other' },
    ...(dialect === 'postgres' && {
      tags: { type: DataTypes.ARRAY(DataTypes.STRING), defaultValue: ['a', 'b'] },
      document: { type: DataTypes.JSONB, defaultValue: { deep: [1] } },
      span: { type: DataTypes.RANGE(DataTypes.INTEGER), defaultValue: [1, 5] },
    }),
  })
  await withHost({ defineUser }, async (host) => {
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    const { user } = await who(browser.get('/who'))
    const own = await host.User.findByPk(String(key), { rejectOnEmpty: true })
    assert.deepEqual(user, JSON.parse(JSON.stringify(own)))
  })
})

test('the user of a request can be changed, saved, reloaded and serialised like any other instance', async () => {
  const options: HostOptions = {
    // A hook on reading takes the way through the ORM, which the other databases go anyway.
    defineUser: plainUser(
      { nickname: { type: DataTypes.STRING } },
      { hooks: { afterFind: () => undefined } },
    ),
    routes(app) {
      app.get('/rename', (req, res, next) => {
        const user = req.user as unknown as Model
        user
          .update({ nickname: 'renamed' })
          .then(() => user.reload())
          .then((reloaded) => res.json(reloaded.toJSON()), next)
      })
    },
  }
  await withHost(options, async (host) => {
    const browser = host.browser()
    const { user } = await who(browser.get('/play'))
    const renamed = (await browser.get('/rename')).body as Record<string, unknown>
    assert.deepEqual([renamed['id'], renamed['nickname']], [user?.['id'], 'renamed'])
    assert.ok(!('guest' in renamed), 'the JSON of a user grows no guest')
    const [row] = await host.sequelize.query<{ nickname: string }>(
      `SELECT nickname FROM ${quotedTable(host.User)}`,
      { type: QueryTypes.SELECT },
    )
    assert.equal(row?.nickname, 'renamed')
  })
})
