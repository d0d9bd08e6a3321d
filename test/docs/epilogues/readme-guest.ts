import assert from 'node:assert/strict'
import type { Express, RequestHandler } from 'express'
import { ensureRegularUser, guestLocals, isGuest, isRegularUser, type GuestModel } from 'passport-ephemeral'
import passport from 'passport'
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
  app.use(guestLocals())
  // The guard of a starter.
  app.get(
    '/private',
    (req, res, next) => {
      if (req.user) next()
      else res.redirect('/login')
    },
    (req, res) => {
      res.json([req.isAuthenticated(), isGuest(req), isRegularUser(req), req.visitor ?? null])
    },
  )
  app.get('/settings', ensureRegularUser, (_req, res) => {
    res.send('Settings')
  })
  app.get('/page', passport.authenticate('guest') as RequestHandler, (_req, res) => {
    res.json([res.locals['user'] !== undefined, res.locals['isGuest']])
  })

  await browser(app).get('/private').expect(302).expect('Location', '/login')
  await browser(app).get('/play').set('User-Agent', 'Googlebot/2.1').expect(200, 'Play!')
  assert.equal(await User.count(), 0)

  const fred = browser(app)
  await fred.get('/play').expect(200, 'Play! Your data is kept for 14 days.')
  await fred.get('/private').expect(200, [true, true, false, null])
  await fred.get('/settings').expect(302).expect('Location', '/convert?next=%2Fsettings')
  await fred.get('/page').expect(200, [true, true])
  await browser(app).get('/page').expect(200, [false, true])

  await Guest.convert(await User.findOne({ order: ['id'], rejectOnEmpty: true }), { username: 'fred' })
  assert.equal(await Guest.count(), 1)
}
