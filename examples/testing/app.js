import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { ensureVisitor, errorPages, GuestStrategy, isGuest, VisitorTokenStrategy } from 'passport-ephemeral'
import { Guest, Visitor } from './models.js'

passport.use(new GuestStrategy({ Guest }))
passport.use(new VisitorTokenStrategy({ Visitor }))
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

export const app = express()
app.use(session({ secret: 'only for tests', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.use(passport.authenticate('visitor-token'))
app.get('/play', passport.authenticate('guest'), (req, res) => {
  res.json({ userId: req.user?.id ?? null, isGuest: isGuest(req) })
})
app.get('/reference', ensureVisitor('REFERENCE_REQUEST'), (req, res) => {
  res.json({ email: req.visitor.email })
})
app.use(errorPages())
