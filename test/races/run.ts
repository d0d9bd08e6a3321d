import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dialect, isEmbedded, openDatabase, type TestDatabase } from '../support/database.js'
import { defineModels, type Models } from './models.js'
import { rounds, type Round, type Stage } from './rounds.js'

/**
 * Runs parallel requests against two processes, many rounds of each kind, on the server that `DATABASE_URL` names, to
 * find errors that occur once in a thousand times. `RACES_ROUNDS` is the number of rounds.
 */
const ROUNDS = Number(process.env['RACES_ROUNDS'] ?? 2000)
const PARALLEL = 8
const PROCESSES = 2

if (isEmbedded || dialect === 'sqlite') {
  throw new Error('The races need a database server: set DATABASE_URL to PostgreSQL or MariaDB')
}

describe(`of ${String(ROUNDS)} races between two processes, none fails:`, () => {
  let database: TestDatabase
  let models: Models
  const servers: ChildProcess[] = []
  const origins: string[] = []
  let names = 0

  before(async () => {
    database = await openDatabase({ logging: false })
    models = defineModels(database.sequelize)
    await database.sequelize.sync()
    // One after the other, because both create the table of sessions if it is missing.
    while (origins.length < PROCESSES) {
      const server = startServer(database)
      servers.push(server)
      origins.push(((await once(server, 'message')) as [string])[0])
    }
  })
  after(async () => {
    for (const server of servers) {
      server.kill()
      await once(server, 'exit')
    }
    await database.close()
  })

  for (const [name, round] of Object.entries(rounds)) {
    it(name, () => repeat(round, { models, origins, newName: () => `name-${String(++names)}` }))
  }
})

function startServer({ sequelize }: TestDatabase): ChildProcess {
  const url = new URL(process.env['DATABASE_URL'] ?? '')
  url.pathname = `/${sequelize.getDatabaseName()}`
  return fork(fileURLToPath(new URL('server.ts', import.meta.url)), {
    env: { ...process.env, RACES_DATABASE_URL: url.href },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

async function repeat(round: Round, stage: Stage): Promise<void> {
  let left = ROUNDS
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      while (left-- > 0) await round(stage)
    }),
  )
}
