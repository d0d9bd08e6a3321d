import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { defineVisitorModels, VisitorTokenStrategy } from 'passport-ephemeral'
import { sequelize } from './database.js'

/** An application with visitors, set up as the README's first program does it. */
export const app = express()
export const { Visitor } = defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
await sequelize.sync()

passport.use(new VisitorTokenStrategy({ Visitor }))
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(passport.authenticate('visitor-token'))
