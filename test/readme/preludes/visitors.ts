import express from 'express'
import { defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from '../database.js'

export { sequelize }
export const app = express()

// The tables are there, as the migrations have made them; the README's own models take the place of these.
defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
await sequelize.sync()
