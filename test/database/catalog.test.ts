import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize'
import { forgetTable, readTable, uniqueIndexesOf } from '../../src/database/catalog.js'
import { dialect, openDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
let sequelize: Sequelize
before(async () => {
  database = await openDatabase()
  sequelize = database.sequelize
})
after(async () => {
  await database.close()
})

const quote = (name: string): string => (dialect === 'mysql' ? `\`${name}\`` : `"${name}"`)

/** A model with a table that has these indexes besides its primary key. */
async function define(name: string, ...indexes: readonly string[]): Promise<ModelStatic<Model>> {
  const Row = sequelize.define(
    name,
    { tenant: DataTypes.INTEGER, email: DataTypes.STRING(100), deletedOn: DataTypes.STRING(10) },
    { timestamps: false, tableName: name },
  )
  await Row.sync()
  for (const [place, index] of indexes.entries()) {
    const [unique, rest] = index.startsWith('UNIQUE ') ? ['UNIQUE ', index.slice(7)] : ['', index]
    await sequelize.query(`CREATE ${unique}INDEX ${name}_${String(place)} ON ${quote(name)} ${rest}`)
  }
  return Row
}

/** Its unique indexes but for the primary key. */
async function secondary(Row: ModelStatic<Model>) {
  const [primary, ...others] = await uniqueIndexesOf(Row)
  assert.deepEqual(primary?.parts, [{ field: 'id', sql: primary?.parts[0]?.sql }])
  return others
}

describe('uniqueIndexesOf', () => {
  it('lists the primary key and unique indexes with their columns in order, and no other index', async () => {
    const Row = await define('plain', 'UNIQUE (tenant, email)', '(email)')
    const [index, ...others] = await secondary(Row)
    assert.deepEqual(others, [])
    assert.deepEqual(
      index?.parts.map(({ field }) => field),
      ['tenant', 'email'],
    )
    assert.equal(index.predicate, undefined)
    assert.equal(index.countsNulls, false)
  })

  it('gives each part as SQL that the database evaluates', async () => {
    const Row = await define('evaluated', 'UNIQUE (tenant, email)')
    await Row.create({ tenant: 3, email: 'kim@example.org' })
    const [index] = await secondary(Row)
    const list = index?.parts.map(({ sql }, place) => `${sql} AS p${String(place)}`).join(', ')
    const [rows] = await sequelize.query(`SELECT ${list ?? ''} FROM ${quote('evaluated')}`)
    assert.deepEqual(rows, [{ p0: 3, p1: 'kim@example.org' }])
  })

  if (dialect !== 'mysql') {
    it('gives an expression as SQL, and names no column for it', async () => {
      const Row = await define('expressions', "UNIQUE (tenant, lower(coalesce(email, 'a,(b'))) ")
      await Row.create({ tenant: 3, email: 'Kim@Example.org' })
      const [index] = await secondary(Row)
      assert.deepEqual(
        index?.parts.map(({ field }) => field),
        ['tenant', undefined],
      )
      const [rows] = await sequelize.query(
        `SELECT ${index.parts[1]?.sql ?? ''} AS p FROM ${quote('expressions')}`,
      )
      assert.deepEqual(rows, [{ p: 'kim@example.org' }])
    })

    it('gives the predicate of a partial index as SQL', async () => {
      const Row = await define(
        'partial',
        `UNIQUE (email) WHERE ${quote('deletedOn')} IS NULL AND email <> ')'`,
      )
      await Row.bulkCreate([{ email: 'a' }, { email: ')' }, { email: 'b', deletedOn: '2026-11-26' }])
      const [index] = await secondary(Row)
      const [rows] = await sequelize.query(
        `SELECT email FROM ${quote('partial')} WHERE ${index?.predicate ?? 'missing'}`,
      )
      assert.deepEqual(rows, [{ email: 'a' }])
    })
  }

  if (dialect === 'postgres') {
    it('returns whether NULLs are equal', async (t) => {
      const version = await sequelize.databaseVersion()
      if (Number.parseInt(version) < 15) {
        t.skip('new in PostgreSQL 15')
        return
      }
      const [index] = await secondary(await define('nulls', 'UNIQUE (tenant, email) NULLS NOT DISTINCT'))
      assert.equal(index?.countsNulls, true)
    })

    it('reads the table that the search path finds, and the one of a schema', async () => {
      await sequelize.query('CREATE SCHEMA other')
      await sequelize.query('CREATE TABLE other.placed (id integer PRIMARY KEY, email text UNIQUE)')
      await define('placed')
      const Other = sequelize.define('Other', {}, { schema: 'other', tableName: 'placed', timestamps: false })
      assert.equal((await uniqueIndexesOf(Other)).length, 2)
      assert.equal((await uniqueIndexesOf(sequelize.model('placed'))).length, 1)
    })
  }

  if (dialect === 'mysql') {
    it('gives the beginning of a column as an expression', async () => {
      const [index] = await secondary(await define('beginning', 'UNIQUE (email(5))'))
      assert.deepEqual(index?.parts, [{ field: undefined, sql: 'LEFT(`email`, 5)' }])
    })
  }

  if (dialect === 'sqlite') {
    it('adds the collation of an index to its column', async () => {
      const Row = await define('collated', 'UNIQUE (email COLLATE NOCASE DESC)')
      const [index] = await secondary(Row)
      assert.deepEqual(index?.parts, [{ field: 'email', sql: '"email" COLLATE NOCASE' }])
    })
  }

  it('returns nothing for a table that is missing, and finds it once it is created', async () => {
    const Row = sequelize.define(
      'late',
      { email: { type: DataTypes.STRING, unique: true } },
      { timestamps: false },
    )
    assert.deepEqual(await uniqueIndexesOf(Row), [])
    await Row.sync()
    assert.equal((await uniqueIndexesOf(Row)).length, 2)
  })
})

describe('readTable', () => {
  it('asks the database once, until the table is forgotten', async () => {
    const Row = await define('remembered', 'UNIQUE (email)')
    database.takeStatements()
    await readTable(Row)
    assert.equal(database.takeStatements().length, 2)
    await readTable(Row)
    assert.equal(database.takeStatements().length, 0)
    forgetTable(Row)
    await readTable(Row)
    assert.equal(database.takeStatements().length, 2)
  })

  it('tells a view from a table', async () => {
    await define('viewed')
    await sequelize.query(`CREATE VIEW a_view AS SELECT * FROM ${quote('viewed')}`)
    const View = sequelize.define('View', {}, { tableName: 'a_view', timestamps: false })
    assert.equal((await readTable(View))?.isView, true)
    assert.equal((await readTable(sequelize.model('viewed')))?.isView, false)
  })
})
