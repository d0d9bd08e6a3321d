import assert from 'node:assert/strict'
import { browser } from '../client.js'
import { sequelize } from '../database.js'
import { addRoutes, User, type GuestsProgram } from '../guests-application.js'

export default async function check({ app, Guest }: GuestsProgram) {
  await sequelize.sync()
  addRoutes(app)
  await User.create({ username: 'taken' })
  const fred = browser(app)
  await fred.get('/play').expect(200, 'a user')
  const guest = await Guest.findOne({ rejectOnEmpty: true })
  const { headers } = await fred.get('/settings').expect(302)
  const form = String(headers['location'])
  assert.equal(form, '/convert?next=%2Fsettings')
  const page = await fred.get(form).expect(200)
  assert.match(page.text, /autocomplete="new-password"/)
  const password = 'correct horse'
  const wrong = await fred
    .post(form)
    .type('form')
    .send({ username: 'taken', password, passwordAgain: password })
  assert.equal(wrong.status, 422)
  await fred.get('/who').expect(200, 'guest')
  await fred
    .post(form)
    .type('form')
    .send({ username: 'fred', password, passwordAgain: password })
    .expect(303)
    .expect('Location', '/settings')
  await fred.get('/settings').expect(200, 'Settings')
  const user = await User.findByPk(guest.userId, { rejectOnEmpty: true })
  assert.deepEqual([user.username, user.passwordHash], ['fred', `hash of ${password}`])
  await browser(app).get('/convert').expect(302).expect('Location', '/login?next=%2Fconvert')
}
