import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { defineVisitorModels } from 'passport-ephemeral'
import { sequelize } from '../database.js'

export { sequelize }
export const app = express()

app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())

// Creates the tables, as the migrations would; the page's program then defines its own models.
defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
await sequelize.sync()
