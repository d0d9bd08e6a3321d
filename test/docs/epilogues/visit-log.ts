import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Express } from 'express'
import session from 'express-session'
import passport from 'passport'
import {
  ensureVisitor,
  SCOPE_ANY,
  VisitorTokenStrategy,
  type VisitorLog,
  type VisitorModel,
} from 'passport-ephemeral'
import { Sequelize } from 'sequelize'
import { browser } from '../client.js'
import type { logger as Logger } from '../preludes/visit-log.js'

interface Program {
  readonly app: Express
  readonly server: Server
  readonly sequelize: Sequelize
  readonly Visitor: VisitorModel
  readonly VisitorLog: typeof VisitorLog
  readonly logger: typeof Logger
}

export default async function check({
  app,
  server,
  sequelize,
  Visitor,
  VisitorLog: Visits,
  logger,
}: Program) {
  passport.use(new VisitorTokenStrategy({ Visitor }))
  app.use(session({ secret: 'session secret', resave: false, saveUninitialized: false }))
  app.use(passport.authenticate('visitor-token'))
  app.get('/any', ensureVisitor(SCOPE_ANY), (_req, res) => {
    res.json('any')
  })
  const pass = await Visitor.create({ email: 'ginger@example.com', scope: 'REFERENCE_REQUEST' })
  for (let session = 0; session < 5; session++) {
    const visitor = browser(app)
    await visitor.get(pass.tokenise('/any')).expect(303)
    await visitor.get('/any').expect(200)
  }
  await Visits.flush()
  assert.equal(await Visits.count({ where: { ip: '127.0.0.0' } }), 5)
  assert.equal((await pass.sharing()).sessions, 5)
  assert.equal(logger.warnings.length, 1)

  const late = browser(app)
  await late.get(pass.tokenise('/any'))
  await late.get('/any').expect(200)
  // On SIGTERM the last visits are written before the pool is closed.
  const written: number[] = []
  const close = sequelize.close.bind(sequelize)
  const closed = new Promise<void>((resolve) => {
    sequelize.close = async () => {
      written.push(await Visits.count())
      resolve()
    }
  })
  server.listen(0)
  await once(server, 'listening')
  process.emit('SIGTERM')
  await closed
  sequelize.close = close
  assert.deepEqual(written, [6])
}
