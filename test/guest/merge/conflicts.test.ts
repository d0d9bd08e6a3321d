import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic } from 'sequelize'
import type { MergeConflict, MergeConflictRows } from '../../../src/index.js'
import { dialect } from '../../support/database.js'
import { logIn, startStage, type Stage } from './stage.js'

let app: Stage
let Cart: ModelStatic<Model>
let Item: ModelStatic<Model>
let Page: ModelStatic<Model>
let Vote: ModelStatic<Model>
let Settings: ModelStatic<Model>
let Avatar: ModelStatic<Model>
let rule: MergeConflict = 'keep-account'
const ruling = async (rows: MergeConflictRows) => (typeof rule === 'function' ? rule(rows) : rule)

before(async () => {
  app = await startStage({
    define(sequelize, Users) {
      const owned = { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' }
      Cart = sequelize.define('Cart', { label: DataTypes.STRING })
      Cart.belongsTo(Users, owned)
      Item = sequelize.define('Item', { label: DataTypes.STRING })
      Item.belongsTo(Cart, { foreignKey: 'cartId', onDelete: 'CASCADE' })
      Page = sequelize.define('Page', { slug: DataTypes.STRING, kind: DataTypes.STRING }, { paranoid: true })
      Page.belongsTo(Users, owned)
      Vote = sequelize.define('Vote', {
        userId: { type: DataTypes.INTEGER, primaryKey: true },
        postId: { type: DataTypes.INTEGER, primaryKey: true },
        label: DataTypes.STRING,
      })
      Vote.belongsTo(Users, owned)
      Settings = sequelize.define('Settings', {
        userId: { type: DataTypes.INTEGER, primaryKey: true },
        label: DataTypes.STRING,
      })
      Settings.belongsTo(Users, owned)
      Avatar = sequelize.define('Avatar', { label: DataTypes.STRING })
      Users.hasOne(Avatar, owned)
    },
    merge: { conflict: ruling },
  })
  const { sequelize } = app
  const table = { Cart: Cart.getTableName() as string, Page: Page.getTableName() as string }
  // As migrations add them: the models know nothing of these.
  await sequelize.getQueryInterface().addIndex(table.Cart, ['userId'], { unique: true, name: 'cart_owner' })
  await sequelize
    .getQueryInterface()
    .addIndex(table.Page, ['userId', 'slug'], { unique: true, name: 'page_slug' })
  if (dialect === 'postgres') {
    await sequelize.query(`CREATE UNIQUE INDEX page_home ON "Pages" ("userId") WHERE kind = 'home'`)
    await sequelize.query(`CREATE UNIQUE INDEX page_case ON "Pages" ("userId", lower(slug))`)
  }
})
after(() => app.close())
beforeEach(async () => {
  rule = 'keep-account'
  for (const model of [Item, Cart, Page, Vote, Settings, Avatar])
    await model.destroy({ where: {}, force: true })
  await app.reset()
})

async function parties() {
  return { ...(await app.guest()), account: await app.account('fred') }
}

async function labels(model: ModelStatic<Model>, attribute = 'label'): Promise<unknown[]> {
  const rows = await model.findAll({ paranoid: false })
  return rows.map((row) => `${String(row.get('userId'))} ${String(row.get(attribute))}`).sort()
}

describe('where the account may have one row only', () => {
  for (const [what, model] of [
    ['by an index that the model does not know', () => Cart],
    ['by a primary key', () => Settings],
    ['by hasOne alone', () => Avatar],
  ] as const) {
    for (const [keeps, winner] of [
      ['keep-account', 'theirs'],
      ['keep-guest', "the guest's"],
    ] as const) {
      it(`${what}, '${keeps}' keeps that one`, async () => {
        rule = keeps
        const { browser, id, account } = await parties()
        await model().create({ userId: id, label: "the guest's" })
        await model().create({ userId: account.id, label: 'theirs' })
        await logIn(browser, 'fred').expect(200)
        assert.deepEqual(await labels(model()), [`${String(account.id)} ${winner}`])
      })
    }

    it(`${what}, the guest's moves if the account has none`, async () => {
      const { browser, id, account } = await parties()
      await model().create({ userId: id, label: "the guest's" })
      await logIn(browser, 'fred').expect(200)
      assert.deepEqual(await labels(model()), [`${String(account.id)} the guest's`])
    })
  }

  it('a function carries over what it likes first', async () => {
    rule = async ({ guest, account, transaction }): Promise<'keep-account'> => {
      await Item.update(
        { cartId: account.get('id') },
        { where: { cartId: guest.get('id') as number }, transaction },
      )
      return 'keep-account'
    }
    const { browser, id, account } = await parties()
    const [mine, theirs] = [await Cart.create({ userId: id }), await Cart.create({ userId: account.id })]
    await Item.create({ label: 'milk', cartId: mine.get('id') })
    await logIn(browser, 'fred').expect(200)
    assert.deepEqual(
      (await Item.findAll()).map((item) => item.get('cartId')),
      [theirs.get('id')],
    )
    assert.equal(await Cart.count(), 1)
  })

  it('a function that says something else fails the merge', async () => {
    rule = (() => 'both') as unknown as MergeConflict
    const { browser, id, account } = await parties()
    await Cart.create({ userId: id, label: 'a' })
    await Cart.create({ userId: account.id, label: 'b' })
    const { body } = await logIn(browser, 'fred').expect(500)
    assert.match((body as { message: string }).message, /'conflict' must say .* for Cart/)
    assert.equal(await Cart.count(), 2)
    assert.equal(await app.Guest.count(), 1)
  })
})

describe('where rows of the same name are one', () => {
  it('only those of both are settled', async () => {
    const { browser, id, account } = await parties()
    const mine = String(account.id)
    await Page.bulkCreate([
      { userId: id, slug: 'a' },
      { userId: id, slug: 'b' },
      { userId: id, slug: null },
      { userId: account.id, slug: 'b' },
      { userId: account.id, slug: null },
    ])
    await logIn(browser, 'fred').expect(200)
    assert.deepEqual(await labels(Page, 'slug'), [`${mine} a`, `${mine} b`, `${mine} null`, `${mine} null`])
  })

  it('a row that is marked as deleted is in the way as well', async () => {
    const { browser, id, account } = await parties()
    await (await Page.create({ userId: account.id, slug: 'a' })).destroy()
    await Page.create({ userId: id, slug: 'a' })
    rule = 'keep-guest'
    await logIn(browser, 'fred').expect(200)
    assert.deepEqual(
      (await Page.findAll()).map((page) => page.get('userId')),
      [account.id],
    )
    assert.equal(await Page.count({ paranoid: false }), 1)
  })

  it('of a composite primary key, more rows than fit a condition', async () => {
    const { browser, id, account } = await parties()
    const votes = (userId: number, from: number, to: number) =>
      Array.from({ length: to - from }, (_, place) => ({ userId, postId: from + place }))
    await Vote.bulkCreate([...votes(id, 0, 700), ...votes(account.id, 350, 1050)])
    await logIn(browser, 'fred').expect(200)
    assert.equal(await Vote.count({ where: { userId: account.id } }), 1050)
    assert.equal(await Vote.count(), 1050)
  })

  if (dialect === 'postgres') {
    it('a partial index is about its own rows', async () => {
      const { browser, id, account } = await parties()
      await Page.bulkCreate([
        { userId: id, slug: 'h1', kind: 'home' },
        { userId: id, slug: 'x', kind: 'other' },
        { userId: account.id, slug: 'h2', kind: 'home' },
        { userId: account.id, slug: 'y', kind: 'other' },
      ])
      await logIn(browser, 'fred').expect(200)
      assert.deepEqual(
        (await labels(Page, 'slug')).map((label) => String(label).split(' ')[1]),
        ['h2', 'x', 'y'],
      )
    })
  }

  if (dialect === 'postgres') {
    it('an expression is compared as the index does', async () => {
      const { browser, id, account } = await parties()
      await Page.bulkCreate([
        { userId: id, slug: 'About' },
        { userId: id, slug: 'More' },
        { userId: account.id, slug: 'about' },
      ])
      await logIn(browser, 'fred').expect(200)
      assert.deepEqual(
        (await labels(Page, 'slug')).map((label) => String(label).split(' ')[1]),
        ['More', 'about'],
      )
    })
  }
})
