import express from 'express'

export { sequelize } from '../database.js'
export const app = express()
