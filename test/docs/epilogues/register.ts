import assert from 'node:assert/strict'
import { browser } from '../client.js'
import { sequelize } from '../database.js'
import { addRoutes, type GuestsProgram } from '../guests-application.js'

export default async function check({ app, User, Guest }: GuestsProgram) {
  await sequelize.sync()
  addRoutes(app)
  const register = (person: ReturnType<typeof browser>, username: string) =>
    person.post('/register').type('form').send({ username, password: 'horse' })

  const fred = browser(app)
  await fred.get('/play').expect(200, 'a user')
  const guest = await User.findOne({ rejectOnEmpty: true })
  await fred.get('/register').expect(200, 'Register: welcome')
  await register(fred, 'fred').expect(302).expect('Location', '/')
  await fred.get('/who').expect(200, 'regular user')
  await fred.get('/register').expect(302)
  await guest.reload()
  assert.deepEqual([guest.username, guest.passwordHash], ['fred', 'hash of horse'])
  assert.deepEqual([await User.count(), await Guest.count()], [1, 0])

  const ginger = browser(app)
  await register(ginger, 'ginger').expect(302)
  await ginger.get('/who').expect(200, 'regular user')
  assert.equal(await User.count(), 2)

  const other = browser(app)
  await other.get('/play').expect(200)
  await register(other, 'fred').expect(422, 'Register: This name is taken')
  await other.get('/who').expect(200, 'guest')
}
