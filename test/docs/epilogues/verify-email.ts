import assert from 'node:assert/strict'
import { browser } from '../client.js'
import { sequelize } from '../database.js'
import { addRoutes, User, type GuestsProgram } from '../guests-application.js'
import { linkIn, type mailer as Mailer } from '../mailer.js'

export default async function check({ app, mailer }: GuestsProgram & { readonly mailer: typeof Mailer }) {
  await sequelize.sync()
  addRoutes(app)
  const fred = browser(app)
  await fred.get('/play').expect(200, 'a user')
  const password = 'correct horse'
  await fred
    .post('/convert?next=%2Fsettings')
    .type('form')
    .send({ username: 'fred', email: 'fred@example.com', password, passwordAgain: password })
    .expect(303)
  await fred.get('/who').expect(200, 'guest')

  const [mail] = mailer.sent
  assert.equal(mail?.to, 'fred@example.com')
  const { origin, pathname, search } = new URL(linkIn(mail.text))
  assert.equal(origin, 'https://example.com')
  const phone = browser(app)
  await phone.get(pathname + search).expect(200, /fred@example\.com/)
  await fred.get('/who').expect(200, 'guest')
  await fred
    .post(pathname + search)
    .expect(303)
    .expect('Location', '/settings')
  await fred.get('/settings').expect(200, 'Settings')
  await phone.get('/who').expect(200, 'anonymous')
  assert.equal((await User.findOne({ rejectOnEmpty: true })).email, 'fred@example.com')
}
