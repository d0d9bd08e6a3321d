import { createServer } from 'node:http'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { errorPages, GuestStrategy, isGuest, mergeGuest } from 'passport-ephemeral'
import { exampleId } from './example-id.js'
import { Guest, Note, sequelize } from './models.js'
import { createProvider } from './provider.js'

const app = express()
const [server, providerServer] = [createServer(app), createServer()]
const address = await listen(server, process.env.PORT ?? 3000)
const issuer = await listen(providerServer, 0)
const client = {
  clientID: 'notes',
  clientSecret: 'only for development',
  callbackURL: `${address}/sign-in/callback`,
}
providerServer.on('request', createProvider(client))
await sequelize.sync() // enough for an example; use migrations in your application

passport.use(new GuestStrategy({ Guest }))
passport.use(exampleId({ issuer, ...client }))
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

app.use(
  session({
    // In production: a store of your database, and `secure: true`.
    secret: process.env.SESSION_SECRET ?? 'only for development',
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: 'lax' }, // with 'strict' it would be missing in the callback, which comes from another site
  }),
)
app.use(passport.session())
app.use(mergeGuest({ Guest })) // moves a guest's notes to an existing account at its sign-in
app.use(refuseForeignPosts)

app.get('/', async (req, res) => {
  const notes = req.user ? await Note.findAll({ where: { userId: req.user.id }, order: ['id'] }) : []
  res.json({ userId: req.user?.id, isGuest: isGuest(req), notes: notes.map(({ text }) => text) })
})
app.post('/notes', express.urlencoded(), passport.authenticate('guest'), async (req, res) => {
  if (req.user) await Note.create({ userId: req.user.id, text: String(req.body?.text).slice(0, 500) })
  res.redirect(303, '/')
})

// A sign-in starts with a form of this site. Another site could use a link.
app.post('/sign-in', passport.authenticate('example-id'))
app.get(
  '/sign-in/callback',
  (req, res, next) => (req.query.code || req.query.error ? next() : res.redirect('/')), // it would start a sign-in
  passport.authenticate('example-id', { successRedirect: '/', failureRedirect: '/?failed' }),
)
app.use(errorPages())
console.log(`Listens on ${address}; the provider on ${issuer}`)

/** Browsers send `Origin` with each post, and a page cannot change it. */
function refuseForeignPosts(req, res, next) {
  const origin = req.get('origin')
  if (req.method !== 'POST' || origin === undefined || origin === address) next()
  else res.sendStatus(403)
}

function listen(host, port) {
  return new Promise((resolve) => {
    host.listen(port, 'localhost', () => resolve(`http://localhost:${host.address().port}`))
  })
}
