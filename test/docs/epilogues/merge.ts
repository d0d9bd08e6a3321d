import assert from 'node:assert/strict'
import { browser } from '../client.js'
import { Cart, CartItem } from '../cart.js'
import { sequelize } from '../database.js'
import { addRoutes, type GuestsProgram } from '../guests-application.js'

export default async function check({ app, User, Guest }: GuestsProgram) {
  await sequelize.sync()
  addRoutes(app)
  const account = await User.create({ username: 'fred' })
  const fred = browser(app)
  await fred.get('/play').expect(200, 'a user')
  const { userId } = await Guest.findOne({ rejectOnEmpty: true })
  const cart = await Cart.create({ userId: Number(userId) })
  await CartItem.create({ cartId: cart.id })

  await fred.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
  await fred.get('/who').expect(200, 'regular user')
  await cart.reload()
  assert.equal(cart.userId, account.id)
  assert.equal(await CartItem.count({ where: { cartId: cart.id } }), 1)
  assert.deepEqual([await User.count(), await Guest.count()], [1, 0])
}
