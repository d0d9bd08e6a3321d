import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import { logIn, startStage, type Stage } from './stage.js'

for (const keeps of ['keep-account', 'keep-guest'] as const) {
  const preferred = keeps === 'keep-guest' ? 'guest' : 'account'

  describe(`rows of paranoid models, with '${keeps}'`, () => {
    let app: Stage
    let Page: ModelStatic<Model>
    let Draft: ModelStatic<Model>
    let Profile: ModelStatic<Model>

    before(async () => {
      app = await startStage({
        define(sequelize, Users) {
          const owned = { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' }
          const options = () => ({ paranoid: true, indexes: [{ unique: true, fields: ['userId', 'slug'] }] })
          Page = sequelize.define('Page', { slug: DataTypes.STRING }, options())
          const deletedAt = { type: DataTypes.DATE, defaultValue: new Date(0) } // of a live row
          Draft = sequelize.define('Draft', { slug: DataTypes.STRING, deletedAt }, options())
          Profile = sequelize.define('Profile', { label: DataTypes.STRING }, { paranoid: true })
          Page.belongsTo(Users, owned)
          Draft.belongsTo(Users, owned)
          Users.hasOne(Profile, owned)
        },
        merge: { conflict: keeps },
      })
    })
    after(() => app.close())
    beforeEach(() => app.reset())

    for (const [where, model] of [
      ['NULL', () => Page],
      ['a default value', () => Draft],
    ] as const) {
      for (const [guestRow, accountRow, kept] of [
        ['live', 'deleted', 'guest'],
        ['deleted', 'live', 'account'],
        ['live', 'live', preferred],
        ['deleted', 'deleted', preferred],
      ] as const) {
        it(`of the guest's ${guestRow} and the account's ${accountRow} one, where ${where} means live, the ${kept}'s stays`, async () => {
          const { browser, id } = await app.guest()
          const account = await app.account('fred')
          const rows = {
            guest: await model().create({ userId: id, slug: 'a' }),
            account: await model().create({ userId: account.id, slug: 'a' }),
          }
          if (guestRow === 'deleted') await rows.guest.destroy()
          if (accountRow === 'deleted') await rows.account.destroy()
          await logIn(browser, 'fred').expect(200)
          const left = await model().findAll({ paranoid: false })
          assert.deepEqual(
            left.map((row) => [row.get('id'), row.get('userId')]),
            [[rows[kept].get('id'), account.id]],
          )
          const liveRows = guestRow === 'live' || accountRow === 'live' ? 1 : 0
          assert.equal(await model().count(), liveRows)
        })
      }
    }

    it('of hasOne, those that are marked as deleted are not in the way, and stay', async () => {
      const { browser, id } = await app.guest()
      const account = await app.account('fred')
      await (await Profile.create({ userId: account.id, label: 'old' })).destroy()
      await Profile.create({ userId: id, label: 'new' })
      await logIn(browser, 'fred').expect(200)
      const owned = { where: { userId: account.id } }
      assert.equal(await Profile.count({ ...owned, paranoid: false }), 2)
      assert.equal((await Profile.findOne(owned))?.get('label'), 'new')
    })
  })
}
