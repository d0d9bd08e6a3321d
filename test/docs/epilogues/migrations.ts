import assert from 'node:assert/strict'
import type { GuestModel, VisitorModel } from 'passport-ephemeral'
import type { QueryInterface, Sequelize } from 'sequelize'
import type { Umzug } from 'umzug'

interface Program {
  readonly sequelize: Sequelize
  readonly Visitor: VisitorModel
  readonly Guest: GuestModel
  readonly umzug: Umzug<QueryInterface>
}

export default async function check({ sequelize, Visitor, Guest, umzug }: Program) {
  const { id } = await Visitor.create({ email: 'ginger@example.com', scope: 'REFERENCE_REQUEST' })
  assert((await Visitor.findByPk(id))?.isValid)
  assert.equal(await Guest.count(), 0)
  assert.equal((await umzug.pending()).length, 0)

  await umzug.down({ to: 0 })
  const tables = await sequelize.getQueryInterface().showAllTables()
  assert.deepEqual(new Set(tables), new Set(['SequelizeMeta', 'Users']))
  await umzug.up()
  assert.equal(await Visitor.count(), 0)
}
