import express from 'express'
import { defineUser } from '../user.js'
import { sequelize } from '../database.js'

export { sequelize }
export const app = express()
export const User = defineUser(sequelize)

/** How the application hashes passwords is its own affair. */
export const hashPassword = (password: string): Promise<string> => Promise.resolve(`hash of ${password}`)
