import { createServer } from 'node:http'
import express from 'express'
import { defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from '../database.js'

export { defineVisitorModels, sequelize }
export const app = express()
export const server = createServer(app)

/** What the application's logger was told. */
export const logger = {
  warnings: [] as unknown[],
  warn(details: object, message: string) {
    this.warnings.push({ ...details, message })
  },
}

// The tables are there, as the migrations have made them; the README's own models take the place of these.
defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
await sequelize.sync()
