import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import pg from 'pg'
import { Sequelize } from 'sequelize'
import { defineVisitorModels, ensureVisitor, SCOPE_ANY, VisitorTokenStrategy } from '../../../src/index.js'

/**
 * A web process of its own, which ends as docs say a process should. It prints its address and a link on standard
 * output; its visits are in the database, or the folder, that the environment names.
 */
const { WORKER_DATABASE_URL: url, WORKER_FOLDER: folder = '', WORKER_SECRET: secret } = process.env
const lite = url === undefined ? await PGlite.create(folder) : undefined
const sequelize =
  url === undefined
    ? new Sequelize({ dialect: 'postgres', logging: false, pool: { max: 1 }, dialectModule: embedded(lite) })
    : new Sequelize(url, { logging: false })
const { Visitor, VisitorLog } = defineVisitorModels(sequelize, { secret, visitLog: { flushInterval: 3600 } })
await sequelize.sync()
const pass = await Visitor.create({ email: 'kim@example.test', scope: 'page', context: null })

passport.use(new VisitorTokenStrategy({ Visitor }))
const app = express()
app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
app.use(passport.authenticate('visitor-token'))
app.get('/page', ensureVisitor(SCOPE_ANY), (_req, res) => {
  res.json({})
})

const server = createServer(app)
server.listen(0, '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  console.log(JSON.stringify({ link: origin + pass.tokenise('/page') }))
})

process.once('SIGTERM', () => {
  void (async () => {
    await new Promise((resolve) => server.close(resolve))
    await VisitorLog.flush()
    await sequelize.close()
    await lite?.close()
    process.exit(0)
  })()
})
process.on('disconnect', () => {
  process.exit(1)
})

function embedded(database: PGlite | undefined): object {
  return {
    ...pg,
    Client: class extends pg.Client {
      constructor() {
        super(database && createPgConfig(database))
      }
    },
  }
}
