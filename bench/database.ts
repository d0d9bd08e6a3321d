import { addressOf, dropDatabase, newDatabaseName, onServer } from './on-server.js'
import { openModels } from './servers/models.js'
import { ROUTES, SCOPE } from './servers/settings.js'
import { CREATE_SESSION_TABLE } from './servers/store.js'

/** A new database with tables and passes; other databases of the server are not touched. */
export interface BenchDatabase {
  readonly url: string
  /** The version of the server. */
  readonly version: string
  /** Addresses, each of which redeems a pass. */
  readonly links: readonly string[]
  readonly drop: () => Promise<void>
}

const PASSES = 64

export async function createDatabase(): Promise<BenchDatabase> {
  const name = newDatabaseName()
  await onServer((admin) => admin.query(`CREATE DATABASE ${name}`))
  const url = addressOf(name)
  const drop = async (): Promise<void> => {
    await dropDatabase(name)
  }
  try {
    return { url, version: await serverVersion(), links: await fill(url), drop }
  } catch (error) {
    await drop()
    throw error
  }
}

/** Creates the package's tables; the floor uses the same tables and indexes. */
async function fill(url: string): Promise<string[]> {
  const { sequelize, Visitor } = openModels(url)
  try {
    await sequelize.sync()
    await sequelize.query(CREATE_SESSION_TABLE)
    const passes = Array.from({ length: PASSES }, (_, index) =>
      Visitor.create({ email: `visitor${index}@example.com`, scope: SCOPE, context: null }),
    )
    return (await Promise.all(passes)).map((pass) => pass.tokenise(ROUTES.redeem))
  } finally {
    await sequelize.close()
  }
}

async function serverVersion(): Promise<string> {
  const { rows } = await onServer((admin) => admin.query<{ server_version: string }>('SHOW server_version'))
  return rows[0]?.server_version ?? 'unknown'
}
