import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { defineGuestModel, GuestStrategy } from 'passport-ephemeral'
import { defineUser } from '../user.js'
import { sequelize } from '../database.js'

export { passport, sequelize }
export const app = express()
export const User = defineUser(sequelize)
const Guest = defineGuestModel(sequelize, { User })
passport.use(new GuestStrategy({ Guest }))
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
