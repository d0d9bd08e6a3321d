import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Transaction, UniqueConstraintError } from 'sequelize'
import { NotGuestError, UsernameExhausted, type ConvertContext } from '../../../src/index.js'
import { startApplication, type TestApp, type User } from '../../support/application.js'
import { dialect, isEmbedded } from '../../support/database.js'

let app: TestApp
let converted: ConvertContext<User>[]
before(async () => {
  app = await startApplication({ guest: { onConvert: (context) => converted.push(context) } })
})
after(() => app.close())
beforeEach(async () => {
  converted = []
  await app.User.destroy({ where: {} })
})

const convert = async (username: string, more: object = {}, options: object = {}) =>
  app.Guest.convert(
    await app.Guest.createGuestUser(),
    { username, ...more },
    { findFreeUsername: true, ...options },
  )

describe('Guest.convert with findFreeUsername', () => {
  it('takes the name if it is free', async () => {
    assert.equal((await convert('fred')).username, 'fred')
  })

  it('puts digits after a name that is taken', async () => {
    await app.User.create({ username: 'fred' })
    const { username } = await convert('fred')
    assert.match(username, /^fred\d{2}$/)
    assert.equal(converted[0]?.values['username'], username)
  })

  it('stays within the column', async () => {
    const long = 'x'.repeat(150)
    await app.User.create({ username: long })
    assert.match((await convert(long)).username, /^x{148}\d{2}$/)
  })

  it('cuts a name that is longer than the column, and no character in half', async () => {
    const long = '\u{1F600}'.repeat(151)
    assert.equal((await convert(long)).username, '\u{1F600}'.repeat(150))
    assert.match((await convert(long)).username, /^\u{1F600}{148}\d{2}$/u)
  })

  if (!isEmbedded && dialect !== 'sqlite') {
    const { REPEATABLE_READ, SERIALIZABLE } = Transaction.ISOLATION_LEVELS
    for (const isolationLevel of [REPEATABLE_READ, SERIALIZABLE]) {
      it(`in a caller’s transaction finds one past a name that it cannot see: ${isolationLevel}`, async () => {
        const guest = await app.Guest.createGuestUser()
        const user = await app.sequelize.transaction({ isolationLevel }, async (transaction) => {
          if (dialect === 'postgres') await app.User.count({ transaction }) // from here on it sees what is there
          await app.User.create({ username: 'fred' }) // another user's
          return await app.Guest.convert(guest, { username: 'fred' }, { findFreeUsername: true, transaction })
        })
        assert.match(user.username, /^fred\d+$/)
      })

      it(`in a caller’s transaction a guest is made past such a name: ${isolationLevel}`, async () => {
        const names = ['ann', 'beth']
        const user = await app.sequelize.transaction({ isolationLevel }, async (transaction) => {
          if (dialect === 'postgres') await app.User.count({ transaction })
          await app.User.create({ username: 'ann' })
          return await app.Guest.createGuestUser({
            generateUsername: () => names.shift() ?? '',
            transaction,
          })
        })
        assert.equal(user.username, 'beth')
      })
    }
  }

  it('gives many at once a name each', async () => {
    const guests = await Promise.all(Array.from({ length: 8 }, () => app.Guest.createGuestUser()))
    const users = await Promise.all(
      guests.map((guest) => app.Guest.convert(guest, { username: 'ann' }, { findFreeUsername: true })),
    )
    assert.equal(new Set(users.map(({ username }) => username)).size, 8)
    assert.equal(await app.Guest.count(), 0)
  })

  it('tries nothing else if an e-mail address is what was taken, and leaves the guest whole', async () => {
    await app.User.create({ username: 'fred', email: 'fred@example.com' })
    await assert.rejects(convert('ginger', { email: 'fred@example.com' }), UniqueConstraintError)
    assert.equal(await app.Guest.count(), 1)
    assert.equal(converted.length, 0)
  })

  it('leaves the caller’s transaction usable', async () => {
    await app.User.create({ username: 'fred' })
    const guest = await app.Guest.createGuestUser()
    await app.sequelize.transaction(async (transaction) => {
      const user = await app.Guest.convert(
        guest,
        { username: 'fred' },
        { findFreeUsername: true, transaction },
      )
      await user.update({ email: 'fred@example.com' }, { transaction })
    })
    assert.match((await app.User.findByPk(guest.id, { rejectOnEmpty: true })).username, /^fred\d{2}$/)
  })

  it('goes on to more digits when all of two are taken', async () => {
    await app.User.bulkCreate(
      ['fred', ...Array.from({ length: 90 }, (_, i) => `fred${String(10 + i)}`)].map((username) => ({
        username,
      })),
    )
    const user = await convert('fred')
    assert.match(user.username, /^fred\d{3,}$/)
  })

  it('refuses users who are not guests', async () => {
    const regular = await app.User.create({ username: 'fred' })
    await assert.rejects(
      app.Guest.convert(regular, { username: 'fred' }, { findFreeUsername: true }),
      NotGuestError,
    )
  })

  it('tells onConvert of an address that is proven, and otherwise of none', async () => {
    await convert('fred', {}, { verifiedEmail: 'fred@example.com' })
    await convert('ginger')
    assert.deepEqual(
      converted.map(({ verifiedEmail }) => verifiedEmail),
      ['fred@example.com', undefined],
    )
  })
})

describe('a name space that is full', () => {
  it('is a clear error after ten attempts, and the guest stays a guest', async () => {
    const guest = await app.Guest.createGuestUser()
    app.User.addHook('beforeUpdate', 'everything-is-taken', () => {
      throw new UniqueConstraintError({})
    })
    await app.User.create({ username: 'fred' })
    // Every name that is offered is made to exist before it is asked for.
    app.User.addHook('beforeFind', 'and-exists', async (options) => {
      const { username } = (options.where ?? {}) as { username?: string }
      if (username !== undefined) await app.User.bulkCreate([{ username }], { ignoreDuplicates: true })
    })
    try {
      await assert.rejects(
        app.Guest.convert(guest, { username: 'fred' }, { findFreeUsername: true }),
        UsernameExhausted,
      )
      assert.equal(await app.Guest.count(), 1)
    } finally {
      app.User.removeHook('beforeUpdate', 'everything-is-taken')
      app.User.removeHook('beforeFind', 'and-exists')
    }
  })
})
