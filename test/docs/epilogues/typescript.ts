import assert from 'node:assert/strict'
import type { Express } from 'express'
import type { GuestModel } from 'passport-ephemeral'
import type { Model, ModelStatic, Sequelize } from 'sequelize'
import supertest from 'supertest'

interface Program {
  readonly app: Express
  readonly sequelize: Sequelize
  readonly User: ModelStatic<Model>
  readonly Guest: GuestModel
}

export default async function check({ app, sequelize, User, Guest }: Program) {
  await sequelize.sync()
  const guest = await Guest.createGuestUser()
  assert.ok(guest instanceof User)
  assert.match(String(guest.get('username')), /^[0-9a-f]{32}$/)
  await supertest(app).get('/settings').expect(401)
}
