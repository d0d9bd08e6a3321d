import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { defineVisitorModels, VisitorTokenStrategy } from 'passport-ephemeral'
import { sequelize } from '../database.js'

export const app = express()
export const { Visitor } = defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })
await sequelize.sync()

passport.use(new VisitorTokenStrategy({ Visitor }))
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(passport.authenticate('visitor-token'))

interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** The application's own way of sending mail. */
export const mailer = {
  sent: [] as Mail[],
  sendMail(mail: Mail) {
    this.sent.push(mail)
  },
}
