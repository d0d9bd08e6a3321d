import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { sequelize } from '../database.js'
import { defineUser } from '../user.js'

/** The old version of an application, which has no guests. */
export { passport, sequelize }
export const app = express()
export const User = defineUser(sequelize)

app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
