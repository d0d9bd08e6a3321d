import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Sequelize } from 'sequelize'
import { diagnose } from '../../src/checks/diagnose.js'
import { migrationsFor } from '../../src/migrations/index.js'
import { dialect } from '../support/database.js'
import { buildApp, codes } from './stage.js'
import { Diagnosis } from './database/diagnosis.js'

describe('diagnose', () => {
  const diagnosis = new Diagnosis()

  it('finds nothing in tables that sync() has created', async () => {
    diagnosis.defineOrders({})
    await diagnosis.makeTables()
    assert.deepEqual(await diagnosis.check(), [])
  })

  it('finds nothing in tables that the migrations have created', async () => {
    await diagnosis.models.Users.sync()
    const context = diagnosis.database.sequelize.getQueryInterface()
    for (const migration of migrationsFor({
      Guest: diagnosis.models.Guest,
      Visitor: diagnosis.models.Visitor,
    }))
      await migration.up({ context })
    await diagnosis.makeTables()
    assert.deepEqual(await diagnosis.check(), [])
  })

  it('includes the findings about the application', async () => {
    const app = buildApp(diagnosis.models)
    await diagnosis.makeTables()
    assert.deepEqual(codes(await diagnose({ ...diagnosis.models, app, isProduction: true })), [])
    const wrong = buildApp(diagnosis.models, { settings: (each) => each.set('trust proxy', true) })
    const findings = await diagnose({ ...diagnosis.models, app: wrong, isProduction: true })
    assert.deepEqual(codes(findings), ['PROXY_TRUSTS_ANYTHING'])
  })

  it('writes nothing to the database', async () => {
    await diagnosis.makeTables()
    diagnosis.database.takeStatements()
    await diagnosis.check()
    for (const statement of diagnosis.database.takeStatements())
      assert.match(statement, /\): (SELECT|PRAGMA)/)
  })

  it('reports a database that does not answer', async () => {
    const { Sequelize: Class } = { Sequelize }
    const nowhere =
      dialect === 'mysql'
        ? new Class('mysql://root@127.0.0.1:1/test', { logging: false })
        : new Class('postgres://postgres@127.0.0.1:1/test', { logging: false })
    const findings = await diagnose({ sequelize: nowhere })
    await nowhere.close()
    assert.deepEqual(codes(findings), ['DATABASE_UNREACHABLE'])
    assert.equal(findings[0]?.severity, 'error')
  })

  it('reports a database whose catalog cannot be read', async () => {
    await diagnosis.makeTables()
    const asked = { times: 0 }
    diagnosis.database.sequelize.addHook('beforeQuery', () => {
      if (asked.times++ > 0) throw new Error('permission denied')
    })
    const findings = await diagnose({ ...diagnosis.models })
    diagnosis.database.sequelize.removeHook('beforeQuery', '')
    assert.deepEqual(codes(findings), ['DATABASE_UNREADABLE'])
    assert.match(findings[0]?.message ?? '', /permission denied/)
  })
})
