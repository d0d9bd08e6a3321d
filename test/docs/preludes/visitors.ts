import express from 'express'
import { defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from '../database.js'

export { sequelize }
export const app = express()

// Creates the tables, as the migrations would; the README's program then defines its own models.
defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
await sequelize.sync()
