import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import pg from 'pg'
import { DataTypes, Sequelize } from 'sequelize'

const { DATABASE_URL } = process.env
const lite = DATABASE_URL === undefined ? new PGlite() : undefined

/** PostgreSQL: the server at `DATABASE_URL`, otherwise embedded in this process and lost when it ends. */
export const sequelize = lite ? embedded() : new Sequelize(DATABASE_URL, { logging: false })

export const User = sequelize.define('User', {
  username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
})
export const Guest = defineGuestModel(sequelize, { User })
export const { Visitor, VisitorLog } = defineVisitorModels(sequelize, {
  secret: 'only for tests: at least thirty-two characters',
})

/** A test ends only when the database is closed. */
export async function closeDatabase() {
  await VisitorLog.flush()
  await sequelize.close()
  await lite?.close()
}

function embedded() {
  class Client extends pg.Client {
    constructor() {
      super(createPgConfig(lite))
    }
  }
  // The embedded database has a single session.
  const pool = { max: 1, idle: 2 ** 31 - 1 }
  return new Sequelize({ dialect: 'postgres', dialectModule: { ...pg, Client }, pool, logging: false })
}
