import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { Sequelize } from 'sequelize'
import { lockFolder } from './folder-lock.js'
import type { Settings } from './settings.js'

export interface Database {
  readonly sequelize: Sequelize
  readonly close: () => Promise<void>
}

/** PostgreSQL: the server that `DATABASE_URL` names, otherwise embedded in this process. */
export async function openDatabase({ databaseUrl, dataFolder }: Settings): Promise<Database> {
  return databaseUrl === undefined ? await openEmbedded(dataFolder) : await openServer(databaseUrl)
}

async function openServer(url: string): Promise<Database> {
  const sequelize = new Sequelize(url, { logging: false })
  await sequelize.authenticate()
  return { sequelize, close: () => sequelize.close() }
}

async function openEmbedded(folder: string): Promise<Database> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(folder)
  try {
    const lite = await PGlite.create({ dataDir: join(folder, 'pglite') })

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
      // The embedded database has a single session. A query outside an open transaction, awaited inside it, would wait
      // for a connection for ever: pass `transaction` to every query inside it.
      pool: { max: 1 },
    })
    // That session, with its prepared statements, outlives the connections that Sequelize opens and closes.
    sequelize.addHook('afterConnect', (client) =>
      (client as pg.Client).query('DEALLOCATE ALL').then(() => undefined),
    )
    await sequelize.authenticate()

    const closeAll = async (): Promise<void> => {
      await sequelize.close()
      await lite.close()
      await unlock()
    }
    let closing: Promise<void> | undefined
    return { sequelize, close: () => (closing ??= closeAll()) }
  } catch (error) {
    await unlock()
    throw error
  }
}
