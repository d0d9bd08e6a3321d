import assert from 'node:assert/strict'
import type { Express } from 'express'
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
  const count = async () => ({ users: await User.count(), guests: await Guest.count() })

  await browser(app).get('/play').set('User-Agent', 'curl/8').expect(200, 'Play!')
  await browser(app).head('/play').expect(200)
  await browser(app).get('/play').set('Sec-Purpose', 'prefetch').expect(200, 'Play!')
  assert.deepEqual(await count(), { users: 0, guests: 0 })

  const fred = browser(app)
  await fred.get('/play').expect(200, 'Play! Your data is kept for 14 days.')
  await fred.get('/play').expect(200, 'Play! Your data is kept for 14 days.')
  assert.deepEqual(await count(), { users: 1, guests: 1 })
  const guest = await User.findOne({ rejectOnEmpty: true })

  await fred.get('/settings').expect(302).expect('Location', '/convert?next=%2Fsettings')
  await guest.reload()
  await Guest.convert(guest, { username: 'fred' })
  await fred.get('/settings').expect(302).expect('Location', '/login?next=%2Fsettings')
}
