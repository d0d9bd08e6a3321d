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

describe('the options of the visit log', () => {
  const wrong: [object, RegExp][] = [
    [{ visitLog: true }, /'visitLog' must be an object, not a boolean/],
    [{ visitLog: null }, /'visitLog' must be an object, not null/],
    [
      { visitLog: { flushInterval: 0 } },
      /visitLog: option 'flushInterval' must be a positive number of seconds, not 0/,
    ],
    [
      { visitLog: { batchSize: 1.5 } },
      /visitLog: option 'batchSize' must be a positive whole number, not 1.5/,
    ],
    [
      { visitLog: { maxBuffered: -1 } },
      /visitLog: option 'maxBuffered' must be a positive whole number, not -1/,
    ],
    [{ visitLog: { size: 5 } }, /visitLog: unknown option 'size'; the options are flushInterval, /],
    [{ sharingThreshold: 0 }, /'sharingThreshold' must be a positive whole number, not 0/],
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
    defineVisitorModels(database.sequelize, { secret: SECRET, sharingThreshold: 2 })
  })
})
