import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { col, literal, where } from 'sequelize'
import { cleanup, type CleanupProgress } from '../../src/index.js'
import { DAY, HOUR, later } from '../support/clock.js'
import { emptied, guestsOf, stageOf, type Stage } from './stage.js'

let app: Stage
before(async () => {
  app = await stageOf({
    routes(host, { passport }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json((req.user as { id: number }).id)
      })
    },
  })
})
after(() => app.close())
beforeEach(() => emptied(app))

const left = async () => ({
  users: await app.User.count(),
  guests: await app.Guest.count(),
  todos: await app.Todo.count(),
})
const outcomes = async () =>
  (await app.sequelize.model('GuestOutcome').findAll({ order: ['createdOn'] })).map((row) => ({
    outcome: row.get('outcome'),
    guests: row.get('guests'),
    createdOn: dayText(row.get('createdOn')),
    endedOn: dayText(row.get('endedOn')),
  }))
/** The embedded database's driver makes dates of days. */
const dayText = (day: unknown) => (day instanceof Date ? day.toISOString().slice(0, 10) : day)
const today = () => new Date().toISOString().slice(0, 10)

describe('clean-up of guests', () => {
  it('deletes expired guests with all their rows, and no others', async () => {
    await guestsOf(app, 3, 15)
    const [young] = await guestsOf(app, 1, 13)
    const regular = await app.User.create({ username: 'fred' })
    await app.Todo.create({ title: 'mine', userId: regular.id })
    const result = await cleanup({ Guest: app.Guest })
    assert.deepEqual(result, {
      guests: 3,
      pendingConversions: 0,
      passes: 0,
      visits: 0,
      outcomes: 0,
      kept: 0,
      failed: 0,
      failureReasons: [],
      isComplete: true,
      stoppedBy: undefined,
      isDryRun: false,
      ignoresParanoid: false,
    })
    assert.deepEqual(await left(), { users: 2, guests: 1, todos: 3 })
    assert.ok(await app.User.findByPk(young?.id))
  })

  it('deletes in batches, and reports each', async () => {
    await guestsOf(app, 25)
    const told: CleanupProgress[] = []
    const { guests } = await cleanup(
      { Guest: app.Guest },
      { batchSize: 10, onProgress: (progress) => told.push(progress) },
    )
    assert.equal(guests, 25)
    assert.deepEqual(
      told.filter(({ kind }) => kind === 'guests').map(({ deleted }) => deleted),
      [10, 20, 25],
    )
  })

  it('costs a number of statements a batch that does not grow with the batch', async () => {
    const counted = []
    for (const howMany of [2, 200]) {
      await guestsOf(app, howMany)
      app.database.takeStatements()
      assert.equal((await cleanup({ Guest: app.Guest })).guests, howMany)
      counted.push(app.database.takeStatements().length)
    }
    assert.equal(counted[0], counted[1])
  })

  it('counts from when guests were last seen, with expiry: sliding', async () => {
    const sliding = await stageOf({ guest: { expiry: 'sliding' } })
    try {
      const [user] = await guestsOf(sliding, 1)
      await sliding.Guest.update({ lastSeenAt: new Date() }, { where: { userId: user?.id ?? 0 } })
      assert.equal((await cleanup({ Guest: sliding.Guest })).guests, 0)
      assert.equal(await later(15 * DAY, async () => (await cleanup({ Guest: sliding.Guest })).guests), 1)
    } finally {
      await sliding.close()
    }
  })

  it('uses maxAge instead of the age of the model', async () => {
    await guestsOf(app, 1, 2)
    assert.equal((await cleanup({ Guest: app.Guest }, { maxAge: 3 * DAY })).guests, 0)
    assert.equal((await cleanup({ Guest: app.Guest }, { maxAge: DAY })).guests, 1)
  })

  it('ends the sessions of deleted guests', async () => {
    const browser = app.browser()
    const { body: id } = await browser.get('/play').expect(200)
    await later(15 * DAY, () => cleanup({ Guest: app.Guest }))
    assert.notEqual((await browser.get('/play').expect(200)).body, id)
  })

  it('records how many expired, by the day on which they were created', async () => {
    await guestsOf(app, 2, 20)
    await guestsOf(app, 1, 15)
    await cleanup({ Guest: app.Guest })
    const day = (ago: number) => new Date(Date.now() - ago * DAY * 1000).toISOString().slice(0, 10)
    assert.deepEqual(await outcomes(), [
      { outcome: 'expired', guests: 2, createdOn: day(20), endedOn: today() },
      { outcome: 'expired', guests: 1, createdOn: day(15), endedOn: today() },
    ])
  })

  it('keeps a guest who has an open link, until the link has expired', async () => {
    const [user] = await guestsOf(app, 1)
    await app.sequelize.model('PendingConversion').create({
      userId: user?.id,
      email: 'ginger@example.test',
      details: {},
      tokenHash: 'x',
      expiresAt: new Date(Date.now() + HOUR * 1000),
    })
    assert.equal((await cleanup({ Guest: app.Guest })).guests, 0)
    await later(2 * HOUR, async () => {
      const { guests, pendingConversions } = await cleanup({ Guest: app.Guest })
      assert.deepEqual([guests, pendingConversions], [1, 1])
    })
  })

  it('deletes pending conversions that were not confirmed in time, and leaves their guests', async () => {
    const [user] = await guestsOf(app, 1, 1)
    const pending = { userId: user?.id, email: 'ginger@example.test', details: {}, tokenHash: 'x' }
    await app.sequelize.model('PendingConversion').create({ ...pending, expiresAt: new Date(0) })
    const { guests, pendingConversions } = await cleanup({ Guest: app.Guest })
    assert.deepEqual([guests, pendingConversions], [0, 1])
    assert.equal(await app.Guest.count(), 1)
  })
})

describe('keep', () => {
  it('keeps guests by a condition on the users row, counted once a run, whatever the batches', async () => {
    const users = await guestsOf(app, 12)
    await app.User.update({ email: 'vip@example.test' }, { where: { id: users[3]?.id ?? 0 } })
    const keep = { guests: { email: 'vip@example.test' } }
    const result = await cleanup({ Guest: app.Guest }, { batchSize: 2, keep })
    assert.deepEqual([result.guests, result.kept, result.isComplete], [11, 1, true])
    assert.deepEqual(await left(), { users: 1, guests: 1, todos: 2 })
  })

  it('keeps guests by a condition in SQL', async () => {
    await guestsOf(app, 3)
    const rich = await app.Todo.findOne({ rejectOnEmpty: true })
    await rich.update({ title: 'paid' })
    const todos = app.sequelize.getQueryInterface().quoteIdentifier('Todos')
    const keep = {
      guests: {
        id: [
          literal(
            `(SELECT ${app.sequelize.getQueryInterface().quoteIdentifier('userId')} FROM ${todos} WHERE title = 'paid')`,
          ),
        ],
      },
    }
    assert.equal(
      (await cleanup({ Guest: app.Guest }, { keep: { guests: where(col('username'), 'LIKE', 'guest%') } }))
        .guests,
      0,
    )
    assert.equal((await cleanup({ Guest: app.Guest }, { keep })).guests, 2)
    assert.ok(await app.User.findByPk(rich.userId))
  })

  it('keeps guests by a function of the rows, sync or async', async () => {
    const users = await guestsOf(app, 4)
    const spared = [users[0]?.id, users[3]?.id]
    const result = await cleanup(
      { Guest: app.Guest },
      {
        batchSize: 3,
        keep: {
          guests: ({ user, guest }) =>
            guest.userId === users[0]?.id ? true : Promise.resolve(user.id === users[3]?.id),
        },
      },
    )
    assert.deepEqual([result.guests, result.kept], [2, 2])
    assert.deepEqual(
      (await app.User.findAll({ order: ['id'] })).map(({ id }) => id),
      spared,
    )
  })

  it('ends the clean-up if its function throws, and nothing of that batch is deleted', async () => {
    await guestsOf(app, 2)
    const keep = {
      guests: () => {
        throw new Error('The shop is away')
      },
    }
    await assert.rejects(cleanup({ Guest: app.Guest }, { keep }), /The shop is away/)
    assert.equal(await app.Guest.count(), 2)
  })
})

describe('a dry run', () => {
  it('counts what a run would, and deletes nothing', async () => {
    const users = await guestsOf(app, 7)
    await app.Visitor.create({ email: 'a@example.test', scope: 'X', expiresAt: new Date(0) })
    const models = { Guest: app.Guest, Visitor: app.Visitor, VisitorLog: app.VisitorLog }
    const options = { batchSize: 3, keep: { guests: { id: users[1]?.id ?? 0 } } }
    const before = await left()
    const dry = await cleanup(models, { ...options, dryRun: true })
    assert.deepEqual(await left(), before)
    assert.deepEqual(await outcomes(), [])
    assert.deepEqual({ ...(await cleanup(models, options)), isDryRun: true }, dry)
    assert.deepEqual([dry.guests, dry.kept, dry.passes], [6, 1, 1])
  })
})

describe('a clean-up that is stopped', () => {
  it('begins no further batch after its time budget, reports that, and the next run continues', async () => {
    await guestsOf(app, 4)
    const { guests, isComplete, stoppedBy } = await cleanup({ Guest: app.Guest }, { timeBudget: 1e-9 })
    assert.deepEqual([guests, isComplete, stoppedBy], [0, false, 'timeBudget'])
    assert.equal((await cleanup({ Guest: app.Guest })).guests, 4)
  })

  it('ends after the current batch if its signal is aborted', async () => {
    await guestsOf(app, 6)
    const stop = new AbortController()
    const { guests, isComplete, stoppedBy } = await cleanup(
      { Guest: app.Guest },
      {
        batchSize: 2,
        signal: stop.signal,
        onProgress: ({ kind }) => {
          if (kind === 'guests') stop.abort()
        },
      },
    )
    assert.deepEqual([guests, isComplete, stoppedBy], [2, false, 'signal'])
    assert.equal((await cleanup({ Guest: app.Guest })).guests, 4)
  })

  it('does not restore the deleted rows if onProgress throws', async () => {
    await guestsOf(app, 4)
    const onProgress = ({ kind }: CleanupProgress) => {
      if (kind === 'guests') throw new Error('no more')
    }
    await assert.rejects(cleanup({ Guest: app.Guest }, { batchSize: 1, onProgress }), /no more/)
    assert.equal(await app.Guest.count(), 3)
  })

  it('rests between its batches as dutyCycle asks', async () => {
    await guestsOf(app, 10)
    const began = performance.now()
    await cleanup({ Guest: app.Guest }, { batchSize: 2 })
    const busy = performance.now() - began
    await guestsOf(app, 10)
    const again = performance.now()
    await cleanup({ Guest: app.Guest }, { batchSize: 2, dutyCycle: 0.05 })
    assert.ok(performance.now() - again > busy * 2)
  })
})

describe('options of a clean-up', () => {
  it('are checked before the first statement', async () => {
    app.database.takeStatements()
    const { Guest } = app
    await assert.rejects(cleanup({}), /give it Guest, Visitor or VisitorLog/)
    await assert.rejects(cleanup({ Guest: app.User as never }), /option 'Guest' must be the Guest model/)
    await assert.rejects(cleanup({ Guest }, { batchsize: 3 } as never), /unknown option 'batchsize'/)
    await assert.rejects(cleanup({ Guest }, { batchSize: 0 }), /'batchSize' must be a positive whole number/)
    await assert.rejects(cleanup({ Guest }, { dutyCycle: 2 }), /'dutyCycle' must be a number above 0/)
    await assert.rejects(cleanup({ Guest }, { retention: { pass: 3 } as never }), /unknown option 'pass'/)
    await assert.rejects(cleanup({ Guest }, { retention: { visits: -1 } }), /'visits' must be 0 or/)
    await assert.rejects(cleanup({ Guest }, { keep: { guests: 'all' as never } }), /'guests' must be/)
    assert.deepEqual(app.database.takeStatements(), [])
  })
})
