import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { Sequelize } from 'sequelize'

const { DATABASE_URL } = process.env

/** PostgreSQL: the server at `DATABASE_URL`, otherwise embedded in this process and lost when it ends. */
export const sequelize =
  DATABASE_URL === undefined ? embedded() : new Sequelize(DATABASE_URL, { logging: false })

function embedded(): Sequelize {
  const lite = new PGlite()
  class Client extends pg.Client {
    constructor() {
      super(createPgConfig(lite))
    }
  }
  // The embedded database has a single session.
  const pool = { max: 1, idle: 2 ** 31 - 1 }
  return new Sequelize({ dialect: 'postgres', dialectModule: { ...pg, Client }, pool, logging: false })
}
