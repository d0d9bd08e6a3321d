import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DataTypes, literal, Op, type DestroyOptions, type Model, type ModelStatic } from 'sequelize'
import { cleanup } from '../../src/index.js'
import { DAY } from '../support/clock.js'
import { dialect } from '../support/database.js'
import { plainUser, startHost, type Host } from '../support/host-application.js'
import { guestsOf, stageOf, type Stage } from './stage.js'

/** Guests of a host's own users model, who were made three weeks ago. */
async function expiredGuests({ User, Guest }: Host, howMany: number, values: object = {}): Promise<Model[]> {
  const made = new Date(Date.now() - 21 * DAY * 1000)
  const users = []
  for (let count = 0; count < howMany; count++) {
    const user = await User.create({ username: `guest-${String(count)}-${crypto.randomUUID()}`, ...values })
    await Guest.create({
      userId: user.get(User.primaryKeyAttribute) as number,
      createdAt: made,
      lastSeenAt: made,
    })
    users.push(user)
  }
  return users
}

describe('an application whose users are only marked as deleted', () => {
  let host: Host
  before(async () => {
    host = await startHost({ defineUser: plainUser({}, { paranoid: true }) })
  })
  after(() => host.close())

  it('has its guests deleted permanently, including those marked before, and the result reports it', async () => {
    const [first] = await expiredGuests(host, 3)
    await first?.destroy()
    const { guests, ignoresParanoid } = await cleanup({ Guest: host.Guest })
    assert.deepEqual([guests, ignoresParanoid], [3, true])
    assert.equal(await host.User.count({ paranoid: false }), 0)
    assert.equal(await host.Guest.count(), 0)
  })
})

describe('an application with hooks', () => {
  let host: Host
  const heard: string[] = []
  before(async () => {
    host = await startHost({
      defineUser: (sequelize) => {
        const User = plainUser()(sequelize)
        User.beforeDestroy((user) => {
          if (user.get('username') === 'immortal') throw new Error('has an invoice')
          heard.push('one')
        })
        User.beforeBulkDestroy(() => {
          heard.push('bulk')
        })
        return User
      },
    })
  })
  after(() => host.close())

  it('runs them for each batch, and with individualHooks for each user', async () => {
    await expiredGuests(host, 3)
    assert.equal((await cleanup({ Guest: host.Guest }, { batchSize: 2 })).guests, 3)
    assert.deepEqual(heard.splice(0), ['bulk', 'bulk'])
    await expiredGuests(host, 3)
    assert.equal((await cleanup({ Guest: host.Guest }, { individualHooks: true })).guests, 3)
    assert.deepEqual(heard.splice(0), ['bulk', 'one', 'one', 'one'])
  })

  it('keeps a user whose deletion a hook refuses, and gets the reason', async () => {
    await expiredGuests(host, 6)
    await expiredGuests(host, 1, { username: 'immortal' })
    await expiredGuests(host, 6)
    const { guests, failed, failureReasons } = await cleanup({ Guest: host.Guest }, { individualHooks: true })
    assert.deepEqual([guests, failed, failureReasons], [12, 1, ['has an invoice']])
    assert.equal(await host.User.count(), 1)
  })
})

describe('an application with keys of other kinds', () => {
  for (const [kind, type] of [
    ['UUIDs', DataTypes.UUID],
    ['texts', DataTypes.STRING(40)],
    ['wide numbers', dialect === 'sqlite' ? DataTypes.INTEGER : DataTypes.BIGINT],
  ] as const) {
    it(`has its guests cleaned up, in batches: ${kind}`, async () => {
      let next = 1
      const host = await startHost({
        database: { define: { underscored: true } },
        defineUser: (sequelize) =>
          sequelize.define('User', {
            key: {
              type,
              primaryKey: true,
              field: 'user_key',
              defaultValue: () => (kind === 'wide numbers' ? next++ : crypto.randomUUID()),
            },
            username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
          }),
      })
      try {
        const users = await expiredGuests(host, 7)
        const spared = users[2]?.get('key')
        const keep = { guests: ({ user }: { user: Model }) => String(user.get('key')) === String(spared) }
        const { guests, kept } = await cleanup({ Guest: host.Guest }, { batchSize: 2, keep })
        assert.deepEqual([guests, kept], [6, 1])
        assert.equal((await cleanup({ Guest: host.Guest }, { batchSize: 2 })).guests, 1)
        assert.equal(await host.User.count(), 0)
      } finally {
        await host.close()
      }
    })
  }
})

describe('an application with conventions of its own', () => {
  for (const [convention, database] of [
    ['names that are not quoted', { quoteIdentifiers: false }],
    ['snake case and frozen names', { define: { underscored: true, freezeTableName: true } }],
    // Sequelize refuses it for SQLite.
    ...(dialect === 'sqlite' ? [] : ([['local time', { timezone: '+02:00' }]] as const)),
  ] as const) {
    it(`has its guests and passes cleaned up: ${convention}`, async () => {
      const host = await startHost({ database, defineUser: plainUser() })
      try {
        await expiredGuests(host, 3)
        const expiresAt = new Date(Date.now() - 40 * DAY * 1000)
        await host.Visitor.create({ email: 'a@example.test', scope: 'REFERENCE', expiresAt })
        const { Guest, Visitor, VisitorLog } = host
        const { guests, passes, kept } = await cleanup(
          { Guest, Visitor, VisitorLog },
          { batchSize: 2, keep: { guests: { username: 'nobody' } } },
        )
        assert.deepEqual([guests, passes, kept], [3, 1, 0])
        await expiredGuests(host, 3)
        assert.equal((await cleanup({ Guest }, { batchSize: 2 })).guests, 3)
        const [outcome] = await host.sequelize.model('GuestOutcome').findAll({ raw: true })
        assert.equal((outcome as unknown as { outcome: string }).outcome, 'expired')
      } finally {
        await host.close()
      }
    })
  }
})

describe('a foreign key without a cascade', () => {
  let app: Stage
  let Invoice: ModelStatic<Model>
  before(async () => {
    app = await stageOf()
    Invoice = app.sequelize.define('Invoice', { userId: { type: DataTypes.INTEGER, allowNull: false } })
    Invoice.belongsTo(app.User, { foreignKey: 'userId', onDelete: 'RESTRICT' })
    await Invoice.sync()
  })
  after(() => app.close())

  it('keeps only the guests to which it refers; they are counted, with the message of the database', async () => {
    const users = await guestsOf(app, 40)
    for (const place of [0, 17, 39]) await Invoice.create({ userId: users[place]?.id })
    const result = await cleanup({ Guest: app.Guest }, { batchSize: 16 })
    assert.deepEqual([result.guests, result.failed, result.isComplete], [37, 3, true])
    assert.match(result.failureReasons[0] ?? '', /foreign key|FOREIGN KEY|fkey/i)
    assert.equal(await app.Guest.count(), 3)
    assert.equal(await app.Todo.count(), 6)
  })

  describe('a foreign key that refers to many of the oldest guests', () => {
    before(async () => {
      await Invoice.destroy({ where: {} })
      await app.User.destroy({ where: {} })
      const users = await guestsOf(app, 60, 30)
      await Invoice.bulkCreate(users.map(({ id }) => ({ userId: id })))
      await guestsOf(app, 40, 15)
    })

    it('ends the clean-up of guests after maxFailed failures, and no other part of the clean-up', async () => {
      await app.Visitor.create({ email: 'a@example.test', scope: 'X', expiresAt: new Date(0) })
      const { Guest, Visitor } = app
      const result = await cleanup({ Guest, Visitor }, { maxFailed: 50, batchSize: 16 })
      assert.deepEqual([result.guests, result.failed, result.passes], [0, 50, 1])
      assert.deepEqual([result.isComplete, result.stoppedBy], [false, 'maxFailed'])
    })

    it('does not prevent the deletion of younger guests: each run reaches the youngest', async () => {
      const { guests, failed, isComplete } = await cleanup({ Guest: app.Guest }, { batchSize: 16 })
      assert.deepEqual([guests, failed, isComplete], [40, 60, true])
      assert.equal(await app.Todo.count(), 120)
    })
  })
})

describe('host settings that change what Sequelize returns', () => {
  for (const [setting, database] of [
    ['query: { raw: true }', { query: { raw: true } }],
    ['benchmark: true', { benchmark: true }],
    // SQLite has one level only.
    ...(dialect === 'sqlite'
      ? []
      : ([['isolationLevel: SERIALIZABLE', { isolationLevel: 'SERIALIZABLE' as never }]] as const)),
  ] as const) {
    it(`do not change what a clean-up does, for each form of keep: ${setting}`, async () => {
      const host = await startHost({ database, defineUser: plainUser() })
      try {
        const { Guest } = host
        const [first] = await expiredGuests(host, 4)
        const username: unknown = first?.get('username')
        const asked: unknown[] = []
        const keep = {
          guests: ({ user, guest }: { user: Model; guest: Model }) => {
            asked.push(guest.get('createdAt'))
            return user.get('username') === username
          },
        }
        const byFunction = await cleanup({ Guest }, { keep, batchSize: 3 })
        assert.deepEqual([byFunction.guests, byFunction.kept, asked.length], [3, 1, 4])
        const byCondition = await cleanup({ Guest }, { keep: { guests: { username: String(username) } } })
        assert.deepEqual([byCondition.guests, byCondition.kept], [0, 1])
        assert.equal((await cleanup({ Guest })).guests, 1)
        assert.equal(await host.sequelize.model('GuestOutcome').sum('guests'), 4)
      } finally {
        await host.close()
      }
    })
  }
})

describe('rows that the database keeps without an error', () => {
  it('are counted as failed, and not recorded as expired, if a hook narrows the deletion', async () => {
    const host = await startHost({
      defineUser: (sequelize) => {
        const User = plainUser()(sequelize)
        User.beforeBulkDestroy((options: DestroyOptions) => {
          options.where = { [Op.and]: [options.where ?? {}, { username: { [Op.notLike]: 'immortal%' } }] }
        })
        return User
      },
    })
    try {
      await expiredGuests(host, 3)
      await expiredGuests(host, 1, { username: 'immortal' })
      const { guests, failed, failureReasons } = await cleanup({ Guest: host.Guest })
      assert.deepEqual([guests, failed], [3, 1])
      assert.match(failureReasons[0] ?? '', /without an error/)
      assert.equal((await cleanup({ Guest: host.Guest })).guests, 0)
      assert.equal(await host.sequelize.model('GuestOutcome').sum('guests'), 3)
    } finally {
      await host.close()
    }
  })

  if (dialect === 'postgres') {
    it('are counted as failed if a deferred foreign key fails at the commit', async () => {
      const app = await stageOf()
      try {
        const users = await guestsOf(app, 12)
        await app.sequelize.query(
          'CREATE TABLE bills (id serial PRIMARY KEY, owner int REFERENCES "Users" DEFERRABLE INITIALLY DEFERRED)',
        )
        await app.sequelize.query(`INSERT INTO bills (owner) VALUES (${String(users[5]?.id)})`)
        for (const [keep, expected] of [
          [{ guests: () => false }, 11],
          [{}, 0],
        ] as const) {
          const { guests, failed, failureReasons } = await cleanup({ Guest: app.Guest }, { keep })
          assert.deepEqual([guests, failed], [expected, 1])
          assert.match(failureReasons[0] ?? '', /foreign key/)
        }
      } finally {
        await app.close()
      }
    })

    for (const [what, body, told] of [
      ['lets a row stay', 'RETURN NULL', /without an error/],
      [
        'raises an error of its own',
        "RAISE EXCEPTION 'not this one' USING ERRCODE = 'AP001'",
        /not this one/,
      ],
    ] as const) {
      it(`are counted as failed if a trigger ${what}, and the other guests are deleted`, async () => {
        const app = await stageOf()
        try {
          const users = await guestsOf(app, 12)
          await app.sequelize.query(`CREATE FUNCTION keep_one() RETURNS trigger AS $$ BEGIN
            IF OLD.id = ${String(users[5]?.id)} THEN ${body}; END IF; RETURN OLD; END $$ LANGUAGE plpgsql`)
          await app.sequelize.query(
            'CREATE TRIGGER keep_one BEFORE DELETE ON "Users" FOR EACH ROW EXECUTE FUNCTION keep_one()',
          )
          for (const expected of [11, 0]) {
            const { guests, failed, failureReasons } = await cleanup({ Guest: app.Guest })
            assert.deepEqual([guests, failed], [expected, 1])
            assert.match(failureReasons[0] ?? '', told)
          }
          assert.equal(await app.sequelize.model('GuestOutcome').sum('guests'), 11)
        } finally {
          await app.close()
        }
      })
    }
  }
})

describe('keep, in an application with hooks for finding', () => {
  it('applies to every row, including rows that the hooks hide from the application’s own queries', async () => {
    const host = await startHost({ defineUser: plainUser() })
    try {
      await expiredGuests(host, 2)
      host.sequelize.addHook('beforeFind', (options) => {
        Object.assign(options, { where: { [Op.and]: [options.where ?? {}, literal('1 = 0')] } })
      })
      let asked = 0
      const keep = { guests: () => Boolean((asked += 1)) }
      const { guests, kept } = await cleanup({ Guest: host.Guest }, { keep })
      assert.deepEqual([guests, kept, asked], [0, 2, 2])
      const condition = { guests: { username: { [Op.like]: 'guest%' } } }
      assert.equal((await cleanup({ Guest: host.Guest }, { keep: condition })).guests, 0)
    } finally {
      await host.close()
    }
  })
})

describe('models that do not belong together', () => {
  it('are refused: a copy of Guest for another schema would delete users of the first schema', async () => {
    const host = await startHost({ defineUser: plainUser() })
    try {
      const { Guest, Visitor, VisitorLog } = host
      await assert.rejects(
        cleanup({ Guest: Guest.schema('tenant') as never }),
        /option 'Guest' is a copy for another schema/,
      )
      await assert.rejects(
        cleanup({ Visitor: Visitor.schema('tenant') as never, VisitorLog }),
        /do not belong together/,
      )
      assert.equal((await cleanup({ Guest, Visitor, VisitorLog })).isComplete, true)
    } finally {
      await host.close()
    }
  })
})

if (dialect === 'sqlite') {
  const LONG_AGO = '2020-01-01 00:00:00.000 +00:00'
  describe('keys larger than the safe integers', () => {
    it('are distinguished: the guest with the next key is kept', async () => {
      const host = await startHost({ defineUser: plainUser() })
      try {
        const insert = (id: string, name: string) =>
          host.sequelize.query(
            `INSERT INTO Users (id, username, createdAt, updatedAt) VALUES (${id}, '${name}', '${LONG_AGO}', '${LONG_AGO}')`,
          )
        await insert('9007199254740992', 'regular')
        await insert('9007199254740993', 'guest')
        await host.sequelize.query(
          `INSERT INTO Guests (userId, createdAt, lastSeenAt) VALUES (9007199254740993, '${LONG_AGO}', '${LONG_AGO}')`,
        )
        assert.equal((await cleanup({ Guest: host.Guest })).guests, 1)
        assert.equal((await host.User.findOne())?.get('username'), 'regular')
      } finally {
        await host.close()
      }
    })
  })
}

describe('missing tables', () => {
  it('are named, with the remedy', async () => {
    const app = await stageOf()
    try {
      await guestsOf(app, 2)
      await app.sequelize.model('GuestOutcome').drop()
      for (const keep of [{}, { guests: () => false }])
        await assert.rejects(cleanup({ Guest: app.Guest }, { keep }), { code: 'ERR_TABLES_MISSING' })
      assert.equal(await app.Guest.count(), 2)
      await app.sequelize.model('PendingConversion').drop()
      await assert.rejects(cleanup({ Guest: app.Guest }), { code: 'ERR_TABLES_MISSING' })
    } finally {
      await app.close()
    }
  })
})
