import assert from 'node:assert/strict'
import type { Express, RequestHandler } from 'express'
import type { PassportStatic } from 'passport'
import { ensureVisitor, isGuest, isRegularUser, type GuestModel, type VisitorModel } from 'passport-ephemeral'
import type { Sequelize } from 'sequelize'
import { browser } from '../client.js'
import type { defineUser } from '../user.js'

interface Program {
  readonly app: Express
  readonly passport: PassportStatic
  readonly sequelize: Sequelize
  readonly User: ReturnType<typeof defineUser>
  readonly Guest: GuestModel<InstanceType<ReturnType<typeof defineUser>>>
  readonly Visitor: VisitorModel
}

export default async function check({ app, passport, sequelize, User, Guest, Visitor }: Program) {
  await sequelize.sync()
  const fred = await User.create({ username: 'fred', passwordHash: 'hash of correct' })
  const pass = await Visitor.create({ email: 'ginger@example.com', scope: 'REFERENCE_REQUEST' })

  app.get('/who', (req, res) => {
    res.send(isRegularUser(req) ? 'regular user' : isGuest(req) ? 'guest' : 'anonymous')
  })
  app.get('/play', passport.authenticate('guest') as RequestHandler, (_req, res) => {
    res.send('Play!')
  })
  app.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (_req, res) => {
    res.send('Reference')
  })
  app.post('/logged-in-before-the-upgrade', (req, res) => {
    Object.assign(req.session, { passport: { user: fred.id } })
    res.end()
  })

  const person = browser(app)
  await person.get('/who').expect(200, 'anonymous')
  await person.get('/play').expect(200, 'Play!')
  await person.get('/who').expect(200, 'guest')
  await person.post('/login').type('form').send({ username: 'fred', password: 'wrong' }).expect(401)
  await person.get('/who').expect(200, 'guest')
  await person.post('/login').type('form').send({ username: 'fred', password: 'correct' }).expect(200)
  await person.get('/who').expect(200, 'regular user')
  await person.get('/play').expect(200, 'Play!')
  assert.equal(await Guest.count(), 1)
  const guest = await Guest.findOne({ include: 'user', rejectOnEmpty: true })
  const { username } = (guest as unknown as { readonly user: { readonly username: string } }).user
  for (const password of ['guessed', 'null'])
    await browser(app).post('/login').type('form').send({ username, password }).expect(401)

  await person.get('/reference').expect(403)
  await person.get(pass.tokenise('/reference')).expect(303)
  await person.get('/reference').expect(200, 'Reference')
  await person.get('/who').expect(200, 'regular user')

  const visitor = browser(app)
  await visitor.get(pass.tokenise('/reference')).expect(303)
  await visitor.get('/reference').expect(200, 'Reference')
  await visitor.get('/who').expect(200, 'anonymous')

  const loggedInBefore = browser(app)
  await loggedInBefore.post('/logged-in-before-the-upgrade')
  await loggedInBefore.get('/who').expect(200, 'regular user')
}
