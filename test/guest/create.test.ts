import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DataTypes, type Model, type ModelAttributes, type ModelOptions } from 'sequelize'
import { GuestStrategy } from '../../src/index.js'
import { plainUser, startHost, type Host, type HostOptions } from '../support/host-application.js'

/* Users models as applications write them, and the guests that are made of them. */

async function withHost(options: HostOptions, test: (host: Host) => Promise<void>): Promise<void> {
  const host = await startHost(options)
  try {
    await test(host)
  } finally {
    await host.close()
  }
}

/** Makes a guest by a request, and returns the attributes of the users row. */
async function play(host: Host): Promise<Record<string, unknown>> {
  const response = await host.browser().get('/play')
  assert.equal(response.status, 200, response.text)
  return (response.body as { user: Record<string, unknown> }).user
}

/** The error of the strategy for a users model without `createUser`. */
async function refusalOf(attributes: ModelAttributes, options: Partial<ModelOptions> = {}): Promise<string> {
  // The host itself starts, with a function that could make its users.
  const guestStrategy = { createUser: () => Promise.reject(new Error('no guest is made here')) }
  let message = ''
  await withHost({ defineUser: plainUser(attributes, options), guestStrategy }, ({ Guest }) => {
    try {
      new GuestStrategy({ Guest })
    } catch (error) {
      message = String(error)
    }
    return Promise.resolve()
  })
  return message
}

const emailAsUsername = (length: number) => ({
  email: {
    type: DataTypes.STRING(length),
    allowNull: false,
    unique: true,
    validate: { isEmail: true },
  },
  username: DataTypes.STRING,
})

describe('a guest', () => {
  it('has an address for a username where usernameField is an e-mail address that is validated', async () => {
    const defineUser = plainUser(emailAsUsername(60))
    await withHost({ defineUser, guest: { usernameField: 'email' } }, async (host) => {
      const { email } = await play(host)
      assert.match(String(email), /^[\da-f]{32}@guest\.invalid$/)
      const again = await host.Guest.createGuestUser()
      assert.notEqual(again.get('email'), email)
    })
  })

  it('has a shorter address where the column is short', async () => {
    const defineUser = plainUser(emailAsUsername(30))
    await withHost({ defineUser, guest: { usernameField: 'email' } }, async (host) => {
      assert.match(String((await play(host))['email']), /^[\da-f]{16}@guest\.invalid$/)
    })
    const email = { type: DataTypes.STRING(40), allowNull: false, unique: true }
    await withHost({ defineUser: plainUser({ email }) }, async (host) => {
      const { username = '', email: address } = (await play(host)) as { username?: string; email?: string }
      assert.deepEqual([address, address?.length], [`${username}@guest.invalid`, 40])
    })
  })

  it('has a username as short as a validator of the model wants it', async () => {
    const username = {
      type: DataTypes.STRING(150),
      unique: true,
      validate: { len: { args: [3, 20] as [number, number], msg: 'too long' } },
    }
    await withHost({ defineUser: plainUser({ username }) }, async (host) => {
      assert.match(String((await play(host))['username']), /^[\da-f]{20}$/)
    })
  })

  it('is made by a model that hashes in a hook, if the hook asks whether there is a password', async () => {
    const hooks = {
      beforeSave(user: Model) {
        if (user.changed('password' as never)) throw new Error('there is nothing to hash')
      },
    }
    await withHost({ defineUser: plainUser({ password: DataTypes.STRING }, { hooks }) }, async (host) => {
      assert.equal((await play(host))['password'] ?? null, null)
    })
  })
})

describe('GuestStrategy is refused at start-up', () => {
  it('where a password is required, although the model has a hook that hashes it', async () => {
    const password = { type: DataTypes.STRING, allowNull: false }
    const hooks = { beforeSave: () => undefined, beforeCreate: () => undefined }
    assert.match(
      await refusalOf({ password }, { hooks }),
      /TypeError: GuestStrategy: option 'createUser' is needed, because User requires password: /,
    )
  })

  it('where a role of an ENUM is required and has no default', async () => {
    const role = { type: DataTypes.ENUM('member', 'admin'), allowNull: false }
    assert.match(await refusalOf({ role }), /option 'createUser' is needed, because User requires role/)
  })

  it('where the column for the e-mail address is too short for that of a guest', async () => {
    const email = { type: DataTypes.STRING(20), allowNull: false }
    assert.match(
      await refusalOf({ email }),
      /TypeError: GuestStrategy: User\.email takes 20 characters, too few for a guest's address, .+ let it take 22 or more, or give option 'createUser'/,
    )
  })
})
