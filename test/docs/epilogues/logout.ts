import assert from 'node:assert/strict'
import { browser } from '../client.js'
import { sequelize } from '../database.js'
import { addRoutes, type GuestsProgram } from '../guests-application.js'

export default async function check({ app, User, Guest }: GuestsProgram) {
  await sequelize.sync()
  addRoutes(app)
  await User.create({ username: 'fred' })
  const fred = browser(app)
  await fred.get('/play').expect(200, 'a user')
  await fred.post('/logout').expect(422, /Leave and lose everything/)
  await fred.get('/who').expect(200, 'guest')
  await fred.post('/logout?confirm=yes').expect(303).expect('Location', '/')
  await fred.get('/play').expect(200, 'no user')
  assert.equal(await Guest.count(), 1)

  await fred.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
  await fred.post('/logout').expect(302).expect('Location', '/')
  await fred.get('/who').expect(200, 'anonymous')
}
