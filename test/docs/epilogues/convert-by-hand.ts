import assert from 'node:assert/strict'
import type { ErrorRequestHandler } from 'express'
import { browser } from '../client.js'
import { sequelize } from '../database.js'
import { addRoutes, type GuestsProgram } from '../guests-application.js'

export default async function check({ app, User, Guest }: GuestsProgram) {
  await sequelize.sync()
  addRoutes(app)
  app.use(reportError)
  const fred = browser(app)
  await fred.get('/play').expect(200, 'a user')
  const guest = await User.findOne({ rejectOnEmpty: true })
  await fred.post('/join').send({ username: 'fred', password: 'horse' }).expect(204)
  await fred.get('/settings').expect(200, 'Settings')
  await guest.reload()
  assert.deepEqual([guest.username, guest.passwordHash], ['fred', 'hash of horse'])
  await fred.post('/join').send({ username: 'again', password: 'x' }).expect(500, 'GuestRequired')

  const other = browser(app)
  await other.get('/play').expect(200)
  await other
    .post('/join')
    .send({ username: 'fred', password: 'horse' })
    .expect(500, 'SequelizeUniqueConstraintError')
  await other.post('/join').send({ username: '' }).expect(500, 'SequelizeValidationError')
  await other.get('/who').expect(200, 'guest')
  assert.equal(await Guest.count(), 1)
}

const reportError: ErrorRequestHandler = (error: Error, _req, res, next) => {
  if (res.headersSent) next(error)
  else res.status(500).send(error.name)
}
