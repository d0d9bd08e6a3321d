import assert from 'node:assert/strict'
import type { Express, RequestHandler } from 'express'
import type { PassportStatic } from 'passport'
import type { Sequelize } from 'sequelize'
import { browser } from '../client.js'
import type { defineUser } from '../user.js'

interface Program {
  readonly app: Express
  readonly passport: PassportStatic
  readonly sequelize: Sequelize
  readonly User: ReturnType<typeof defineUser>
}

export default async function check({ app, passport, sequelize, User }: Program) {
  await sequelize.sync()
  // Reads no file, but the view must be one.
  app.engine('ts', (_path, locals, done) => {
    const { user, isGuest } = locals as { user?: { username: string }; isGuest: boolean }
    done(null, `${String(user?.username)} ${String(isGuest)}`)
  })
  app.set('views', import.meta.dirname)
  app.get('/', (_req, res) => {
    res.render('templates.ts')
  })
  app.get('/play', passport.authenticate('guest') as RequestHandler, (_req, res) => {
    res.render('templates.ts')
  })

  const fred = browser(app)
  await fred.get('/').expect(200, 'undefined false')
  const { text } = await fred.get('/play').expect(200)
  const { username } = await User.findOne({ rejectOnEmpty: true })
  assert.equal(text, `${username} true`)
  await fred.get('/').expect(200, text)
}
