import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import pg from 'pg'
import { DataTypes, Sequelize } from 'sequelize'

const { DATABASE_URL, VISITOR_SECRET } = process.env

/** PostgreSQL: the server at `DATABASE_URL`, otherwise embedded in this process and lost when it ends. */
export const sequelize =
  DATABASE_URL === undefined ? embedded() : new Sequelize(DATABASE_URL, { logging: false })

export const User = sequelize.define('User', {
  username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
})
export const Guest = defineGuestModel(sequelize, { User })
export const { Visitor } = defineVisitorModels(sequelize, {
  secret: VISITOR_SECRET ?? 'only for development: at least 32 characters',
})

function embedded() {
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
