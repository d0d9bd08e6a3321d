import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Express } from 'express'
import { checkApplication, migrationIn, openUnderTest, type Migration } from '../sequelize-init.js'

export default async function check(folder: string) {
  await openUnderTest()
  const file = await migrationIn(folder)
  const { default: app } = (await import(join(folder, 'app.js'))) as { default: Express }
  const migration = (await import(join(folder, 'migrations', file))) as Migration
  assert.ok((await checkApplication(app, migration)).includes('Guests'))
}
