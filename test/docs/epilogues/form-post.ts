import assert from 'node:assert/strict'
import supertest from 'supertest'
import { browser } from '../client.js'
import { Cart } from '../cart.js'
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
  await fred.get('/auth/apple').expect(302).expect('Location', 'https://provider.example/')

  // The provider's form: the browser sends no `SameSite=Lax` cookie with it.
  const posted = await supertest(app)
    .post('/auth/apple')
    .set({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' })
    .type('form')
    .send({ code: 'fred', state: 'the state', user: '{"name":"Fred"}', id_token: 'secret' })
    .expect(303)
    .expect('Location', '?code=fred&state=the+state')
  assert.equal(posted.headers['set-cookie'], undefined)
  await fred
    .get(`/auth/apple${String(posted.headers['location'])}`)
    .set({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' })
    .expect(302)
    .expect('Location', '/')
  await fred.get('/who').expect(200, 'regular user')
  await cart.reload()
  assert.equal(cart.userId, account.id)
  assert.deepEqual([await User.count(), await Guest.count()], [1, 0])
  await supertest(app).post('/auth/apple').expect(303).expect('Location', '?')
  await browser(app).get('/auth/apple?code=fred&state=forged').expect(403)
}
