import express, { type RequestHandler } from 'express'
import session from 'express-session'
import passport from 'passport'
import { sequelize } from '../database.js'
import { defineUser } from '../user.js'

export { Strategy as LocalStrategy } from 'passport-local'
export { passport, sequelize }
export const app = express()
export const User = defineUser(sequelize)

/** As that of bcrypt, which refuses to compare with `null`. */
export const bcrypt = {
  compare: (password: string, hash: string): Promise<boolean> =>
    typeof (hash as unknown) === 'string'
      ? Promise.resolve(hash === `hash of ${password}`)
      : Promise.reject(new Error('data and hash arguments required')),
}
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
