import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { Sequelize } from 'sequelize'

export interface Database {
  readonly sequelize: Sequelize
  readonly close: () => Promise<void>
}

/** PostgreSQL: the server at `url`, otherwise embedded in this process and lost when it ends. */
export async function openDatabase(url: string | undefined): Promise<Database> {
  if (url === undefined) return await openEmbedded()
  const sequelize = new Sequelize(url, { logging: false })
  return { sequelize, close: () => sequelize.close() }
}

async function openEmbedded(): Promise<Database> {
  const lite = await PGlite.create()

  /** Speaks node-postgres's protocol with the database in this process, instead of over a socket. */
  class EmbeddedClient extends pg.Client {
    constructor() {
      super(createPgConfig(lite))
    }
  }

  const sequelize = new Sequelize({
    dialect: 'postgres',
    dialectModule: { ...pg, Client: EmbeddedClient },
    logging: false,
    // The embedded database has a single session: a query outside an open transaction, awaited inside it, would wait
    // for ever. That session, with its prepared statements, also outlives Sequelize's connections.
    pool: { max: 1, idle: 2 ** 31 - 1 },
  })
  return {
    sequelize,
    close: async () => {
      await sequelize.close()
      await lite.close()
    },
  }
}
