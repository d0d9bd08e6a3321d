import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import { hash, verify } from '@node-rs/argon2'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import {
  convertRouter,
  ensureVisitor,
  errorPages,
  GuestStrategy,
  isGuest,
  mergeGuest,
  VisitorTokenStrategy,
} from 'passport-ephemeral'
import { Strategy as LocalStrategy } from 'passport-local'
import { Guest, sequelize, Task, User, Visitor } from './models'

passport.use(new GuestStrategy({ Guest }))
passport.use(new VisitorTokenStrategy({ Visitor }))
passport.use(
  new LocalStrategy((username, password, done) => {
    logIn(username, password).then((user) => done(null, user ?? false), done)
  }),
)
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

async function logIn(username: string, password: string): Promise<User | undefined> {
  const user = await User.findOne({ where: { username } })
  return user?.password && (await verify(user.password, password)) ? user : undefined
}

const app = express()
app.use(express.urlencoded())
// In production: a store of your database, and `cookie: { secure: true, … }`.
app.use(
  session({
    secret: process.env['SESSION_SECRET'] ?? 'only for development',
    resave: false,
    saveUninitialized: false,
  }),
)
app.use(passport.session(), passport.authenticate('visitor-token'))
app.use(mergeGuest({ Guest })) // moves the rows of every @HasMany and @HasOne of User

app.get('/tasks', passport.authenticate('guest'), async (req, res) => {
  const user = await User.findByPk(req.user?.id, { include: [Task], order: [['tasks', 'id', 'ASC']] })
  res.json({ userId: user?.id, isGuest: isGuest(req), tasks: user?.tasks?.map(({ text }) => text) })
})
app.post('/tasks', passport.authenticate('guest'), async (req, res) => {
  if (req.user) await Task.create({ userId: req.user.id, text: String(req.body.text).slice(0, 500) })
  res.redirect(303, '/tasks')
})
app.post('/login', passport.authenticate('local'), (_req, res) => {
  res.redirect(303, '/tasks')
})
app.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (req, res) => {
  res.json({ email: req.visitor.email })
})
app.use('/convert', convertRouter({ Guest, hashPassword: (password) => hash(password) }))
app.use(errorPages())

async function start(): Promise<void> {
  await sequelize.sync() // enough for an example; use migrations in your application
  const pass = await Visitor.create({ email: 'ginger@example.com', scope: 'REFERENCE_REQUEST' })
  const server = app.listen(Number(process.env['PORT'] ?? 3000), 'localhost', () => {
    const address = `http://localhost:${(server.address() as AddressInfo).port}`
    console.log(`Listens on ${address}; a visitor's link: ${address}${pass.tokenise('/reference')}`)
  })
}
void start()
