import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { DataTypes, Sequelize, type Options } from 'sequelize'
import { isNameInSessions, nameInSessions } from '../../src/database/model-identity.js'

interface Variant {
  readonly options?: Options
  readonly schema?: string
  readonly tableName?: string
  readonly databaseName?: string
}

/** The name of a users model on a database that is never connected to. */
function nameOf(url: string, { options, schema, tableName, databaseName }: Variant = {}): string {
  const sequelize = new Sequelize(url, { dialectModule: pg, ...options })
  const User = sequelize.define(
    'User',
    { username: DataTypes.STRING },
    { ...(schema && { schema }), ...(tableName && { tableName }) },
  )
  return nameInSessions(User, User, databaseName)
}

const NAME = nameOf('postgres://app:old@db.internal:5432/tenant_a')

describe('the name of a model in sessions', () => {
  for (const [change, name] of [
    ['a new password', nameOf('postgres://app:new@db.internal:5432/tenant_a')],
    ['another user', nameOf('postgres://other:old@db.internal:5432/tenant_a')],
    ['another address and port of the server', nameOf('postgres://app:old@127.0.0.1:6432/tenant_a')],
    ['a socket', nameOf('postgres://app:old@localhost/tenant_a', { options: { host: '/run/postgresql' } })],
    [
      'a read replica',
      nameOf('postgres://app:old@db.internal/tenant_a', {
        options: {
          replication: { read: [{ host: 'replica', database: 'copy' }], write: { host: 'primary' } },
        },
      }),
    ],
    [
      'replication without the name of a database in the address',
      nameOf('postgres://app:old@db.internal/', {
        options: { replication: { read: [{ host: 'replica' }], write: { database: 'tenant_a' } } },
      }),
    ],
    [
      'a rename of the database with databaseName',
      nameOf('postgres://db/renamed', { databaseName: 'tenant_a' }),
    ],
  ] as const) {
    it(`stays the same for ${change}`, () => {
      assert.equal(name, NAME)
    })
  }

  for (const [change, name] of [
    ['database', nameOf('postgres://app:old@db.internal:5432/tenant_b')],
    ['schema', nameOf('postgres://app:old@db.internal:5432/tenant_a', { schema: 'tenant' })],
    ['table', nameOf('postgres://app:old@db.internal:5432/tenant_a', { tableName: 'staff' })],
    ['databaseName', nameOf('postgres://app:old@db.internal:5432/tenant_a', { databaseName: 'shard 2' })],
    ['SQLite file', nameOf('sqlite:one.sqlite', { options: { dialectModule: {} } })],
  ] as const) {
    it(`differs for another ${change}`, () => {
      assert.notEqual(name, NAME)
    })
  }

  it('shows neither the database nor the table', () => {
    assert.match(NAME, /^User@[\w-]{12}$/)
    assert.ok(isNameInSessions(NAME, 'User'))
    assert.ok(!isNameInSessions(NAME, 'Use'))
  })
})
