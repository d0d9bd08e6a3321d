import assert from 'node:assert/strict'
import type { EventEmitter } from 'node:events'
import { after, before, describe, it } from 'node:test'
import type { Transaction } from 'sequelize'
import { announce, Events } from '../../src/events/events.js'
import { dialect, openDatabase, type TestDatabase } from '../support/database.js'

interface Told {
  readonly happened: { readonly step: string }
}

let database: TestDatabase

before(async () => {
  database = await openDatabase()
})

after(async () => {
  await database.close()
})

/** Events with a listener, and what it was told. */
function listening(): { readonly events: Events<Told>; readonly steps: string[] } {
  const events = new Events<Told>()
  const steps: string[] = []
  events.on('happened', ({ step }) => steps.push(step))
  return { events, steps }
}

/** Runs `work` in a transaction of a caller, which may fail. */
async function inTransaction(work: (transaction: Transaction) => Promise<void>): Promise<void> {
  await database.sequelize.transaction(work).catch(() => undefined)
}

const failed = new Error('the caller gives up')

describe('an event', () => {
  it('is emitted at once without a transaction', () => {
    const { events, steps } = listening()
    announce(events, 'happened', { step: 'one' })
    assert.deepEqual(steps, ['one'])
  })

  it('is emitted after the commit of the caller’s transaction, and not before', async () => {
    const { events, steps } = listening()
    await inTransaction(async (transaction) => {
      announce(events, 'happened', { step: 'first' }, transaction)
      announce(events, 'happened', { step: 'second' }, transaction)
      await database.sequelize.query('SELECT 1', { transaction })
      assert.deepEqual(steps, [])
    })
    assert.deepEqual(steps, ['first', 'second'])
  })

  it('is not emitted if the caller’s transaction is rolled back', async () => {
    const { events, steps } = listening()
    await inTransaction(async (transaction) => {
      announce(events, 'happened', { step: 'undone' }, transaction)
      await Promise.reject(failed)
    })
    assert.deepEqual(steps, [])
  })

  it('is emitted for a savepoint after the outermost commit, unless the savepoint or a transaction around it is rolled back', async () => {
    const { events, steps } = listening()
    const { sequelize } = database
    await inTransaction(async (transaction) => {
      await sequelize.transaction({ transaction }, async (savepoint) => {
        announce(events, 'happened', { step: 'kept' }, savepoint)
        await Promise.resolve()
      })
      assert.deepEqual(steps, [])
      await sequelize
        .transaction({ transaction }, async (savepoint) => {
          announce(events, 'happened', { step: 'undone' }, savepoint)
          await Promise.reject(failed)
        })
        .catch(() => undefined)
    })
    assert.deepEqual(steps, ['kept'])
    await inTransaction(async (transaction) => {
      await sequelize.transaction({ transaction }, async (savepoint) => {
        announce(events, 'happened', { step: 'undone with the transaction' }, savepoint)
        await Promise.resolve()
      })
      throw failed
    })
    assert.deepEqual(steps, ['kept'])
  })

  it('is not emitted if the commit itself fails', { skip: dialect !== 'postgres' }, async () => {
    const { events, steps } = listening()
    const { sequelize } = database
    await sequelize.query(
      'CREATE TABLE deferred (id integer PRIMARY KEY, other integer REFERENCES deferred DEFERRABLE INITIALLY DEFERRED)',
    )
    await assert.rejects(
      sequelize.transaction(async (transaction) => {
        await sequelize.query('INSERT INTO deferred VALUES (1, 2)', { transaction })
        announce(events, 'happened', { step: 'undone' }, transaction)
      }),
    )
    assert.deepEqual(steps, [])
  })

  it(
    'is not told if the commit is of a transaction that a swallowed error has aborted',
    { skip: dialect !== 'postgres' },
    async () => {
      const { events, steps } = listening()
      await inTransaction(async (transaction) => {
        announce(events, 'happened', { step: 'undone' }, transaction)
        await database.sequelize.query('SELECT nothing', { transaction }).catch(() => undefined)
      })
      assert.deepEqual(steps, [])
    },
  )

  it(
    'is not told either if the server tells that the transaction is aborted after the driver has reported the error',
    { skip: dialect !== 'postgres' },
    async () => {
      const { events, steps } = listening()
      await inTransaction(async (transaction) => {
        announce(events, 'happened', { step: 'undone' }, transaction)
        delayReadiness(transaction)
        await database.sequelize.query('SELECT nothing', { transaction }).catch(() => undefined)
      })
      assert.deepEqual(steps, [])
    },
  )
})

/** Has the next ReadyForQuery of the server arrive later than the message before it, as in a packet of its own. */
function delayReadiness(transaction: Transaction): void {
  const { connection } = (transaction as Transaction & { connection: { connection: EventEmitter } })
    .connection
  const emit = connection.emit.bind(connection)
  connection.emit = (name: string, ...given: unknown[]): boolean => {
    if (name !== 'readyForQuery') return emit(name, ...given)
    connection.emit = emit
    setTimeout(emit, 50, name, ...given)
    return true
  }
}

describe('a listener', () => {
  it('causes a warning with a code if it throws or rejects, and the other listeners run', async () => {
    const warnings: (Error & { code?: string })[] = []
    const collect = (warning: Error): void => {
      warnings.push(warning)
    }
    process.on('warning', collect)
    try {
      const events = new Events<Told>()
      const steps: string[] = []
      events.on('happened', () => {
        throw new Error('thrown /?vuid=SECRET')
      })
      events.on('happened', () => Promise.reject(new Error('rejected')))
      events.on('happened', ({ step }) => steps.push(step))
      await inTransaction(async (transaction) => {
        announce(events, 'happened', { step: 'told' }, transaction)
        await Promise.resolve()
      })
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(steps, ['told'])
      const own = warnings.filter(({ code }) => code === 'LISTENER_FAILED')
      assert.match(own[0]?.message ?? '', /'happened' failed: .*thrown/)
      assert.doesNotMatch(own[0]?.message ?? '', /SECRET/)
      assert.match(own[1]?.message ?? '', /'happened' failed: .*rejected/)
    } finally {
      process.off('warning', collect)
    }
  })

  it('is called once if it was added with once, and not after off', () => {
    const events = new Events<Told>()
    const steps: string[] = []
    const listener = ({ step }: Told['happened']): void => {
      steps.push(step)
    }
    events.once('happened', listener)
    assert.equal(events.hasListener('happened'), true)
    announce(events, 'happened', { step: 'one' })
    announce(events, 'happened', { step: 'two' })
    events.on('happened', listener).off('happened', listener)
    announce(events, 'happened', { step: 'three' })
    assert.deepEqual(steps, ['one'])
    assert.equal(events.hasListener('happened'), false)
  })
})
