import express, { type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { sequelize } from '../database.js'
import { defineUser } from '../user.js'

export { passport, sequelize }
export const app = express()
export const User = defineUser(sequelize)

passport.use(
  new LocalStrategy((username, password, done) => {
    User.findOne({ where: { username } }).then((user) => {
      done(null, password === 'correct' && user !== null ? user : false)
    }, done)
  }),
)
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.post(
  '/login',
  express.urlencoded({ extended: false }),
  passport.authenticate('local') as RequestHandler,
  (req, res) => {
    res.send('Welcome back')
  },
)
