import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { DataTypes } from 'sequelize'
import {
  defineGuestModel,
  defineVisitorModels,
  loadGuest,
  selfServiceRouter,
  VisitorTokenStrategy,
} from '../src/index.js'
import { migrationsFor } from '../src/migrations/index.js'
import { SECRET } from './support/application.js'
import { openDatabase, type TestDatabase } from './support/database.js'

let database: TestDatabase
before(async () => {
  database = await openDatabase()
})
after(() => database.close())

const define = (options: unknown) => () =>
  defineVisitorModels(database.sequelize, options as Parameters<typeof defineVisitorModels>[1])

describe('defineVisitorModels', () => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /options must be an object/],
    [{}, /'secret' must be a non-empty string.*is the environment variable set\?.*not undefined/],
    [{ secret: undefined }, /'secret'/],
    [{ secret: '' }, /'secret'.*not an empty string/],
    [{ secret: [] }, /'secret'.*not an array of 0/],
    [{ secret: ['a', ''] }, /'secret'/],
    [{ secret: true }, /'secret'/],
    [{ secret: SECRET, tokenExpiry: 0 }, /'tokenExpiry' must be a positive number of seconds, not 0/],
    [{ secret: SECRET, tokenExpiry: Infinity }, /'tokenExpiry'/],
    [{ secret: SECRET, sessionExpiry: -1 }, /'sessionExpiry' must be 0, a positive whole number/],
    [{ secret: SECRET, queryKey: '' }, /'queryKey'/],
    [{ secret: SECRET, queryString: 'x' }, /unknown option 'queryString'; the options are secret, queryKey/],
    [{ secret: SECRET, tableName: 5 }, /'tableName'/],
  ]
  for (const [options, message] of wrong) {
    it(`refuses ${inspect(options).replace(SECRET, '…')} with the reason`, () => {
      assert.throws(define(options), (error: unknown) => {
        assert.ok(error instanceof TypeError)
        assert.match(error.message, /^defineVisitorModels: /)
        assert.match(error.message, message)
        return true
      })
    })
  }

  it('never repeats a secret in a message', () => {
    assert.throws(
      define({ secret: ['hunter2 hunter2', 5] }),
      (error: unknown) => !String(error).includes('hunter2'),
    )
  })
})

describe('a model name that the application has defined', () => {
  it('is refused with an error that names the option modelName', () => {
    database.sequelize.define('Visitor', {})
    assert.throws(define({ secret: SECRET }), /'Visitor' is already defined.*option 'modelName'/)
    const { Visitor, VisitorLog } = defineVisitorModels(database.sequelize, {
      secret: SECRET,
      modelName: 'Invitee',
    })
    assert.deepEqual([Visitor.name, VisitorLog.name], ['Invitee', 'InviteeLog'])
  })
})

describe('the other functions with options', () => {
  it('refuse a model of another kind', () => {
    assert.throws(
      () => new VisitorTokenStrategy({ Visitor: undefined as never }),
      /'Visitor' must be the Visitor model/,
    )
    assert.throws(
      () => new VisitorTokenStrategy({ Visitor: class {} as never }),
      /'Visitor' must be the Visitor model/,
    )
    assert.throws(
      () => loadGuest({ Guest: (() => 0) as never }),
      /loadGuest: option 'Guest' must be the Guest model/,
    )
  })

  it('name the part that is missing, and quote a value that is not allowed', () => {
    const { Visitor } = defineVisitorModels(database.sequelize, { secret: SECRET, modelName: 'Asked' })
    const options = { Visitor, send: () => undefined, baseUrl: 'https://example.test' }
    const wrong: [object, RegExp][] = [
      [{ limiter: {} }, /'limiter' must be .*, not an object without a function consume$/],
      [{ limiter: { ip: {} } }, /, not an object whose ip is an object without a function consume$/],
      [{ limiter: { ip: 5 } }, /, not an object whose ip is 5$/],
      [{ limiter: { ip: { consume: () => 0 }, mail: {} } }, /, not an object with 'mail'$/],
      [{ limiter: 'redis' }, /, not a string$/],
      [{ limiterFailure: 'opened' }, /'limiterFailure' must be 'open' or 'closed', not 'opened'$/],
      [{ limiterFailure: 'no word at all' }, /, not a string$/],
    ]
    for (const [change, message] of wrong) {
      assert.throws(() => selfServiceRouter({ ...options, ...change }), {
        name: 'TypeError',
        message,
      })
    }
    const User = database.sequelize.define('Member', {})
    assert.throws(() => migrationsFor({ Guest: User as never }), /returned, not Member, another model$/)
    assert.throws(() => migrationsFor({ Visitor: User as never }), /returned, not Member, another model$/)
  })

  it('refuse unknown options and values of a wrong type', () => {
    const { Visitor } = defineVisitorModels(database.sequelize, { secret: SECRET, modelName: 'Other' })
    assert.throws(
      () => new VisitorTokenStrategy({ Visitor, striptoken: true } as never),
      /unknown option 'striptoken'/,
    )
    assert.throws(
      () => new VisitorTokenStrategy({ Visitor, stripToken: 1 as never }),
      /'stripToken' must be a boolean/,
    )
  })
})

describe('defineGuestModel', () => {
  it('refuses a users model with a composite key: users of two tenants could share a guest’s key', () => {
    const Tenant = database.sequelize.define('TenantUser', {
      tenantId: { type: DataTypes.INTEGER, primaryKey: true },
      id: { type: DataTypes.INTEGER, primaryKey: true },
      username: { type: DataTypes.STRING(150), allowNull: false },
    })
    assert.throws(
      () => defineGuestModel(database.sequelize, { User: Tenant }),
      /option 'User' must be a Sequelize model with a single primary key/,
    )
  })
})
