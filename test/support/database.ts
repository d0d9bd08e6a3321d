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

/** The database of the suite; the embedded default is PostgreSQL too. */
export const dialect: 'postgres' | 'mysql' | 'sqlite' =
  url === undefined || url.startsWith('postgres') ? 'postgres' : url.startsWith('sqlite') ? 'sqlite' : 'mysql'

/** Whether the database has a single session, so that no statements run in parallel. */
export const isEmbedded = url === undefined

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
  const own = new URL(serverUrl)
  own.pathname = `/${name}`
  const sequelize = new Sequelize(own.href, { pool: { max: 8 }, ...options })
  return {
    sequelize,
    close: async () => {
      await sequelize.close()
      await admin.query(`DROP DATABASE ${name}`)
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
