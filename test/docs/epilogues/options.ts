import assert from 'node:assert/strict'
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import type { PassportStatic } from 'passport'
import type { GuestModel } from 'passport-ephemeral'
import type { Sequelize } from 'sequelize'
import { browser } from '../client.js'
import type { User } from '../preludes/options.js'

interface Program {
  readonly passport: PassportStatic
  readonly sequelize: Sequelize
  readonly Guest: GuestModel<User>
}

export default async function check({ passport, sequelize, Guest }: Program) {
  await sequelize.sync()
  passport.serializeUser(Guest.serializeUser)
  passport.deserializeUser(Guest.deserializeUser)
  const app = express()
  app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
  app.use(passport.session())
  app.get('/play', passport.authenticate('guest') as RequestHandler, (req, res) => {
    res.json(req.user)
  })

  const { body } = (await browser(app).get('/play').expect(200)) as { body: User }
  assert.match(body.username, /^Guest\d{8}$/)
  assert.equal(body.email, `${body.username}@guest.invalid`)
  assert.match(body.passwordHash, /^hash of .{36}$/)
  assert.equal(await Guest.count(), 1)
}
