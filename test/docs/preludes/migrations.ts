import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from '../database.js'
import { defineUser } from '../user.js'

export { sequelize }
const User = defineUser(sequelize)
await User.sync()
export const { Visitor } = defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
export const Guest = defineGuestModel(sequelize, { User })
