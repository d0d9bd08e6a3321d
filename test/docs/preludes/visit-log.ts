import { createServer } from 'node:http'
import express from 'express'
import { defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from '../database.js'

export { defineVisitorModels, sequelize }
export const app = express()
export const server = createServer(app)

/** The application's logger; it stores the warnings. */
export const logger = {
  warnings: [] as unknown[],
  warn(details: object, message: string) {
    this.warnings.push({ ...details, message })
  },
}

// Creates the tables, as the migrations would; the README's program then defines its own models.
defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
await sequelize.sync()
