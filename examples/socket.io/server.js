import { createServer } from 'node:http'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import {
  ensureVisitor,
  errorPages,
  friendlyUsername,
  guestLogout,
  GuestStrategy,
  isVisitor,
  VisitorTokenStrategy,
} from 'passport-ephemeral'
import { Server } from 'socket.io'
import { Guest, sequelize, Visitor } from './models.js'

await sequelize.sync() // enough for an example; use migrations in your application

passport.use(new GuestStrategy({ Guest, generateUsername: friendlyUsername }))
passport.use(new VisitorTokenStrategy({ Visitor }))
passport.serializeUser(Guest.serializeUser)
passport.deserializeUser(Guest.deserializeUser)

const principals = [
  // In production: a store of your database, and `cookie: { secure: true, … }`.
  session({
    secret: process.env.SESSION_SECRET ?? 'only for development',
    resave: false,
    saveUninitialized: false,
  }),
  passport.session(),
  passport.authenticate('visitor-token'),
]

const app = express()
const server = createServer(app)
const io = new Server(server)

app.use(principals)
// The page creates the guest. A handshake never does.
app.get('/', passport.authenticate('guest'), (_req, res) => res.sendFile('chat.html', { root: 'public' }))
app.get('/interview', ensureVisitor('INTERVIEW'), (_req, res) =>
  res.sendFile('chat.html', { root: 'public' }),
)
app.post('/logout', guestLogout())
app.use(errorPages())

// The same for the handshakes of sockets: `socket.request` has `user` and `visitor` of the session.
for (const middleware of principals) io.engine.use(middleware)

const admit = (isAdmitted) => (socket, next) =>
  next(isAdmitted(socket.request) ? undefined : new Error('Please open the page first'))

io.use(admit((req) => req.user !== undefined)) // guests and regular users
io.on('connection', (socket) => {
  const { user } = socket.request
  socket.join(`user:${user.id}`)
  socket.emit('welcome', { userId: user.id, name: user.username })
  socket.on('message', (text) =>
    io.emit('message', { from: user.username, text: String(text).slice(0, 500) }),
  )
})

// A socket keeps the user of its handshake, although the session has ended. ('merged' and 'deleted' are such ends, too.)
Guest.events.on('loggedOut', ({ userId }) => io.in(`user:${userId}`).disconnectSockets())

const interviews = io.of('/interviews')
interviews.use(admit((req) => isVisitor(req, 'INTERVIEW')))
interviews.on('connection', (socket) => {
  socket.emit('welcome', { name: socket.request.visitor.fullName })
})

server.listen(process.env.PORT ?? 3000, 'localhost', async () => {
  const pass = await Visitor.create({ firstName: 'Ginger', email: 'ginger@example.com', scope: 'INTERVIEW' })
  const address = `http://localhost:${server.address().port}`
  console.log(`Listens on ${address}; a visitor's link: ${address}${pass.tokenise('/interview')}`)
})
