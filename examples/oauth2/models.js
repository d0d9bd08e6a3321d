import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import { defineGuestModel } from 'passport-ephemeral'
import pg from 'pg'
import { DataTypes, Sequelize } from 'sequelize'

const { DATABASE_URL } = process.env

/** PostgreSQL: the server at `DATABASE_URL`, otherwise embedded in this process and lost when it ends. */
export const sequelize =
  DATABASE_URL === undefined ? embedded() : new Sequelize(DATABASE_URL, { logging: false })

/** There are no passwords: regular users sign in with a provider. */
export const User = sequelize.define('User', {
  username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
})
export const Guest = defineGuestModel(sequelize, { User })

/** An account at a provider, with which a user signs in. Unique, so that two parallel sign-ins end in one account. */
export const Identity = sequelize.define(
  'Identity',
  {
    provider: { type: DataTypes.STRING(50), allowNull: false },
    subject: { type: DataTypes.STRING(255), allowNull: false },
  },
  { indexes: [{ unique: true, fields: ['provider', 'subject'] }, { fields: ['userId'] }] },
)
export const Note = sequelize.define(
  'Note',
  { text: { type: DataTypes.STRING(500), allowNull: false } },
  { indexes: [{ fields: ['userId'] }] },
)
for (const Owned of [Identity, Note]) {
  Owned.belongsTo(User, { as: 'user', foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
}

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
