import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Transaction } from 'sequelize'
import { cleanup } from '../../src/index.js'
import { DAY } from '../support/clock.js'
import { dialect, isEmbedded } from '../support/database.js'
import { emptied, guestsOf, stageOf, type Stage } from './stage.js'

let app: Stage
before(async () => {
  app = await stageOf()
})
after(() => app.close())
beforeEach(() => emptied(app))

const outcomes = () => app.sequelize.model('GuestOutcome').sum('guests')

describe('several clean-ups at the same time', () => {
  it('share the work: each guest is deleted once and counted once', async () => {
    await guestsOf(app, 300)
    const results = await Promise.all(
      Array.from({ length: 3 }, () => cleanup({ Guest: app.Guest }, { batchSize: 20 })),
    )
    // MySQL also locks rows that a batch reads and does not take. Two clean-ups can leave such a row to each other, and so to the next run.
    if (dialect === 'mysql') results.push(await cleanup({ Guest: app.Guest }))
    assert.equal(
      results.reduce((sum, { guests }) => sum + guests, 0),
      300,
    )
    assert.ok(results.every(({ isComplete }) => isComplete))
    assert.deepEqual([await app.User.count(), await app.Todo.count(), await outcomes()], [0, 0, 300])
  })
})

/** Does something while another transaction is open that has not been committed yet. */
async function during(
  open: (transaction: Transaction) => Promise<unknown>,
  work: () => Promise<unknown>,
): Promise<void> {
  await app.sequelize.transaction(async (transaction) => {
    await open(transaction)
    await work()
  })
}

// The embedded database and SQLite have one writer: no two transactions overlap.
if (!isEmbedded && dialect !== 'sqlite') {
  describe('a clean-up during an open transaction of a request', () => {
    it('does not wait for a conversion, and keeps that guest', async () => {
      const [converting] = await guestsOf(app, 3)
      const id = converting?.id ?? 0
      await during(
        (transaction) => app.Guest.convert(id, { username: 'fred' }, { transaction }),
        async () => {
          assert.equal((await cleanup({ Guest: app.Guest })).guests, 2)
        },
      )
      assert.equal((await app.User.findByPk(id))?.username, 'fred')
      assert.equal(await app.Todo.count({ where: { userId: id } }), 2)
      assert.equal((await cleanup({ Guest: app.Guest })).guests, 0)
    })

    it('does not wait for an update of lastSeenAt, and keeps that guest', async () => {
      const sliding = await stageOf({ guest: { expiry: 'sliding' } })
      try {
        const [back] = await guestsOf(sliding, 3)
        const userId = back?.id ?? 0
        await sliding.sequelize.transaction(async (transaction) => {
          await sliding.Guest.update({ lastSeenAt: new Date() }, { where: { userId }, transaction })
          assert.equal((await cleanup({ Guest: sliding.Guest })).guests, 2)
        })
        assert.equal((await cleanup({ Guest: sliding.Guest })).guests, 0)
        assert.ok(await sliding.User.findByPk(userId))
      } finally {
        await sliding.close()
      }
    })

    it('does not wait for an insert of a guest’s row, and keeps that guest until the next run', async () => {
      const [busy] = await guestsOf(app, 3)
      const userId = busy?.id ?? 0
      await during(
        (transaction) => app.Todo.create({ title: 'three', userId }, { transaction }),
        async () => {
          assert.equal((await cleanup({ Guest: app.Guest })).guests, 2)
        },
      )
      assert.equal(await app.Todo.count({ where: { userId } }), 3)
      assert.equal((await cleanup({ Guest: app.Guest })).guests, 1)
    })

    it('does not wait for an update of a pass, and keeps that pass', async () => {
      const expiresAt = new Date(Date.now() - 40 * DAY * 1000)
      const pass = await app.Visitor.create({ email: 'a@example.test', scope: 'X', expiresAt })
      await app.Visitor.create({ email: 'b@example.test', scope: 'X', expiresAt })
      await during(
        (transaction) => pass.update({ expiresAt: new Date(Date.now() + DAY * 1000) }, { transaction }),
        async () => {
          assert.equal((await cleanup({ Visitor: app.Visitor })).passes, 1)
        },
      )
      assert.equal((await cleanup({ Visitor: app.Visitor })).passes, 0)
      assert.ok(await app.Visitor.findByPk(pass.id))
    })
  })

  describe('a request that begins while its guest is being deleted', () => {
    it('either fails to store a pending conversion or keeps the guest, so that no stored link is lost', async () => {
      const PendingConversion = app.sequelize.model('PendingConversion')
      const expiresAt = new Date(Date.now() + DAY * 1000)
      const users = await guestsOf(app, 400)
      const promised = new Set<number>()
      const state = { isOver: false }
      const writers = Array.from({ length: 5 }, async (_, writer) => {
        for (let place = writer; !state.isOver && place < users.length; place += 5) {
          const id = users[users.length - 1 - place]?.id ?? 0
          const pending = {
            userId: id,
            email: 'a@example.test',
            details: {},
            tokenHash: crypto.randomUUID(),
            expiresAt,
          }
          await PendingConversion.create(pending).then(
            () => promised.add(id),
            () => undefined, // the guest is gone
          )
        }
      })
      // Younger than their time: to the application these are guests like any other.
      await cleanup({ Guest: app.Guest }, { maxAge: DAY, batchSize: 10 })
      state.isOver = true
      await Promise.all(writers)
      const kept = await PendingConversion.findAll({ raw: true })
      assert.ok(promised.size > 0)
      assert.equal(kept.length, promised.size)
    })

    it('fails with NotGuestError if it converts the guest, and no row of the guest is left', async () => {
      const [going] = await guestsOf(app, 1)
      const id = going?.id ?? 0
      const conversion: { outcome?: Promise<unknown> } = {}
      const keep = {
        guests: async () => {
          conversion.outcome = app.Guest.convert(id, { username: 'fred' }).catch((error: unknown) => error)
          await new Promise((resolve) => setTimeout(resolve, 50)) // so that it waits for the lock
          return false
        },
      }
      assert.equal((await cleanup({ Guest: app.Guest }, { keep })).guests, 1)
      assert.equal((await (conversion.outcome as Promise<{ code?: string }>)).code, 'ERR_NOT_GUEST')
      assert.deepEqual([await app.User.count(), await app.Todo.count(), await outcomes()], [0, 0, 1])
    })
  })
}

if (!isEmbedded && dialect === 'postgres') {
  describe('a clean-up that meets rows locked by another transaction', () => {
    it('waits half a second, leaves that guest to the next run, and deletes the other guests', async () => {
      const users = await guestsOf(app, 10)
      const busy = await app.Todo.findOne({ where: { userId: users[4]?.id ?? 0 }, rejectOnEmpty: true })
      await during(
        (transaction) => busy.update({ title: 'held' }, { transaction }),
        async () => {
          const { guests, failed, isComplete } = await cleanup({ Guest: app.Guest })
          assert.deepEqual([guests, failed, isComplete], [9, 1, true])
        },
      )
      assert.equal((await cleanup({ Guest: app.Guest })).guests, 1)
    })
  })
}
