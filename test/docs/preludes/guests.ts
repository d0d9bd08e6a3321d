import express from 'express'
import { defineUser } from '../user.js'
import { sequelize } from '../database.js'

export { sequelize }
export const app = express()
export const User = defineUser(sequelize)
