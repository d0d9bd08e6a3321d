import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DataTypes } from 'sequelize'
import { dialect } from '../../support/database.js'
import { codes } from '../stage.js'
import { Diagnosis, itNotOnMysql, itOnPostgres, itOnServers } from './diagnosis.js'

describe('Of foreign keys, diagnose', () => {
  const diagnosis = new Diagnosis()

  it('a foreign key that prevents a deletion is reported with the statement that changes it', async () => {
    diagnosis.defineOrders({ onDelete: 'NO ACTION' })
    await diagnosis.makeTables()
    const { remedy, message } = await diagnosis.only('FOREIGN_KEY_BLOCKS', 'error')
    assert.match(message, /Orders.* \(userId\) refers to .*Users/)
    assert.match(remedy, /^-- Caution: the rows of .*Orders.* are deleted with the guest\.\n/)
    if (dialect === 'sqlite') return
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
    const user = await diagnosis.models.Guest.createGuestUser()
    await diagnosis.database.sequelize.model('Order').create({ userId: user.id })
    await diagnosis.models.Users.destroy({ where: { id: user.id } })
    assert.equal(await diagnosis.database.sequelize.model('Order').count(), 0)
  })

  itOnServers('a row that can do without its user stays, without the reference', async () => {
    const Order = diagnosis.defineOrders({ allowNull: true, onDelete: 'NO ACTION' })
    await diagnosis.makeTables()
    const { remedy } = await diagnosis.only('FOREIGN_KEY_BLOCKS', 'error')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
    const user = await diagnosis.models.Guest.createGuestUser()
    await Order.create({ userId: user.id })
    await diagnosis.models.Users.destroy({ where: { id: user.id } })
    assert.equal(await Order.count({ where: { userId: null } }), 1)
  })

  itOnServers('the remedy for users who refer to users deletes no other account', async () => {
    await diagnosis.makeTables()
    await diagnosis.run(`ALTER TABLE "Users" ADD COLUMN "referredBy" int; CREATE INDEX referrers ON "Users" ("referredBy");
        ALTER TABLE "Users" ADD FOREIGN KEY ("referredBy") REFERENCES "Users" ("id")`)
    const { remedy } = await diagnosis.only('FOREIGN_KEY_BLOCKS', 'error')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
    const { Users, Guest } = diagnosis.models
    const guest = await Guest.createGuestUser()
    const friend = await Users.create({ username: 'friend', password: 'x' })
    await diagnosis.run(`UPDATE "Users" SET "referredBy" = ${String(guest.id)} WHERE username = 'friend'`)
    await Users.destroy({ where: { id: guest.id } })
    assert.equal(await Users.count({ where: { id: friend.id } }), 1)
  })

  for (const onDelete of ['NO ACTION', 'SET NULL']) {
    itOnPostgres(
      `no statement is given where a user must refer to a user, ON DELETE ${onDelete}`,
      async () => {
        await diagnosis.makeTables()
        await diagnosis.run(`ALTER TABLE "Users" ADD COLUMN "referredBy" int NOT NULL REFERENCES "Users" ON DELETE ${onDelete};
          CREATE INDEX referrers ON "Users" ("referredBy")`)
        const [finding] = await diagnosis.check()
        assert.match(finding?.remedy ?? '', /The application must decide .*Let referredBy of "Users" be null/)
        assert.doesNotMatch(finding?.remedy ?? '', /ALTER TABLE/)
      },
    )
  }

  itOnServers('no statement is given where a cascade would go on to other users', async () => {
    await diagnosis.makeTables()
    await diagnosis.run(`CREATE TABLE "Tenants" (id int PRIMARY KEY, "ownerId" int NOT NULL);
        ALTER TABLE "Tenants" ADD FOREIGN KEY ("ownerId") REFERENCES "Users" ("id");
        CREATE INDEX owners ON "Tenants" ("ownerId");
        ALTER TABLE "Users" ADD COLUMN "tenantId" int; CREATE INDEX members ON "Users" ("tenantId");
        ALTER TABLE "Users" ADD FOREIGN KEY ("tenantId") REFERENCES "Tenants" ("id") ON DELETE CASCADE`)
    const { remedy, message } = await diagnosis.only('FOREIGN_KEY_BLOCKS', 'error')
    assert.match(message, /Tenants.* \(ownerId\)/)
    assert.match(remedy, /would delete other rows of .*Users.* with the guest/)
    assert.doesNotMatch(remedy, /ALTER TABLE/)
  })

  it('foreign keys to rows that a cascade deletes are checked too', async () => {
    const Order = diagnosis.defineOrders({})
    const Line = diagnosis.database.sequelize.define(
      'Line',
      { orderId: DataTypes.INTEGER },
      { indexes: [{ fields: ['orderId'] }] },
    )
    Line.belongsTo(Order, { foreignKey: 'orderId', onDelete: 'RESTRICT' })
    const Note = diagnosis.database.sequelize.define(
      'Note',
      { lineId: DataTypes.INTEGER },
      { indexes: [{ fields: ['lineId'] }] },
    )
    Note.belongsTo(Line, { foreignKey: 'lineId', onDelete: 'RESTRICT' })
    await diagnosis.makeTables()
    const { message } = await diagnosis.only('FOREIGN_KEY_BLOCKS', 'error') // the lines are not deleted, so the notes do not matter
    assert.match(message, /Lines.* \(orderId\) refers to .*Orders/)
  })

  itNotOnMysql('names one without an index, and gives the statement for it', async () => {
    diagnosis.defineOrders({ isIndexed: false })
    await diagnosis.makeTables()
    const { remedy } = await diagnosis.only('FOREIGN_KEY_WITHOUT_INDEX', 'warning')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  itNotOnMysql('counts an index that begins with the key, and none that merely contains it', async () => {
    diagnosis.defineOrders({ isIndexed: false })
    await diagnosis.makeTables()
    await diagnosis.run('CREATE INDEX orders_what_user ON "Orders" ("what", "userId")')
    await diagnosis.only('FOREIGN_KEY_WITHOUT_INDEX', 'warning')
    await diagnosis.run('CREATE INDEX orders_user_what ON "Orders" ("userId", "what")')
    assert.deepEqual(await diagnosis.check(), [])
  })

  itOnPostgres('counts an index of all rows that refer, and none of some other rows', async () => {
    diagnosis.defineOrders({ isIndexed: false })
    await diagnosis.makeTables()
    await diagnosis.run(`CREATE INDEX only_tea ON "Orders" ("userId") WHERE "what" = 'tea'`)
    await diagnosis.only('FOREIGN_KEY_WITHOUT_INDEX', 'warning')
    await diagnosis.run('CREATE INDEX referring ON "Orders" ("userId") WHERE "userId" IS NOT NULL')
    assert.deepEqual(await diagnosis.check(), [])
  })

  itNotOnMysql('names one that would set to null what must not be', async () => {
    diagnosis.defineOrders({ allowNull: true, onDelete: 'SET NULL' })
    await diagnosis.makeTables()
    assert.deepEqual(await diagnosis.check(), [])
    if (dialect === 'sqlite') return
    await diagnosis.run('ALTER TABLE "Orders" ALTER COLUMN "userId" SET NOT NULL')
    const { remedy } = await diagnosis.only('FOREIGN_KEY_SETS_NULL', 'error')
    await diagnosis.run(remedy.slice(remedy.indexOf('ALTER TABLE')))
    assert.deepEqual(await diagnosis.check(), [])
  })

  itOnPostgres('gives a statement that a partitioned table takes', async () => {
    await diagnosis.makeTables()
    await diagnosis.run(`CREATE TABLE "Events" ("userId" int NOT NULL REFERENCES "Users" ON DELETE CASCADE) PARTITION BY HASH ("userId");
        CREATE TABLE "Events0" PARTITION OF "Events" FOR VALUES WITH (MODULUS 1, REMAINDER 0)`)
    const { remedy } = await diagnosis.only('FOREIGN_KEY_WITHOUT_INDEX', 'warning')
    await diagnosis.run(remedy)
    assert.deepEqual(await diagnosis.check(), [])
  })

  it('a foreign key that prevents the deletion of a pass is reported', async () => {
    const Reference = diagnosis.database.sequelize.define(
      'Reference',
      { passId: DataTypes.INTEGER },
      { indexes: [{ fields: ['passId'] }] },
    )
    Reference.belongsTo(diagnosis.models.Visitor, { foreignKey: 'passId', onDelete: 'RESTRICT' })
    await diagnosis.makeTables()
    const { message } = await diagnosis.only('FOREIGN_KEY_BLOCKS', 'error')
    assert.match(message, /a visitor pass/)
  })

  itOnPostgres('tells tables of one name apart by their schemas', async () => {
    await diagnosis.makeTables()
    await diagnosis.run(`CREATE SCHEMA other; CREATE TABLE other."Users" (id int PRIMARY KEY);
        CREATE TABLE other."Orders" ("userId" int NOT NULL REFERENCES other."Users" ON DELETE RESTRICT);
        CREATE TABLE other."Bills" ("userId" int NOT NULL REFERENCES public."Users" ON DELETE RESTRICT)`)
    const findings = await diagnosis.check()
    assert.deepEqual(codes(findings), ['FOREIGN_KEY_BLOCKS', 'FOREIGN_KEY_WITHOUT_INDEX'])
    assert.match(findings[0]?.message ?? '', /other\."Bills"/)
    await diagnosis.run(findings.map(({ remedy }) => remedy).join(''))
    assert.deepEqual(await diagnosis.check(), [])
    await diagnosis.run('DROP SCHEMA other CASCADE') // an embedded database is used again
  })
})
