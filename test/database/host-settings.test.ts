import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Application } from 'express'
import pg from 'pg'
import { DataTypes, Transaction, type Model, type ModelStatic, type Options, type Sequelize } from 'sequelize'
import type { Agent } from 'supertest'
import { checkSetup, cleanup, convertRouter, guestLogout, mergeGuest } from '../../src/index.js'
import { diagnose } from '../../src/checks/diagnose.js'
import { readStats } from '../../src/stats/read-stats.js'
import { rows, who } from '../conventions/story.js'
import { express } from '../support/application.js'
import { DAY, HOUR, later } from '../support/clock.js'
import { dialect } from '../support/database.js'
import { hostWhoIs, plainUser, startHost, type Host } from '../support/host-application.js'

/** One setting of `new Sequelize(…)`, or of its driver. */
interface Setting {
  readonly name: string
  readonly only?: typeof dialect
  readonly database?: Options
  readonly prepare?: (sequelize: Sequelize) => Promise<unknown>
  /** Changes the driver for all connections of this process, and returns how to undo it. */
  readonly changeDriver?: () => () => void
}

const settings: readonly Setting[] = [
  { name: 'query: { raw: true }', database: { query: { raw: true } } },
  { name: 'timestamps as text, by a type parser', only: 'postgres', changeDriver: readTimesAsText },
  { name: 'dateStrings', only: 'mysql', database: { dialectOptions: { dateStrings: true } } },
  {
    name: 'isolationLevel: SERIALIZABLE',
    database: { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE },
  },
  {
    name: 'a default scope for every model',
    database: { define: { defaultScope: { where: { tenant: 'acme' } } } },
  },
  { name: 'paranoid: true for every model', database: { define: { paranoid: true } } },
  { name: 'hooks of every model that throw', database: { define: { hooks: hooksThatThrow() } } },
  { name: 'timestamps: false for every model', database: { define: { timestamps: false } } },
  {
    name: 'benchmark: true, with a log that takes numbers only',
    database: {
      benchmark: true,
      logging(_sql, milliseconds) {
        if (typeof milliseconds !== 'number') throw new TypeError(`${String(milliseconds)} is not a number`)
      },
    },
  },
  { name: 'logging: false', database: { logging: false } },
  { name: 'underscored: true', database: { define: { underscored: true } } },
  { name: 'quoteIdentifiers: false', only: 'postgres', database: { quoteIdentifiers: false } },
  { name: 'freezeTableName: true', database: { define: { freezeTableName: true } } },
  {
    name: 'a schema for every model',
    database: { define: { schema: 'ephemeral_app' } },
    async prepare(sequelize) {
      await sequelize.dropSchema('ephemeral_app', {}).catch(() => undefined)
      await sequelize.createSchema('ephemeral_app', {})
    },
  },
]

/** What `pg.types.setTypeParser` of an application does to every connection of the process. */
function readTimesAsText(): () => void {
  const { TIMESTAMPTZ } = pg.types.builtins
  const before: (text: string) => unknown = pg.types.getTypeParser(TIMESTAMPTZ)
  pg.types.setTypeParser(TIMESTAMPTZ, (text) => text)
  return () => {
    pg.types.setTypeParser(TIMESTAMPTZ, before)
  }
}

/** Hooks for every model, which accept the host's models only. */
function hooksThatThrow(): Record<string, () => void> {
  function throws(this: { readonly name: string }): void {
    if (!HOST_MODELS.includes(this.name)) throw new Error(`a hook of ${this.name}`)
  }
  const events = [
    'Validate',
    'Create',
    'Update',
    'Save',
    'Destroy',
    'BulkCreate',
    'BulkUpdate',
    'BulkDestroy',
  ]
  const names = [...events.map((event) => `before${event}`), 'beforeFind', 'beforeCount', 'afterFind']
  return Object.fromEntries(names.map((name) => [name, throws]))
}

const HOST_MODELS = ['User', 'Todo']

interface Stage extends Host {
  readonly Todo: ModelStatic<Model>
  readonly app: Application
}

async function startStage({ database, prepare }: Setting): Promise<Stage> {
  let application: Application | undefined
  const host = await startHost({
    database: { ...database },
    defineUser(sequelize) {
      const tenant = { type: DataTypes.STRING(20), defaultValue: 'acme' }
      const columns = { email: DataTypes.STRING(200), password: DataTypes.STRING(100), tenant }
      const User = plainUser(columns)(sequelize)
      const unique = 'todo_title'
      const Todo = sequelize.define('Todo', {
        userId: { type: DataTypes.INTEGER, allowNull: false, unique },
        title: { type: DataTypes.STRING(50), unique },
        tenant,
      })
      User.hasMany(Todo, { foreignKey: 'userId', onDelete: 'CASCADE' })
      return User
    },
    async makeTables(sequelize) {
      await prepare?.(sequelize)
      await sequelize.sync()
    },
    routes(app, { Guest, User }) {
      application = app
      app.use(mergeGuest({ Guest }))
      app.use('/become', convertRouter({ Guest, hashPassword: (password) => `hash of ${password}` }))
      app.post('/login', express.json(), (req, res, next) => {
        const { username } = req.body as { username: string }
        User.findOne({ where: { username }, rejectOnEmpty: true, raw: false }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(hostWhoIs(req, User))
          })
        }, next)
      })
      app.post('/logout', express.json(), guestLogout(), (req, res, next) => {
        req.logout((error) => {
          if (error) next(error)
          else res.json(hostWhoIs(req, User))
        })
      })
    },
  })
  assert.ok(application)
  return Object.assign(host, { app: application, Todo: host.sequelize.model('Todo') })
}

async function newGuest(stage: Stage): Promise<{ browser: Agent; key: string }> {
  const browser = stage.browser()
  const { key } = await who(browser.get('/play'))
  assert.ok(key !== null)
  const page = await who(browser.get('/who'))
  assert.deepEqual([page.key, page.isGuest, page.isRegularUser], [key, true, false])
  return { browser, key }
}

async function walkAsVisitors(stage: Stage): Promise<void> {
  const context = { about: ['references'] }
  const pass = await stage.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context })
  const browsers = [stage.browser(), stage.browser(), stage.browser()]
  const answers = await Promise.all(browsers.map((browser) => browser.get(pass.tokenise('/reference'))))
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers['location']]),
    browsers.map(() => [303, '/reference']),
  )
  for (const browser of browsers) {
    const page = await who(browser.get('/reference'))
    assert.deepEqual([page.visitor, page.isVisitor, page.user], [pass.id, true, null])
  }
  await stage.VisitorLog.flush()
  assert.equal(await rows(stage, stage.VisitorLog), browsers.length)
  const { visits, sessions, lastSeenAt } = await pass.sharing()
  assert.deepEqual([visits, sessions], [3, 3])
  assert.ok(Math.abs(Date.now() - (lastSeenAt?.getTime() ?? 0)) < HOUR * 1000)
  const reloaded = await pass.reload({ raw: false })
  assert.deepEqual([reloaded.uses, reloaded.context, reloaded.fullName], [3, context, ''])
  await pass.reissue()
  assert.equal((await browsers[0]?.get('/reference'))?.status, 403)
  await pass.deactivate()
  assert.equal((await stage.browser().get(pass.tokenise('/reference'))).status, 403)
  await stage.VisitorLog.flush()
}

async function walkAsGuests(stage: Stage): Promise<void> {
  const { User, Guest, Todo } = stage
  const ada = await newGuest(stage)
  const form = { username: 'ada', password: 'correct horse', passwordAgain: 'correct horse' }
  assert.equal((await ada.browser.post('/become').type('form').send(form)).status, 303)
  const converted = await who(ada.browser.get('/who'))
  assert.deepEqual([converted.key, converted.isRegularUser], [ada.key, true])
  assert.equal(converted.user?.['username'], 'ada')

  const merged = await newGuest(stage)
  await Todo.create({ title: 'both', userId: ada.key })
  for (const title of ['both', 'mine']) await Todo.create({ title, userId: merged.key })
  const account = await who(merged.browser.post('/login').send({ username: 'ada' }))
  assert.deepEqual([account.key, account.isRegularUser], [ada.key, true])
  assert.equal((await who(merged.browser.get('/who'))).key, ada.key)
  const todos = await Todo.findAll({ order: ['title'], raw: false })
  assert.deepEqual(
    todos.map((todo) => [todo.get('title'), String(todo.get('userId'))]),
    [
      ['both', ada.key],
      ['mine', ada.key],
    ],
  )
  assert.deepEqual([await rows(stage, User), await rows(stage, Guest)], [1, 0])

  const loggedOut = await newGuest(stage)
  assert.equal((await loggedOut.browser.post('/logout').send({ confirm: 'yes' })).status, 204)
  const left = await who(loggedOut.browser.get('/who'))
  assert.deepEqual([left.user, left.isGuest], [null, false])
}

async function cleanUpAndCount(stage: Stage): Promise<void> {
  const { User, Guest, Visitor, VisitorLog } = stage
  const young = await newGuest(stage)
  const models = { Guest, Visitor, VisitorLog }
  assert.equal((await cleanup(models, { maxAge: HOUR / 2 })).guests, 0)
  const kept = { keep: { guests: { id: Number(young.key) } }, maxAge: HOUR / 2 }
  const early = await later(HOUR, () => cleanup(models, kept))
  assert.deepEqual([early.guests, early.kept, early.failed], [1, 1, 0])
  assert.deepEqual([await rows(stage, User), await rows(stage, Guest)], [2, 1])
  const last = await later(100 * DAY, () => cleanup(models))
  assert.deepEqual([last.guests, last.passes, last.visits, last.failed], [1, 1, 5, 0])
  assert.deepEqual([await rows(stage, User), await rows(stage, Guest), await rows(stage, Visitor)], [1, 0, 0])
  const [today] = await readStats({ Guest, Visitor }, { days: 1 })
  assert.deepEqual([today?.guests?.created, today?.guests?.converted, today?.guests?.merged], [4, 1, 1])
}

async function checkEverything({ sequelize, Guest, Visitor, app }: Stage): Promise<void> {
  const findings = [...(await checkSetup(app)), ...(await diagnose({ sequelize, Guest, Visitor }))]
  const serious = findings.filter(({ severity, code }) => severity === 'error' || code.startsWith('FOREIGN_'))
  assert.deepEqual(serious, [])
}

describe('under any setting of the host', () => {
  for (const setting of settings) {
    if (setting.only !== undefined && setting.only !== dialect) continue
    it(`visitors, guests and the clean-up get the right rows: ${setting.name}`, async () => {
      const restoreDriver = setting.changeDriver?.()
      try {
        const stage = await startStage(setting)
        try {
          await walkAsVisitors(stage)
          await walkAsGuests(stage)
          await checkEverything(stage)
          await cleanUpAndCount(stage)
        } finally {
          await stage.close()
        }
      } finally {
        restoreDriver?.()
      }
    })
  }
})
