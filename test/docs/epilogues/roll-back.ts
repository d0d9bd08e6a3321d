import assert from 'node:assert/strict'
import type { Express } from 'express'
import { defineGuestModel } from 'passport-ephemeral'
import type { Sequelize } from 'sequelize'
import { browser } from '../client.js'
import type { defineUser } from '../user.js'

interface Program {
  readonly app: Express
  readonly sequelize: Sequelize
  readonly User: ReturnType<typeof defineUser>
}

export default async function check({ app, sequelize, User }: Program) {
  const Guest = defineGuestModel(sequelize, { User })
  await sequelize.sync()
  const fred = await User.create({ username: 'fred' })
  const guest = await Guest.createGuestUser()

  app.post('/logged-in-by-the-new-version/:key', (req, res, next) => {
    User.findByPk(req.params.key, { rejectOnEmpty: true }).then((user) => {
      Guest.serializeUser(req, user, (error, stored) => {
        Object.assign(req.session, { passport: { user: stored } })
        if (error) next(error)
        else res.json(stored)
      })
    }, next)
  })
  app.post('/logged-in-by-the-old-version/:key', (req, res) => {
    Object.assign(req.session, { passport: { user: Number(req.params.key) } })
    res.end()
  })
  app.get('/who', (req, res) => {
    res.json((req.user as InstanceType<typeof User> | undefined)?.username ?? 'anonymous')
  })

  const cases = [
    ['new', fred.id, 'fred'],
    ['old', fred.id, 'fred'],
    ['new', guest.id, 'anonymous'],
    ['old', fred.id + guest.id, 'anonymous'],
  ] as const
  for (const [version, key, name] of cases) {
    const person = browser(app)
    const { body } = await person.post(`/logged-in-by-the-${version}-version/${key}`).expect(200)
    if (version === 'new') assert.equal(typeof (body as { model?: unknown }).model, 'string')
    for (let page = 0; page < 2; page++) await person.get('/who').expect(200, JSON.stringify(name))
  }
}
