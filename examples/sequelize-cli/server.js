'use strict'

const { hash } = require('@node-rs/argon2')
const express = require('express')
const session = require('express-session')
const passport = require('passport')
const {
  convertRouter,
  ensureVisitor,
  errorPages,
  GuestStrategy,
  isGuest,
  VisitorTokenStrategy,
} = require('passport-ephemeral')
const { Guest, Visitor } = require('./models')

passport.use(new GuestStrategy({ Guest }))
passport.use(new VisitorTokenStrategy({ Visitor }))
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

const app = express()
// In production: a store of your database, and `cookie: { secure: true, … }`.
const secret = process.env.SESSION_SECRET || 'only for development'
app.use(session({ secret, resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(passport.authenticate('visitor-token'))

app.get('/play', passport.authenticate('guest'), (req, res) => {
  res.json({ userId: req.user?.id, isGuest: isGuest(req) })
})
app.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (req, res) => {
  res.json({ email: req.visitor.email })
})
app.use('/convert', convertRouter({ Guest, hashPassword: (password) => hash(password) }))
app.use(errorPages())

const server = app.listen(process.env.PORT || 3000, 'localhost', async () => {
  const pass = await Visitor.create({ email: 'ginger@example.com', scope: 'REFERENCE_REQUEST' })
  const address = `http://localhost:${server.address().port}`
  console.log(`Listens on ${address}; a visitor's link: ${address}${pass.tokenise('/reference')}`)
})
