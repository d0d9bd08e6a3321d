import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import pg from 'pg'
import { DataTypes, Sequelize } from 'sequelize'

const lite = await PGlite.create(new URL('./database', import.meta.url).pathname)
class Client extends pg.Client {
  constructor() {
    super(createPgConfig(lite))
  }
}
export const sequelize = new Sequelize({
  dialect: 'postgres',
  dialectModule: { ...pg, Client },
  pool: { max: 1 },
})
const User = sequelize.define('User', { username: { type: DataTypes.STRING(150), unique: true } })
await User.sync()
const secret = 'a secret of more than thirty-two characters'
export const { Visitor } = defineVisitorModels(sequelize, { secret })
export const Guest = defineGuestModel(sequelize, { User })
console.log('An application may print what it likes')
