import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import * as ephemeral from 'passport-ephemeral'
import { migrationsFor } from 'passport-ephemeral/migrations'
import pg from 'pg'
import { DataTypes, Sequelize } from 'sequelize'

const { defineGuestModel, defineVisitorModels, ensureVisitor, GuestStrategy, isGuest, VisitorTokenStrategy } =
  ephemeral

const lite = await PGlite.create()
class Client extends pg.Client {
  constructor() {
    super(createPgConfig(lite))
  }
}
const sequelize = new Sequelize({
  dialect: 'postgres',
  dialectModule: { ...pg, Client },
  pool: { max: 1 },
  logging: false,
})

const User = sequelize.define('User', { username: { type: DataTypes.STRING(150), unique: true } })
const { Visitor } = defineVisitorModels(sequelize, { secret: 'a secret of more than thirty-two characters' })
const Guest = defineGuestModel(sequelize, { User })

await User.sync()
for (const { up } of migrationsFor({ Visitor, Guest })) await up(sequelize.getQueryInterface())

passport.use(new VisitorTokenStrategy({ Visitor }))
passport.use(new GuestStrategy({ Guest }))
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

const app = express()
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(passport.authenticate('visitor-token'))
app.get('/play', passport.authenticate('guest'), (req, res) => res.json({ isGuest: isGuest(req) }))
app.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (req, res) => res.json(req.visitor))

const pass = await Visitor.create({
  firstName: 'Ginger',
  email: 'ginger@example.com',
  scope: 'REFERENCE_REQUEST',
})
const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port, link: pass.tokenise('/reference') }))
})
