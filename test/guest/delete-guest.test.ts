import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { GuestNotDeleted, NotGuestError } from '../../src/index.js'
import { guestSettings } from '../../src/guest/guest.js'
import { startApplication, type TestApp, type TestAppOptions } from '../support/application.js'

const PASSWORD_HASH = 'a hash'

let app: TestApp | undefined

afterEach(async () => {
  await app?.close()
  app = undefined
})

async function start(options: TestAppOptions = {}): Promise<TestApp> {
  app = await startApplication({
    ...options,
    routes: (host, { passport }) => {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(req.user)
      })
      host.get('/me', (req, res) => {
        res.json(req.user ?? null)
      })
    },
  })
  return app
}

describe('Guest.delete', () => {
  it('deletes the users row and the Guest row, ends the session, and counts the guest as deleted', async () => {
    const { browser, Guest, User } = await start()
    const agent = browser()
    const { id } = (await agent.get('/play').expect(200)).body as { id: number }
    await Guest.delete(id)
    assert.equal(await User.count(), 0)
    assert.equal(await Guest.count(), 0)
    assert.equal((await agent.get('/me').expect(200)).body, null)
    const outcomes = await Guest[guestSettings].Outcome.findAll()
    assert.deepEqual(
      outcomes.map(({ outcome, guests }) => ({ outcome, guests })),
      [{ outcome: 'deleted', guests: 1 }],
    )
  })

  it('never deletes a regular user, nor a guest who was converted meanwhile', async () => {
    const { Guest, User } = await start()
    const regular = await User.create({ username: 'fred', password: PASSWORD_HASH })
    await assert.rejects(Guest.delete(regular), NotGuestError)
    const guest = await Guest.createGuestUser()
    await Guest.convert(guest, { username: 'ginger', password: PASSWORD_HASH })
    await assert.rejects(Guest.delete(guest), NotGuestError)
    assert.equal(await User.count(), 2)
  })

  it('lets one of a conversion and a deletion at once win, and no users row is half deleted', async () => {
    const { Guest, User } = await start()
    for (let round = 0; round < 10; round++) {
      const guest = await Guest.createGuestUser()
      const [converted, deleted] = await Promise.allSettled([
        Guest.convert(guest, { username: `ginger ${round}` }),
        Guest.delete(guest),
      ])
      const winners = [converted, deleted].filter(({ status }) => status === 'fulfilled')
      assert.equal(winners.length, 1)
      const user = await User.findByPk(guest.id)
      assert.equal(user !== null, converted.status === 'fulfilled')
    }
    assert.equal(await Guest.count(), 0)
  })

  it('is undone with the caller’s transaction', async () => {
    const { Guest, User, sequelize } = await start()
    const guest = await Guest.createGuestUser()
    await assert.rejects(
      sequelize.transaction(async (transaction) => {
        await Guest.delete(guest, { transaction })
        throw new Error('the caller gives up')
      }),
      /gives up/,
    )
    assert.equal(await User.count(), 1)
    assert.equal(await Guest.count(), 1)
  })

  it('deletes nothing if a foreign key without a cascade refers to the guest, and names the reason', async () => {
    const { Guest, User, sequelize } = await start()
    const Invoice = sequelize.define('Invoice', { userId: { type: DataTypes.INTEGER, allowNull: false } })
    Invoice.belongsTo(User, { foreignKey: 'userId', onDelete: 'RESTRICT' })
    await Invoice.sync()
    const guest = await Guest.createGuestUser()
    await Invoice.create({ userId: guest.id })
    await assert.rejects(Guest.delete(guest), (error) => {
      assert.ok(error instanceof GuestNotDeleted)
      assert.equal(error.code, 'ERR_GUEST_NOT_DELETED')
      assert.match(error.message, /refers to it/)
      return true
    })
    assert.equal(await Guest.count(), 1)
    assert.equal(await User.count(), 1)
  })
})
