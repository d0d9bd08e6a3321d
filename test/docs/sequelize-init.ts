import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Express } from 'express'
import type { Model, ModelStatic, QueryInterface, Sequelize } from 'sequelize'
import type { VisitorModel } from 'passport-ephemeral'
import { openDatabase } from '../support/database.js'
import { browser } from './client.js'

/** What sequelize-cli calls. */
export interface Migration {
  readonly up: (queryInterface: QueryInterface) => Promise<void>
  readonly down: (queryInterface: QueryInterface) => Promise<void>
}

let sequelize: Sequelize

/** Opens the database that the application's `database.js` exports. */
export async function openUnderTest(): Promise<void> {
  ;({ sequelize } = await openDatabase())
  Object.assign(globalThis, { sequelizeUnderTest: sequelize })
}

/** The file of the one migration that the page adds. */
export async function migrationIn(folder: string): Promise<string> {
  const files = await readdir(join(folder, 'migrations'))
  assert.equal(files.length, 1)
  return files[0] ?? ''
}

/** Guests, visitors, a conversion and a merge work, on the tables of the migration, which it returns. */
export async function checkApplication(app: Express, migration: Migration): Promise<string[]> {
  const { User, Task, Visitor } = sequelize.models as unknown as {
    User: ModelStatic<Model>
    Task: ModelStatic<Model>
    Visitor: VisitorModel
  }
  await User.sync()
  await Task.sync()
  const queryInterface = sequelize.getQueryInterface()
  const own = await queryInterface.showAllTables()
  await migration.up(queryInterface)
  const tables = await queryInterface.showAllTables()
  assert.deepEqual(
    Object.values(sequelize.models)
      .map((model) => model.getTableName())
      .toSorted(),
    tables.toSorted(),
  )

  const fred = browser(app)
  await fred.post('/tasks').type('form').send({ title: 'Call Ginger' }).expect(200)
  const password = 'correct horse'
  await fred
    .post('/convert')
    .type('form')
    .send({ username: 'fred', password, passwordAgain: password })
    .expect(303)
  await fred.get('/tasks').expect(200, ['Call Ginger'])

  const again = browser(app)
  await again.post('/tasks').type('form').send({ title: 'Dance' }).expect(200)
  await again.post('/login').type('form').send({ username: 'fred', password }).expect(200)
  await again.get('/tasks').expect(200, ['Call Ginger', 'Dance'])
  assert.equal(await User.count(), 1)

  const owner = (await User.findOne({ rejectOnEmpty: true })).get('id')
  app.post('/logged-in-before-the-upgrade', (req, res) => {
    Object.assign(req.session, { passport: { user: owner } })
    res.end()
  })
  const loggedInBefore = browser(app)
  await loggedInBefore.post('/logged-in-before-the-upgrade')
  await loggedInBefore.get('/tasks').expect(200, ['Call Ginger', 'Dance'])

  const pass = await Visitor.create({ firstName: 'Ginger', email: 'ginger@example.com', scope: 'REFERENCE' })
  const ginger = browser(app)
  await ginger.get('/reference').expect(403, /This page is by invitation/)
  await ginger.get(pass.tokenise('/reference')).expect(303)
  await ginger.get('/reference').expect(200, 'Dear Ginger')

  await migration.down(queryInterface)
  assert.deepEqual((await queryInterface.showAllTables()).toSorted(), own.toSorted())
  return tables
}
