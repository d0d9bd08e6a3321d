import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Answer } from '../support/browser.js'
import { dialect, isEmbedded, openDatabase, type TestDatabase } from '../support/database.js'
import { castFor, type Stage } from './cast.js'
import { Ledger } from './ledger.js'
import { defineModels } from './models.js'
import { operations, pairs, randomDelay, type Operation, type OperationName } from './operations.js'

/**
 * Runs every operation on a guest or visitor against every other one and itself, from two processes, on the server that
 * `DATABASE_URL` names, to find errors that occur once in a thousand times. `RACES_ROUNDS` is the number of rounds of each pair.
 */
const ROUNDS = Number(process.env['RACES_ROUNDS'] ?? 152) // 10,032 in all
const PARALLEL = 8

if (isEmbedded || dialect === 'sqlite') {
  throw new Error('The races need a database server: set DATABASE_URL to PostgreSQL or MariaDB')
}

describe(`of ${String(ROUNDS)} races of each pair between two processes, none fails:`, () => {
  let database: TestDatabase
  let stage: Stage
  let ledger: Ledger
  const servers: ChildProcess[] = []
  let names = 0

  before(async () => {
    database = await openDatabase({ logging: false })
    const models = defineModels(database.sequelize)
    await database.sequelize.sync()
    // One after the other, because both create the table of sessions if it is missing.
    const origins: string[] = []
    for (let process = 0; process < 2; process++) {
      const server = startServer(database)
      servers.push(server)
      origins.push(((await once(server, 'message')) as [string])[0])
    }
    stage = { models, origins: origins as [string, string], newName: () => `name-${String(++names)}` }
    ledger = new Ledger(models)
  })
  after(async () => {
    for (const server of servers) {
      server.kill()
      await once(server, 'exit')
    }
    await database.close()
  })

  for (const pair of pairs) {
    it(pair.join(' against '), async () => {
      let left = ROUNDS
      const violations: string[] = []
      await Promise.all(
        Array.from({ length: PARALLEL }, async () => {
          while (left-- > 0) violations.push(...(await play(stage, ledger, pair)))
        }),
      )
      assert.equal(
        violations.length,
        0,
        `${String(violations.length)} violations:\n${violations.slice(0, 8).join('\n')}`,
      )
    })
  }

  it('every users row has the state of which an answer has told', async (t) => {
    assert.deepEqual(await ledger.audit(), [])
    t.diagnostic(`${String(ledger.rounds)} rounds`)
  })
})

/** Lets two tabs of one browser, or a browser and an operator, act at once, while a third tab writes a to-do. */
async function play(
  stage: Stage,
  ledger: Ledger,
  names: readonly [OperationName, OperationName],
): Promise<string[]> {
  const [one, other]: readonly [Operation, Operation] = [operations[names[0]], operations[names[1]]]
  const cast = await castFor(stage, { ...one, ...other })
  const title = stage.newName()
  const [first, second, answer] = await Promise.all([
    soon(() => one.act(cast, 0)),
    soon(() => other.act(cast, 1)),
    soon<Answer>(() => cast.tabs[0].postJson('/todos', { title })),
  ])
  const claims = [first, second] as const
  const violations = await ledger.judge({ cast, names, claims, todo: { title, answer } })
  const seen = claims
    .map(({ answer: { status, location } }) => `${String(status)} ${location ?? ''}`)
    .join(', ')
  return violations.map((violation) => `${violation} (answers: ${seen})`)
}

async function soon<T>(act: () => Promise<T>): Promise<T> {
  await sleep(randomDelay())
  return await act()
}

function startServer({ sequelize }: TestDatabase): ChildProcess {
  const url = new URL(process.env['DATABASE_URL'] ?? '')
  url.pathname = `/${sequelize.getDatabaseName()}`
  return fork(fileURLToPath(new URL('server.ts', import.meta.url)), {
    env: { ...process.env, RACES_DATABASE_URL: url.href },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}
