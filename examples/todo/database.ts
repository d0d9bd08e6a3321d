import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { Sequelize } from 'sequelize'
import { lockFolder } from '../references/folder-lock.js'
import type { Settings } from './settings.js'

export interface Database {
  readonly sequelize: Sequelize
  readonly close: () => Promise<void>
}

/** PostgreSQL: the server that `DATABASE_URL` names, otherwise embedded in this process. */
export async function openDatabase({ databaseUrl, dataFolder }: Settings): Promise<Database> {
  if (databaseUrl === undefined) return await openEmbedded(dataFolder)
  const sequelize = new Sequelize(databaseUrl, { logging: false })
  await sequelize.authenticate()
  return { sequelize, close: () => sequelize.close() }
}

async function openEmbedded(folder: string): Promise<Database> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(folder)
  try {
    const lite = await PGlite.create({ dataDir: join(folder, 'pglite') })
    class EmbeddedClient extends pg.Client {
      constructor() {
        super(createPgConfig(lite))
      }
    }
    const sequelize = new Sequelize({
      dialect: 'postgres',
      dialectModule: { ...pg, Client: EmbeddedClient },
      logging: false,
      pool: { max: 1 }, // the embedded database has a single session: pass the transaction to every query inside it
    })
    // That session, with its prepared statements, outlives the connections that Sequelize opens and closes.
    sequelize.addHook('afterConnect', async (client) => {
      await (client as pg.Client).query('DEALLOCATE ALL')
    })
    await sequelize.authenticate()
    const close = async (): Promise<void> => {
      await sequelize.close()
      await lite.close()
      await unlock()
    }
    return { sequelize, close }
  } catch (error) {
    await unlock()
    throw error
  }
}
