import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { Sequelize, Transaction, type Options } from 'sequelize'
import { borrowEmbedded, embeddedClient, forgetStatements, returnEmbedded } from './embedded.js'

/** An empty database, and its statements. */
export interface TestDatabase {
  readonly sequelize: Sequelize
  /** The statements that reached the driver since the last call, in order. */
  takeStatements: () => string[]
  close: () => Promise<void>
}

const url = process.env['DATABASE_URL']

/** A pooler in front of that server, through which the suite's connections go. */
const poolerUrl = process.env['POOLER_URL']

/** Whether a connection keeps no session of the server, so that what one statement sets there is not for the next one. */
export const isPooled = poolerUrl !== undefined

/** Of the models that the tests share: whether they use prepared statements. `npm run suite:pooler` tries both. */
export const preparedStatements = process.env['PREPARED_STATEMENTS'] !== 'false'

/** The database of the suite; the embedded default is PostgreSQL too. */
export const dialect: 'postgres' | 'mysql' | 'sqlite' =
  url === undefined || url.startsWith('postgres') ? 'postgres' : url.startsWith('sqlite') ? 'sqlite' : 'mysql'

/** Whether the database has a single session, so that no statements run in parallel. */
export const isEmbedded = url === undefined

/** Whether a guest is made, and a token redeemed, by one statement: Sequelize's own calls take more. */
export const usesOneStatement = dialect === 'postgres' && preparedStatements

/** Opens an empty database on the server that `DATABASE_URL` names, or in this process. */
export async function openDatabase(options: Options = {}): Promise<TestDatabase> {
  const statements: string[] = []
  const common: Options = { logging: (sql) => statements.push(sql), ...options }
  const opened =
    url === undefined
      ? await openEmbedded(common)
      : dialect === 'sqlite'
        ? await openSqlite(common)
        : await openServer(url, common)
  await opened.sequelize.authenticate()
  statements.length = 0
  return { ...opened, takeStatements: () => statements.splice(0) }
}

type Opened = Omit<TestDatabase, 'takeStatements'>

async function openEmbedded(options: Options): Promise<Opened> {
  const lite = await borrowEmbedded()
  const sequelize = new Sequelize({
    dialect: 'postgres',
    dialectModule: { ...pg, Client: embeddedClient(lite) },
    pool: { max: 1 },
    ...options,
  })
  sequelize.addHook('afterConnect', forgetStatements)
  return {
    sequelize,
    close: async () => {
      await sequelize.close()
      await returnEmbedded(lite)
    },
  }
}

async function openServer(serverUrl: string, options: Options): Promise<Opened> {
  const name = `${process.env['TEST_DATABASE_PREFIX'] ?? 'ephemeral'}_${randomBytes(6).toString('hex')}`
  const admin = new Sequelize(serverUrl, { logging: false })
  await admin.query(`CREATE DATABASE ${name}`)
  const own = new URL(poolerUrl ?? serverUrl)
  own.pathname = `/${name}`
  const sequelize = new Sequelize(own.href, { pool: { max: 8 }, ...options })
  return {
    sequelize,
    close: async () => {
      await sequelize.close()
      // A pooler keeps its connections.
      await admin.query(`DROP DATABASE ${name}${poolerUrl === undefined ? '' : ' WITH (FORCE)'}`)
      await admin.close()
    },
  }
}

async function openSqlite(options: Options): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'passport-ephemeral-'))
  const sequelize = new Sequelize({
    dialect: 'sqlite',
    storage: join(folder, 'test.sqlite'),
    transactionType: Transaction.TYPES.IMMEDIATE,
    retry: { match: [/SQLITE_BUSY/], max: 50 },
    pool: { max: 5 },
    ...options,
  })
  await sequelize.query('PRAGMA journal_mode = WAL')
  return {
    sequelize,
    close: async () => {
      await sequelize.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
