import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Application } from 'express'
import pg from 'pg'
import { buildApplication, type Contender } from './application.js'
import { betterAuthApplication } from './better-auth.js'
import { floorContender } from './floor.js'
import { packageContender } from './package.js'
import { plainSequelizeContender } from './plain-sequelize.js'
import { USAGE, type Setting, type Usage } from './settings.js'
import { openStore, SESSION_TABLE } from './store.js'

/** `node serve.js <contender> <setting>`: sends its parent the port, and its usage on request. */
const APPLICATIONS: Readonly<Record<string, (setting: Setting) => Promise<Application>>> = {
  floor: withSessions(floorContender),
  package: withSessions(packageContender),
  sequelize: withSessions(plainSequelizeContender),
  'better-auth': betterAuthApplication,
}

const [name = '', setting = ''] = process.argv.slice(2)
const makeApplication = APPLICATIONS[name]
if (makeApplication === undefined) throw new Error(`There is no contender '${name}'`)

const countStatements = countedQueries()
const server = createServer(await makeApplication(JSON.parse(setting) as Setting))
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('message', (question) => {
  if (question !== USAGE) return
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system, statements: countStatements() } satisfies Usage)
})
process.on('disconnect', () => {
  process.exit()
})

function withSessions(makeContender: (databaseUrl: string) => Contender) {
  return async (setting: Setting): Promise<Application> =>
    buildApplication(await openStore(setting), makeContender(setting.databaseUrl))
}

/** Counts statements in the driver, which every contender uses. */
function countedQueries(): () => number {
  let count = 0
  const client = pg.Client.prototype as { query: (...args: unknown[]) => unknown }
  const { query } = client
  client.query = function countedQuery(...args) {
    if (!textOf(args[0]).includes(SESSION_TABLE)) count += 1
    return query.apply(this, args)
  }
  return () => count
}

function textOf(query: unknown): string {
  return typeof query === 'string' ? query : String((query as { text?: unknown }).text)
}
