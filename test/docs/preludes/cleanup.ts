import { defineGuestModel, defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from '../database.js'
import { defineUser } from '../user.js'

export const User = defineUser(sequelize)
export const { Visitor, VisitorLog } = defineVisitorModels(sequelize, {
  secret: process.env['VISITOR_SECRET'],
})
export const Guest = defineGuestModel(sequelize, { User })
await sequelize.sync()
const user = await User.create({ username: 'guest' })
await Guest.create({ userId: user.id, createdAt: new Date(0) })
await User.create({ username: 'fred' })
