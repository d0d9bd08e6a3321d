import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueryInterface } from 'sequelize'
import { guestSettings } from '../../src/guest/guest.js'
import { migrationsFor } from '../../src/migrations/index.js'
import { readCatalog } from '../support/catalog.js'
import { plainUser } from '../support/host-application.js'
import { umzugFor, withModels, type Models } from './stage.js'

const NOW = new Date('2026-01-01T12:00:00.000Z')

/**
 * Rows as each migration leaves room for, by the number of migrations that have run; only columns that these have made. A
 * new migration adds what it makes room for, and changes none of these.
 */
const rowsAfter: readonly ((queryInterface: QueryInterface, models: Models) => Promise<unknown>)[] = [
  (queryInterface, { Visitor }) =>
    queryInterface.bulkInsert(Visitor.getTableName(), [
      {
        uuid: '5f6b1f0e-8d0c-4a55-9c44-0c6c7a3b2d11',
        email: 'ginger@example.com',
        scope: 'REFERENCE_REQUEST',
        context: JSON.stringify({ about: 'Fred' }),
        createdAt: NOW,
        updatedAt: NOW,
        expiresAt: NOW,
      },
    ]),
  async (queryInterface, { User, Guest }) => {
    const fred = await User.create({ username: 'fred' })
    const row = { userId: fred.get('id'), createdAt: NOW, lastSeenAt: NOW }
    await queryInterface.bulkInsert(Guest.getTableName(), [row])
  },
  async (queryInterface, { Guest }) => {
    const guest = await Guest.findOne({ attributes: ['userId'], rejectOnEmpty: true })
    const details = JSON.stringify({ username: 'fred' })
    await queryInterface.bulkInsert(Guest[guestSettings].PendingConversion.getTableName(), [
      {
        userId: guest.userId,
        email: 'fred@example.com',
        details,
        tokenHash: 'a'.repeat(64),
        createdAt: NOW,
        expiresAt: NOW,
      },
    ])
  },
]

const states = rowsAfter.length

for (let applied = 1; applied <= states; applied += 1) {
  test(`a database with rows, at which ${String(applied)} migrations have run, is taken to the newest tables with its rows`, async () => {
    await withModels({ defineUser: plainUser() }, async ({ models, users }) => {
      const { sequelize, Visitor, Guest } = models
      const umzug = umzugFor(models)
      for (const fill of rowsAfter.slice(0, applied)) {
        await umzug.up({ step: 1 })
        await fill(sequelize.getQueryInterface(), models)
      }
      await umzug.up()

      const pass = await Visitor.findOne({ rejectOnEmpty: true })
      assert.deepEqual(
        [pass.email, pass.context, pass.uses, pass.isActive, pass.createdAt],
        ['ginger@example.com', { about: 'Fred' }, 0, true, NOW],
      )
      const guests = await Guest.findAll()
      assert.deepEqual(
        guests.map(({ createdAt }) => createdAt),
        applied < 2 ? [] : [NOW],
      )
      const upgraded = await readCatalog(sequelize, users)
      await umzug.down({ to: 0 })
      await sequelize.sync()
      assert.deepEqual(upgraded, await readCatalog(sequelize, users))
    })
  })
}

test('every migration but the last has rows to be upgraded', async () => {
  await withModels({ defineUser: plainUser() }, ({ models }) => {
    assert.equal(migrationsFor(models.forMigrations).length - 1, states)
    return Promise.resolve()
  })
})
