import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { DataTypes, QueryTypes, Transaction, type Model, type ModelStatic } from 'sequelize'
import { dialect, isEmbedded, isPooled } from '../../support/database.js'
import { logIn, startStage, who, type Stage, type StageOptions } from './stage.js'

let app: Stage | undefined
afterEach(async () => {
  await app?.close()
  app = undefined
})

async function start(options: StageOptions): Promise<Stage> {
  app = await startStage(options)
  return app
}

const { REPEATABLE_READ, SERIALIZABLE } = Transaction.ISOLATION_LEVELS

/** A second is the least that MySQL waits for. */
function waitASecond(connection: unknown): void {
  ;(connection as { query: (sql: string) => unknown }).query('SET SESSION innodb_lock_wait_timeout = 1')
}

// With one connection nothing waits for anything.
if (!isEmbedded && dialect === 'postgres') {
  describe('where the application’s transactions see what was there at their beginning', () => {
    for (const isolationLevel of [REPEATABLE_READ, SERIALIZABLE]) {
      it(`guests who log in at once leave the account one row of which it has one: ${isolationLevel}`, async () => {
        let Profile: ModelStatic<Model> | undefined
        const stage = await start({
          database: { isolationLevel },
          define(sequelize, Users) {
            Profile = sequelize.define('Profile', {}, { timestamps: false })
            Users.hasOne(Profile, { foreignKey: 'userId' })
          },
          merge: { onMerge: () => new Promise((resolve) => setTimeout(resolve, 40)) },
        })
        const account = await stage.account('fred')
        const guests = await Promise.all([1, 2, 3].map(() => stage.guest()))
        for (const { id } of guests) await Profile?.create({ userId: id })
        const answers = await Promise.all(guests.map(({ browser }) => logIn(browser, 'fred')))
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200, 200, 200],
        )
        const rows = (await Profile?.findAll()) ?? []
        assert.deepEqual(
          rows.map((row) => row.get('userId')),
          [account.id],
        )
      })
    }
  })

  describe('a merge', () => {
    it(
      'waits ten seconds for a row at most, or as long as the application says',
      { skip: isPooled },
      async () => {
        for (const [own, expected] of [
          [undefined, '10s'],
          ['3s', '3s'],
        ] as const) {
          const seen: unknown[] = []
          const stage = await start({
            merge: ({ sequelize }) => ({
              onMerge: async ({ transaction }) => {
                const options = { type: QueryTypes.SELECT, transaction } as const
                seen.push(...(await sequelize.query('SHOW lock_timeout', options)))
              },
            }),
            ...(own && { database: { dialectOptions: { options: `-c lock_timeout=${own}` } } }),
          })
          await stage.account('fred')
          await logIn((await stage.guest()).browser, 'fred').expect(200)
          assert.deepEqual(seen, [{ lock_timeout: expected }])
          await stage.close()
          app = undefined
        }
      },
    )
  })
}

if (!isEmbedded && !isPooled && dialect !== 'sqlite') {
  describe('a login within the application’s own transaction, which has changed the account', () => {
    it('fails in time, and says what to do', async () => {
      const stage = await start({
        database:
          dialect === 'postgres'
            ? { dialectOptions: { options: '-c lock_timeout=300ms' } }
            : { hooks: { afterConnect: waitASecond } },
        routes(host, { sequelize, User }) {
          host.post('/within', (req, res, next) => {
            sequelize
              .transaction(async (transaction) => {
                const user = await User.findOne({
                  where: { username: 'fred' },
                  transaction,
                  rejectOnEmpty: true,
                })
                await user.update({ password: 'hashed again' }, { transaction })
                await new Promise<void>((resolve, reject) => {
                  req.login(user, (error?: Error) => {
                    if (error) reject(error)
                    else resolve()
                  })
                })
              })
              .then(() => res.json({}), next)
          })
        },
      })
      await stage.account('fred')
      const { browser, id } = await stage.guest()
      const { body } = await browser.post('/within').expect(500)
      assert.equal((body as { code: string }).code, 'ERR_MERGE_FAILED')
      assert.match((body as Error).message, /commit it before you call req\.login/)
      assert.equal(who(await browser.get('/who')).user?.id, id)
    })
  })
}

describe('a model on a view', () => {
  const onView: StageOptions['define'] = (sequelize, Users) => {
    const Statistics = sequelize.define(
      'Statistics',
      { userId: { type: DataTypes.INTEGER, primaryKey: true }, rows: DataTypes.INTEGER },
      { timestamps: false, tableName: 'statistics_view' },
    )
    Users.hasOne(Statistics, { foreignKey: 'userId', constraints: false })
    const q = dialect === 'postgres' ? '"' : '`'
    Object.assign(Statistics, {
      sync: () =>
        sequelize.query(
          `CREATE VIEW statistics_view AS SELECT id AS ${q}userId${q}, COUNT(*) AS ${q}rows${q} FROM ${q}Users${q} GROUP BY id`,
        ),
    })
  }

  it('is left out by default: its rows are other tables’', async () => {
    const stage = await start({ define: onView })
    await stage.account('fred')
    await logIn((await stage.guest()).browser, 'fred').expect(200)
    assert.equal(await stage.User.count(), 1)
  })

  it('that is named all the same fails, and says what to do instead', async () => {
    const stage = await start({
      define: onView,
      merge: ({ sequelize }) => ({ reassign: [sequelize.model('Statistics')] }),
    })
    await stage.account('fred')
    const { body } = await logIn((await stage.guest()).browser, 'fred').expect(500)
    assert.match((body as Error).message, /name the models that move in 'reassign' without Statistics/)
  })
})

describe('a rule for a model of which no row moves', () => {
  it('fails the first merge, by when all associations are there', async () => {
    const stage = await start({
      define(sequelize) {
        sequelize.define('Loose', {})
      },
      merge: { conflict: { Loose: 'keep-guest' } },
    })
    await stage.account('fred')
    const { browser } = await stage.guest()
    const { body } = await logIn(browser, 'fred').expect(500)
    assert.deepEqual(
      [(body as Error).name, (body as Error).message],
      [
        'TypeError',
        "mergeGuest: option 'conflict' names Loose, of which no row moves: associate it with User, or name it in 'reassign'",
      ],
    )
    assert.equal(who(await browser.get('/who')).isGuest, true)
  })
})
