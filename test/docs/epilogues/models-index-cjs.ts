import { createRequire } from 'node:module'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Express } from 'express'
import { checkApplication, migrationIn, openUnderTest, type Migration } from '../sequelize-init.js'

export default async function check(folder: string) {
  await openUnderTest()
  const file = await migrationIn(folder)
  const require = createRequire(import.meta.url)
  const app = require(join(folder, 'app.js')) as Express
  const configuration = require(join(folder, 'passport-ephemeral.config.js')) as { app: () => Express }
  assert.equal(configuration.app(), app)
  assert.ok(['sequelize', 'Guest', 'Visitor', 'VisitorLog'].every((name) => name in configuration))
  const migration = require(join(folder, 'migrations', file)) as Migration
  assert.ok((await checkApplication(app, migration)).includes('Guests'))
}
