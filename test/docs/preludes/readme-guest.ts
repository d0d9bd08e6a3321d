import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { sequelize } from '../database.js'
import { defineUser } from '../user.js'

export { sequelize }
export const app = express()
export const User = defineUser(sequelize)

app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use((req, res, next) => {
  res.locals['user'] = req.user // as starters do
  next()
})
