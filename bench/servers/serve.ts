import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { buildApplication, type Contender } from './application.js'
import { floorContender } from './floor.js'
import { packageContender } from './package.js'
import { plainSequelizeContender } from './plain-sequelize.js'
import { USAGE, type StoreName, type Usage } from './settings.js'
import { openStore, SESSION_TABLE } from './store.js'

/** `node serve.js <contender> <database URL> <store>`: sends its parent the port, and its usage on request. */
const CONTENDERS: Readonly<Record<string, (databaseUrl: string) => Contender>> = {
  floor: floorContender,
  package: packageContender,
  sequelize: plainSequelizeContender,
}

const [name = '', databaseUrl = '', store = 'pg'] = process.argv.slice(2)
const makeContender = CONTENDERS[name]
if (makeContender === undefined) throw new Error(`There is no contender '${name}'`)

const countStatements = countedQueries()
const server = createServer(
  buildApplication(await openStore(store as StoreName, databaseUrl), makeContender(databaseUrl)),
)
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
