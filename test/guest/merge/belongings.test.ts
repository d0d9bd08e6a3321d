import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes, Op, type Model, type ModelStatic } from 'sequelize'
import { logIn, startStage, type Stage } from './stage.js'

let app: Stage
const models: Record<string, ModelStatic<Model>> = {}
const model = (name: string): ModelStatic<Model> => {
  const found = models[name]
  assert.ok(found, name)
  return found
}

before(async () => {
  app = await startStage({
    define(sequelize, Users) {
      const define = (
        name: string,
        attributes: Parameters<typeof sequelize.define>[1] = {},
        options: Parameters<typeof sequelize.define>[2] = {},
      ) => (models[name] = sequelize.define(name, { label: DataTypes.STRING, ...attributes }, options))

      Users.hasMany(define('Todo'), { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
      Users.hasOne(define('Profile'), { foreignKey: 'userId', onDelete: 'CASCADE' })
      const note = define('Note')
      note.belongsTo(Users, { as: 'creator', foreignKey: 'createdBy', onDelete: 'CASCADE' })
      note.belongsTo(Users, { as: 'assignee', foreignKey: 'assigneeId', onDelete: 'SET NULL' })
      define('Declared', { owner: { type: DataTypes.INTEGER, references: { model: 'Users', key: 'id' } } })

      const tag = define('Tag')
      Users.belongsToMany(tag, { through: 'Taggings', foreignKey: 'userId', otherKey: 'tagId' })
      tag.belongsToMany(Users, { through: 'Taggings', foreignKey: 'tagId', otherKey: 'userId' })
      models['Tagging'] = sequelize.model('Taggings')

      const basket = define('Basket', {}, { paranoid: true, underscored: true, version: true })
      basket.belongsTo(Users, { as: 'buyer', foreignKey: 'buyerId', onDelete: 'CASCADE' })
      const hidden = define('Hidden', {}, { defaultScope: { where: { label: 'shown' } } })
      hidden.belongsTo(Users, { foreignKey: 'userId', onDelete: 'CASCADE' })
      const named = define('Named')
      named.belongsTo(Users, { foreignKey: 'login', targetKey: 'username', constraints: false })

      const post = define('Post')
      const comment = define('Comment', { aboutType: DataTypes.STRING, aboutId: DataTypes.STRING })
      for (const [about, type] of [
        [Users, 'user'],
        [post, 'post'],
      ] as const) {
        about.hasMany(comment, { foreignKey: 'aboutId', constraints: false, scope: { aboutType: type } })
        comment.belongsTo(about, { foreignKey: 'aboutId', constraints: false })
      }
      const open = define('Task', { status: DataTypes.STRING })
      Users.hasMany(open, { as: 'openTasks', foreignKey: 'userId', scope: { status: 'open' } })
      Users.hasMany(open, { as: 'tasks', foreignKey: 'userId' })
    },
  })
})
after(() => app.close())
beforeEach(async () => {
  for (const each of Object.values(models)) await each.unscoped().destroy({ where: {}, force: true })
  await app.reset()
})

async function parties() {
  return { ...(await app.guest()), account: await app.account('fred') }
}

/** All rows of a model, whatever hides them. */
async function rows(name: string): Promise<Record<string, unknown>[]> {
  const found = await model(name)
    .unscoped()
    .findAll({ paranoid: false, order: [[model(name).primaryKeyAttributes[0] ?? 'id', 'ASC']] })
  return found.map((row) => row.get({ plain: true }) as Record<string, unknown>)
}

describe('by default the account gets', () => {
  for (const [what, name, attribute] of [
    ['what User.hasMany names', 'Todo', 'userId'],
    ['what User.hasOne names', 'Profile', 'userId'],
    ['what only belongs to User', 'Note', 'createdBy'],
    ['what a second foreign key says is theirs', 'Note', 'assigneeId'],
    ['what refers to the users table without an association', 'Declared', 'owner'],
    ['rows of an underscored model with versions', 'Basket', 'buyerId'],
    ['rows that a default scope hides', 'Hidden', 'userId'],
    ['rows of an association with and without a scope', 'Task', 'userId'],
  ] as const) {
    it(what, async () => {
      const { browser, id, account } = await parties()
      await model(name).create({ label: 'one', [attribute]: id })
      await logIn(browser, 'fred').expect(200)
      assert.deepEqual(
        (await rows(name)).map((row) => row[attribute]),
        [account.id],
      )
    })
  }

  it('rows that are marked as deleted, and they stay so', async () => {
    const { browser, id, account } = await parties()
    const basket = await model('Basket').create({ buyerId: id })
    await basket.destroy()
    await logIn(browser, 'fred').expect(200)
    const [row] = await rows('Basket')
    assert.equal(row?.['buyerId'], account.id)
    assert.notEqual(row['deletedAt'], null)
  })

  it('rows of a through model, and one where both had the same', async () => {
    const { browser, id, account } = await parties()
    const [red, blue] = [
      await model('Tag').create({ label: 'red' }),
      await model('Tag').create({ label: 'blue' }),
    ]
    await model('Tagging').bulkCreate([
      { userId: id, tagId: red.get('id') },
      { userId: id, tagId: blue.get('id') },
      { userId: account.id, tagId: blue.get('id') },
    ])
    await logIn(browser, 'fred').expect(200)
    assert.deepEqual(
      (await rows('Tagging')).map(({ userId, tagId }) => [userId, tagId]).sort(),
      [red, blue].map((tag) => [account.id, tag.get('id')]),
    )
  })

  it('rows by another key than the primary one', async () => {
    const { browser, id } = await parties()
    const { username } = await app.User.findByPk(id, { rejectOnEmpty: true })
    await model('Named').create({ login: username })
    await logIn(browser, 'fred').expect(200)
    assert.equal((await rows('Named'))[0]?.['login'], 'fred')
  })

  it('of a polymorphic model the rows that mean users, and no others with the same number', async () => {
    const { browser, id, account } = await parties()
    await model('Comment').create({ aboutType: 'user', aboutId: String(id) })
    await model('Comment').create({ aboutType: 'post', aboutId: String(id) })
    await logIn(browser, 'fred').expect(200)
    assert.deepEqual(
      (await rows('Comment')).map(({ aboutType, aboutId }) => [aboutType, aboutId]),
      [
        ['user', String(account.id)],
        ['post', String(id)],
      ],
    )
  })

  it('rows without their being edited', async () => {
    const { browser, id } = await parties()
    const updatedAt = new Date('2020-01-01T00:00:00Z')
    const todo = await model('Todo').create({ userId: id, updatedAt }, { silent: true })
    await logIn(browser, 'fred').expect(200)
    assert.deepEqual((await todo.reload()).get('updatedAt'), updatedAt)
  })

  it('any number of rows by the same number of statements', async () => {
    const count = async (size: number): Promise<number> => {
      await model('Todo').destroy({ where: {} })
      await app.reset()
      const { browser, id } = await parties()
      await model('Todo').bulkCreate(Array.from({ length: size }, () => ({ userId: id })))
      await model('Note').bulkCreate(Array.from({ length: size }, () => ({ createdBy: id })))
      app.database.takeStatements()
      await logIn(browser, 'fred').expect(200)
      assert.equal(await model('Todo').count({ where: { userId: { [Op.ne]: id } } }), size)
      return app.database.takeStatements().length
    }
    await count(1) // asks the database for its indexes
    assert.equal(await count(200), await count(1))
  })

  it('nothing of the other users', async () => {
    const { browser } = await parties()
    const other = await app.account('ginger')
    await model('Todo').create({ userId: other.id })
    await logIn(browser, 'fred').expect(200)
    assert.equal((await rows('Todo'))[0]?.['userId'], other.id)
  })
})
