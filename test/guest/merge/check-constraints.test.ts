import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import type { MergeConflict, MergeConflictRows } from '../../../src/index.js'
import { dialect } from '../../support/database.js'
import { logIn, startStage, type Stage } from './stage.js'

let app: Stage
let Follow: ModelStatic<Model>
let rule: MergeConflict = 'keep-account'

const quote = (name: string): string => (dialect === 'mysql' ? `\`${name}\`` : `"${name}"`)

before(async () => {
  app = await startStage({
    define(sequelize, Users) {
      Follow = sequelize.define('Follow', { note: DataTypes.STRING }, { timestamps: false })
      const owned = { onDelete: 'CASCADE' }
      Follow.belongsTo(Users, {
        ...owned,
        as: 'follower',
        foreignKey: { name: 'followerId', allowNull: false },
      })
      Follow.belongsTo(Users, {
        ...owned,
        as: 'followed',
        foreignKey: { name: 'followedId', allowNull: false },
      })
    },
    merge: { conflict: async (rows) => (typeof rule === 'function' ? rule(rows) : rule) },
  })
  const { sequelize, User } = app
  await Follow.drop()
  const users = quote(User.getTableName() as string)
  const key = (name: string) => `${quote(name)} INTEGER NOT NULL REFERENCES ${users} (id) ON DELETE CASCADE`
  const id = { postgres: 'SERIAL', mysql: 'INTEGER AUTO_INCREMENT', sqlite: 'INTEGER' }[dialect]
  await sequelize.query(
    `CREATE TABLE ${quote('Follows')} (id ${id} PRIMARY KEY, note VARCHAR(50), ${key('followerId')}, ${key('followedId')},
      CONSTRAINT no_self_follow CHECK (${quote('followerId')} <> ${quote('followedId')}))`,
  )
})
after(() => app.close())
beforeEach(async () => {
  rule = 'keep-account'
  await Follow.destroy({ where: {} })
  await app.reset()
})

async function parties() {
  return { ...(await app.guest()), account: await app.account('fred'), other: await app.account('mia') }
}

const follows = async (): Promise<unknown[]> =>
  (await Follow.findAll({ order: ['followerId', 'followedId'] })).map((row) => [
    row.get('followerId'),
    row.get('followedId'),
  ])

describe('a row that a CHECK constraint refuses for the account', () => {
  for (const kept of ['keep-account', 'keep-guest'] as const) {
    it(`is deleted by '${kept}', and all others move`, async () => {
      rule = kept
      const { browser, id, account, other } = await parties()
      await Follow.bulkCreate([
        { followerId: id, followedId: account.id },
        { followerId: account.id, followedId: id },
        { followerId: id, followedId: other.id },
        { followerId: other.id, followedId: id },
        { followerId: other.id, followedId: account.id },
      ])
      await logIn(browser, 'fred').expect(200)
      assert.deepEqual(await follows(), [
        [account.id, other.id],
        [other.id, account.id],
        [other.id, account.id],
      ])
      assert.equal(await app.Guest.count(), 0)
    })
  }

  it('is deleted among many that move', async () => {
    const { browser, id, account, other } = await parties()
    const rows = Array.from({ length: 700 }, () => ({ followerId: id, followedId: other.id }))
    rows[3] = rows[450] = { followerId: id, followedId: account.id }
    await Follow.bulkCreate(rows)
    await logIn(browser, 'fred').expect(200)
    assert.equal(await Follow.count({ where: { followerId: account.id, followedId: other.id } }), 698)
    assert.equal(await Follow.count(), 698)
  })

  it('is shown to a function as both rows, and moves if the function makes it acceptable', async () => {
    const { browser, id, account, other } = await parties()
    await Follow.create({ followerId: id, followedId: account.id })
    const shown: unknown[] = []
    rule = async ({ model, guest, account: same, transaction }: MergeConflictRows) => {
      shown.push([model.name, guest === same])
      await guest.update({ followedId: other.id }, { transaction })
      return 'keep-account'
    }
    await logIn(browser, 'fred').expect(200)
    assert.deepEqual(shown, [['Follow', true]])
    assert.deepEqual(await follows(), [[account.id, other.id]])
  })
})
