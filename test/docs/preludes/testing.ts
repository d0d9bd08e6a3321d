import { convertRouter, defineVisitorModels, ensureVisitor, VisitorTokenStrategy } from 'passport-ephemeral'
import passport from 'passport'
import { sequelize } from '../database.js'
import { addRoutes, app, Guest, User } from '../guests-application.js'

export { app, Guest, User }
export const { Visitor } = defineVisitorModels(sequelize, { secret: process.env['VISITOR_SECRET'] })

passport.use(new VisitorTokenStrategy({ Visitor }))
app.use(passport.authenticate('visitor-token'))
app.use(
  '/convert',
  convertRouter({ Guest, hashPassword: (password) => Promise.resolve(`hash of ${password}`) }),
)
app.get('/reference', ensureVisitor('REFERENCE'), (_req, res) => {
  res.send('Reference')
})
addRoutes(app)
await sequelize.sync()
