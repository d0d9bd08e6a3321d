const express = require('express')
const session = require('express-session')
const passport = require('passport')
const { Strategy: LocalStrategy } = require('passport-local')
const { Task, User } = require('./models')

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.session())
passport.use(
  new LocalStrategy((username, password, done) => {
    User.findOne({ where: { username } }).then(
      (user) => done(null, user?.passwordHash === `hash of ${password}` ? user : false),
      done,
    )
  }),
)
const hashPassword = (password) => Promise.resolve(`hash of ${password}`)

// the page's lines

app.post('/login', passport.authenticate('local'), (req, res) => res.send('Welcome back'))
app.post('/tasks', passport.authenticate('guest'), (req, res, next) => {
  Task.create({ userId: req.user.id, title: req.body.title }).then(() => res.send('Added'), next)
})
app.get('/tasks', passport.authenticate('guest'), (req, res, next) => {
  Task.findAll({ where: { userId: req.user.id }, order: ['id'] }).then(
    (tasks) => res.json(tasks.map(({ title }) => title)),
    next,
  )
})
// the page's lines

// the page's lines

module.exports = app
