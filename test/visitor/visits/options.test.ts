import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { defineVisitorModels } from '../../../src/index.js'
import { SECRET } from '../../support/application.js'
import { openDatabase, type TestDatabase } from '../../support/database.js'

let database: TestDatabase
before(async () => {
  database = await openDatabase()
})
after(() => database.close())

const hook = (): void => undefined

describe('the options of the visit log', () => {
  const wrong: [object, RegExp][] = [
    [{ visitLog: true }, /'visitLog' must be an object, not a boolean/],
    [{ visitLog: null }, /'visitLog' must be an object, not null/],
    [
      { visitLog: { flushInterval: 0 } },
      /'visitLog.flushInterval' must be a positive number of seconds, not 0/,
    ],
    [{ visitLog: { batchSize: 1.5 } }, /'visitLog.batchSize' must be a positive whole number, not 1.5/],
    [{ visitLog: { maxBuffered: -1 } }, /'visitLog.maxBuffered' must be a positive whole number, not -1/],
    [{ visitLog: { size: 5 } }, /unknown option 'visitLog.size'; the options are visitLog.flushInterval, /],
    [{ sharing: hook }, /'sharing' must be an object, not a function/],
    [{ sharing: {} }, /'sharing.onSuspectedSharing' must be a function, not undefined/],
    [{ sharing: { onSuspectedSharing: hook, threshold: 0 } }, /'sharing.threshold' must be a positive whole/],
    [{ sharing: { onSuspectedSharing: hook, sessions: 2 } }, /unknown option 'sharing.sessions'/],
  ]
  for (const [options, message] of wrong) {
    it(`cannot be ${inspect(options)}`, () => {
      assert.throws(
        () => defineVisitorModels(database.sequelize, { secret: SECRET, ...options }),
        (error: unknown) => {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, /^defineVisitorModels: /)
          assert.match(error.message, message)
          return true
        },
      )
    })
  }

  it('can be left out, one by one', () => {
    for (const options of [{}, { visitLog: {} }, { visitLog: { batchSize: undefined } }]) {
      defineVisitorModels(database.sequelize, { secret: SECRET, ...(options as object) })
    }
    defineVisitorModels(database.sequelize, { secret: SECRET, sharing: { onSuspectedSharing: hook } })
  })
})
