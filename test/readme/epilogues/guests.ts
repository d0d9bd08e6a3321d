import assert from 'node:assert/strict'
import type { ErrorRequestHandler, Express } from 'express'
import type { GuestModel } from 'passport-ephemeral'
import type { Sequelize } from 'sequelize'
import { browser } from '../client.js'
import type { defineUser } from '../user.js'

interface Program {
  readonly app: Express
  readonly sequelize: Sequelize
  readonly User: ReturnType<typeof defineUser>
  readonly Guest: GuestModel<InstanceType<ReturnType<typeof defineUser>>>
}

export default async function check({ app, sequelize, User, Guest }: Program) {
  await sequelize.sync()
  app.use(reportError)
  const count = async () => ({ users: await User.count(), guests: await Guest.count() })

  await browser(app).get('/play').set('User-Agent', 'curl/8').expect(200, 'Play!')
  await browser(app).head('/play').expect(200)
  await browser(app).get('/play').set('Sec-Purpose', 'prefetch').expect(200, 'Play!')
  assert.deepEqual(await count(), { users: 0, guests: 0 })

  const fred = browser(app)
  await fred.get('/play').expect(200, 'Play! Your things are kept for 14 days.')
  await fred.get('/play').expect(200, 'Play! Your things are kept for 14 days.')
  assert.deepEqual(await count(), { users: 1, guests: 1 })
  const guest = await User.findOne({ rejectOnEmpty: true })

  await fred.get('/settings').expect(302).expect('Location', '/convert?next=%2Fsettings')
  await fred
    .post('/convert')
    .type('form')
    .send({ username: 'fred', password: 'horse' })
    .expect(302)
    .expect('Location', '/settings')
  await fred.get('/settings').expect(200, 'Settings')
  await fred.get('/play').expect(200, 'Play!')
  assert.deepEqual(await count(), { users: 1, guests: 0 })
  await guest.reload()
  assert.deepEqual([guest.username, guest.passwordHash], ['fred', 'hash of horse'])
  await fred
    .post('/convert')
    .type('form')
    .send({ username: 'again', password: 'x' })
    .expect(500, 'GuestRequired')
  await browser(app).post('/convert').type('form').send({}).expect(500, 'GuestRequired')

  const impostor = browser(app)
  await impostor.get('/play')
  await impostor
    .post('/convert')
    .type('form')
    .send({ username: 'fred', password: 'horse' })
    .expect(500, 'SequelizeUniqueConstraintError')
  await impostor.post('/convert').type('form').send({ username: '' }).expect(500, 'SequelizeValidationError')
  await impostor.get('/play').expect(200, 'Play! Your things are kept for 14 days.')
  assert.deepEqual(await count(), { users: 2, guests: 1 })
}

const reportError: ErrorRequestHandler = (error: Error, _req, res, next) => {
  if (res.headersSent) next(error)
  else res.status(500).send(error.name)
}
