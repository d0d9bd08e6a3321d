import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import type { MergeConflictRows } from '../../../src/index.js'
import { dialect } from '../../support/database.js'
import { logIn, startStage, type Stage, type StageOptions } from './stage.js'

let app: Stage | undefined
afterEach(async () => {
  await app?.close()
  app = undefined
})

type Define = (...given: Parameters<NonNullable<StageOptions['define']>>) => ModelStatic<Model>

/** A guest and an account, in an application with one model. */
async function start(define: Define, merge: StageOptions['merge'] = {}) {
  let Row: ModelStatic<Model> | undefined
  const stage = await startStage({
    define(...given) {
      Row = define(...given)
    },
    merge,
  })
  app = stage
  assert.ok(Row)
  return { stage, Row, account: await stage.account('fred'), guest: await stage.guest() }
}

const texts = async (Row: ModelStatic<Model>): Promise<string[]> =>
  (await Row.unscoped().findAll({ raw: true }))
    .map((row) => {
      const { text, userId } = row as unknown as { text: string; userId: number }
      return `${text} ${String(userId)}`
    })
    .sort()

/** Rows of one moment of each of both. */
const moments: Define = (sequelize, Users) => {
  const Row = sequelize.define(
    'Moment',
    {
      at: { type: DataTypes.DATE(3), primaryKey: true },
      userId: { type: DataTypes.INTEGER, primaryKey: true },
      text: DataTypes.STRING,
    },
    { timestamps: false },
  )
  Users.hasMany(Row, { foreignKey: 'userId' })
  return Row
}

describe('rows whose primary key is a time', () => {
  for (const how of ['a rule', 'a function'] as const) {
    it(`are told apart by the millisecond, by ${how}`, async () => {
      const asked: string[] = []
      const conflict = ({ model, guest, account }: MergeConflictRows): Promise<'keep-account'> => {
        asked.push(`${model.name} ${String(guest.get('text'))} ${String(account.get('text'))}`)
        return Promise.resolve('keep-account')
      }
      const { stage, Row, account, guest } = await start(moments, how === 'a rule' ? {} : { conflict })
      for (const ms of ['100', '200', '300']) {
        const at = new Date(`2030-01-01T00:00:00.${ms}Z`)
        await Row.create({ at, userId: guest.id, text: `g${ms}` })
        await Row.create({ at, userId: account.id, text: `a${ms}` })
      }
      await logIn(guest.browser, 'fred').expect(200)
      const mine = String(account.id)
      assert.deepEqual(await texts(Row), [`a100 ${mine}`, `a200 ${mine}`, `a300 ${mine}`])
      if (how === 'a function') {
        assert.deepEqual(asked.sort(), ['Moment g100 a100', 'Moment g200 a200', 'Moment g300 a300'])
      }
      assert.equal(await stage.User.count(), 1)
    })
  }

  it('are told apart by who is meant, of a polymorphic association', async () => {
    const { stage, Row, account, guest } = await start((sequelize, Users) => {
      const Note = sequelize.define(
        'Note',
        {
          at: { type: DataTypes.DATE(3), primaryKey: true },
          ownerType: DataTypes.STRING,
          userId: DataTypes.INTEGER,
          text: DataTypes.STRING,
        },
        { timestamps: false },
      )
      const Group = sequelize.define('Group', {}, { timestamps: false })
      const owned = { foreignKey: 'userId', constraints: false }
      Users.hasOne(Note, { ...owned, scope: { ownerType: 'user' } })
      Group.hasMany(Note, { ...owned, scope: { ownerType: 'group' } })
      return Note
    })
    const at = (time: string) => new Date(`2030-01-01T00:00:${time}Z`)
    await Row.bulkCreate([
      { at: at('00.100'), ownerType: 'user', userId: guest.id, text: "the guest's" },
      { at: at('00.200'), ownerType: 'group', userId: guest.id, text: "a group's" },
      { at: at('05.000'), ownerType: 'user', userId: account.id, text: 'theirs' },
    ])
    await logIn(guest.browser, 'fred').expect(200)
    assert.deepEqual(await texts(Row), [`a group's ${String(guest.id)}`, `theirs ${String(account.id)}`])
    assert.equal(await stage.Guest.count(), 0)
  })

  if (dialect !== 'sqlite') {
    it('below the millisecond, are told apart by the microsecond', async () => {
      const { stage, Row, account, guest } = await start((sequelize, Users) => {
        const Profile = sequelize.define(
          'Profile',
          {
            at: { type: DataTypes.DATE(6), primaryKey: true },
            text: { type: DataTypes.STRING(20), primaryKey: true },
            userId: DataTypes.INTEGER,
          },
          { timestamps: false },
        )
        Users.hasOne(Profile, { foreignKey: 'userId' })
        return Profile
      })
      const q = dialect === 'postgres' ? '"' : '`'
      const row = (text: string, userId: number) =>
        `('2030-01-01 00:00:00.123456', '${text}', ${String(userId)})`
      await stage.sequelize.query(
        `INSERT INTO ${q}Profiles${q} (${q}at${q}, text, ${q}userId${q}) VALUES ${row('guest', guest.id)}, ${row('account', account.id)}`,
      )
      await logIn(guest.browser, 'fred').expect(200)
      assert.deepEqual(await texts(Row), [`account ${String(account.id)}`])
    })
  }
})

describe('rows whose primary key', () => {
  // No text: as text, all of these are one.
  const id = (last: number) => Buffer.from(`0190f5e1aabb7c008000000000000000f${String(last)}`, 'hex')

  it('is binary are told apart by every byte', async () => {
    const { stage, Row, account, guest } = await start((sequelize, Users) => {
      const Tag = sequelize.define(
        'Tag',
        {
          id: { type: dialect === 'mysql' ? 'BINARY(17)' : DataTypes.BLOB, primaryKey: true },
          text: DataTypes.STRING(20),
          userId: DataTypes.INTEGER,
        },
        { timestamps: false, indexes: [{ unique: true, fields: ['userId', 'text'] }] },
      )
      Users.hasMany(Tag, { foreignKey: 'userId' })
      return Tag
    })
    await Row.bulkCreate([
      { id: id(1), text: 'x', userId: guest.id },
      { id: id(2), text: 'y', userId: guest.id },
      { id: id(3), text: 'x', userId: account.id },
      { id: id(4), text: 'y', userId: account.id },
    ])
    await logIn(guest.browser, 'fred').expect(200)
    assert.deepEqual(await texts(Row), [`x ${String(account.id)}`, `y ${String(account.id)}`])
    assert.equal(await stage.Guest.count(), 0)
  })

  const liked: Define = (sequelize, Users) => {
    const Like = sequelize.define(
      'Like',
      {
        id: {
          type: DataTypes.INTEGER,
          primaryKey: true,
          autoIncrement: true,
          get() {
            return `like_${String(this.getDataValue('id'))}`
          },
        },
        text: DataTypes.STRING(20),
        userId: DataTypes.INTEGER,
      },
      { timestamps: false, indexes: [{ unique: true, fields: ['userId', 'text'] }] },
    )
    Users.hasMany(Like, { foreignKey: 'userId' })
    return Like
  }

  it('has a getter are found all the same, and handed over as the application knows them', async () => {
    const seen: unknown[] = []
    const { Row, account, guest } = await start(liked, {
      conflict: async ({ guest: mine, account: theirs, transaction }: MergeConflictRows) => {
        await theirs.reload({ transaction })
        seen.push(mine.get('id'), Object.keys(theirs.toJSON<object>()), mine.changed())
        return 'keep-guest'
      },
    })
    for (const userId of [guest.id, account.id]) await Row.create({ text: 'x', userId })
    await logIn(guest.browser, 'fred').expect(200)
    assert.deepEqual(await texts(Row), [`x ${String(account.id)}`])
    assert.deepEqual(seen, ['like_1', ['id', 'text', 'userId'], false])
  })

  it('a function has deleted by itself are no failure', async () => {
    const { Row, account, guest } = await start(liked, {
      conflict: async ({ model, guest: mine, transaction }: MergeConflictRows) => {
        await model.destroy({ where: { text: 'x', userId: mine.get('userId') as number }, transaction })
        return 'keep-account'
      },
    })
    for (const userId of [guest.id, account.id]) await Row.create({ text: 'x', userId })
    await logIn(guest.browser, 'fred').expect(200)
    assert.deepEqual(await texts(Row), [`x ${String(account.id)}`])
  })
})

if (dialect === 'postgres') {
  describe('a row in the way that the database does not let go', () => {
    it('fails the merge rather than leave the account two', async () => {
      const { stage, Row, account, guest } = await start((sequelize, Users) => {
        const Profile = sequelize.define('Profile', { text: DataTypes.STRING }, { timestamps: false })
        Users.hasOne(Profile, { foreignKey: 'userId' })
        return Profile
      })
      await stage.sequelize.query(
        `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
      )
      await stage.sequelize.query(
        `CREATE TRIGGER kept BEFORE DELETE ON "Profiles" FOR EACH ROW EXECUTE FUNCTION keep()`,
      )
      await Row.create({ text: 'mine', userId: guest.id })
      await Row.create({ text: 'theirs', userId: account.id })
      const { body } = await logIn(guest.browser, 'fred').expect(500)
      assert.match((body as Error).message, /rows of Profile that are in the way could not be deleted/)
      assert.equal(await stage.Guest.count(), 1)
    })
  })
}
