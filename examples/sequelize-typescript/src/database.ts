import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { Sequelize, type SequelizeOptions } from 'sequelize-typescript'

const { DATABASE_URL } = process.env

/** PostgreSQL: the server at `DATABASE_URL`, otherwise embedded in this process and lost when it ends. */
export const openDatabase = (options: SequelizeOptions): Sequelize =>
  DATABASE_URL === undefined ? openEmbedded(options) : new Sequelize(DATABASE_URL, options)

function openEmbedded(options: SequelizeOptions): Sequelize {
  const lite = new PGlite()
  class Client extends pg.Client {
    constructor() {
      super(createPgConfig(lite))
    }
  }
  // The embedded database has a single session.
  const pool = { max: 1, idle: 2 ** 31 - 1 }
  return new Sequelize({ ...options, dialect: 'postgres', dialectModule: { ...pg, Client }, pool })
}
