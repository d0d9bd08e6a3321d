import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Application } from 'express'
import { DataTypes, Sequelize, type ConnectionOptions } from 'sequelize'
import { cleanup, convertRouter, mergeGuest, type UsernameGenerator } from '../../src/index.js'
import { readStats } from '../../src/stats/read-stats.js'
import { DAY, later } from '../support/clock.js'
import { hostOptions } from '../../src/database/columns.js'
import { dialect, isEmbedded, openDatabase, type TestDatabase } from '../support/database.js'
import { forgetStatements } from '../support/embedded.js'
import { defineHostModels, plainUser, startHost, type Host } from '../support/host-application.js'
import { rows, walkStory, who } from './story.js'

// SQLite has no test here: Sequelize's SQLite dialect opens one file and knows no replication.
const replicates = dialect !== 'sqlite'

const defineUser = plainUser({ email: { type: DataTypes.STRING }, password: { type: DataTypes.STRING } })
/** The links that went out. */
const links: string[] = []

let primary: TestDatabase
let replica: TestDatabase
let host: Host

if (replicates) {
  before(async () => {
    primary = await openDatabase()
    replica = await openDatabase()
    // The replica has the tables, and none of the rows, ever.
    defineHostModels(replica.sequelize, { defineUser })
    await replica.sequelize.sync()

    const statements: string[] = []
    const sequelize = openReplicated((sql) => statements.push(sql))
    const opened = { sequelize, takeStatements: () => statements.splice(0), close: () => sequelize.close() }
    host = await startHost({ opened, defineUser, routes: serveAccounts })
  })

  after(async () => {
    await host.close()
    await replica.close()
    await primary.close()
  })

  test('the application’s own queries read from the replica, which these tests require', async () => {
    const user = await host.User.create({ username: 'on the primary' })
    assert.equal(await host.User.count(), 0)
    assert.equal(await rows(host, host.User), 1)
    await user.destroy()
  })

  test('guests and visitors can do everything with a replica that never catches up', async () => {
    await walkStory(host)
  })

  test('a deactivation takes effect at the next request, although the replica has the old row', async () => {
    const pass = await host.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context: null })
    // A replica that lags would still show the pass as open.
    await replica.sequelize.models['Visitor']?.create({
      ...pass.get({ plain: true }),
      id: pass.id,
      uuid: pass.uuid,
    })
    const browser = host.browser()
    await browser.get(pass.tokenise('/reference'))
    assert.equal((await browser.get('/reference')).status, 200)
    await pass.deactivate()
    assert.equal((await browser.get('/reference')).status, 403)
    assert.equal((await host.browser().get(pass.tokenise('/reference'))).status, 403)
  })

  test('a deleted guest is not restored at the next request, although the replica has the old row', async () => {
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    await replica.sequelize.models['User']?.create({ id: key, username: 'still there' })
    await replica.sequelize.models['Guest']?.create({ userId: key })
    await host.User.destroy({ where: { id: key } })
    assert.equal((await who(browser.get('/who'))).user, null)
  })

  test('parallel first requests of one session create one guest, although the replica never has its row', async () => {
    const clicks = 4
    let arrived = 0
    let allAreHere: () => void = () => undefined
    const together = new Promise<void>((resolve) => (allAreHere = resolve))
    const other = await startBeside(async () => {
      arrived += 1
      if (arrived === clicks) allAreHere()
      await together
      return `guest${String(arrived++)}`
    })
    const before = await rows(other, other.User)
    const pass = await other.Visitor.create({ email: 'kim@example.org', scope: 'REFERENCE', context: null })
    const cookie = await sessionCookie(other, pass.tokenise('/reference'))
    const guests = await Promise.all(
      Array.from({ length: clicks }, () => who(other.browser().get('/play').set('Cookie', cookie))),
    )
    assert.equal(new Set(guests.map(({ key }) => key)).size, 1)
    assert.equal(await rows(other, other.User), before + 1)
    await other.close()
  })

  test('a guest converts by a link that was stored immediately before', async () => {
    const browser = host.browser()
    const { key } = await who(browser.get('/play'))
    const form = { username: 'ginger', password: 'correct horse', passwordAgain: 'correct horse' }
    const posted = await browser
      .post('/join')
      .type('form')
      .send({ ...form, email: 'ginger@example.org' })
    assert.equal(posted.status, 303, posted.text)
    const link = links.at(-1)?.replace('https://example.org', '') ?? ''
    const page = await browser.get(link)
    assert.equal(page.status, 200, page.text)
    assert.equal((await browser.post(link).type('form').send({})).status, 303)
    const joined = await who(browser.get('/who'))
    assert.deepEqual([joined.key, joined.isRegularUser], [key, true])
  })

  test('a guest who logs in is merged into the account', async () => {
    const account = await host.User.create({ username: 'an account' })
    const browser = host.browser()
    const guest = await who(browser.get('/play'))
    const users = await rows(host, host.User)
    assert.equal((await browser.post(`/login/${String(account.get('id'))}`)).status, 200)
    assert.equal((await who(browser.get('/who'))).key, String(account.get('id')))
    assert.equal(await rows(host, host.User), users - 1)
    assert.equal(await host.User.findByPk(guest.key ?? '', { useMaster: true }), null)
  })

  test('clean-up finds the expired guests, and counts the same in a dry run', async () => {
    const models = { Guest: host.Guest, Visitor: host.Visitor, VisitorLog: host.VisitorLog }
    await who(host.browser().get('/play'))
    const guests = await rows(host, host.Guest)
    await later(15 * DAY, async () => {
      const keep = { guests: () => false }
      assert.equal((await cleanup(models, { dryRun: true, keep })).guests, guests)
      assert.equal((await cleanup(models)).guests, guests)
    })
    assert.equal(await rows(host, host.Guest), 0)
    const [today] = await later(15 * DAY, () => readStats(models, { days: 1 }))
    assert.equal(today?.guests?.expired, guests)
  })

  test('a username that is taken is not given to a guest, although the replica does not have it', async () => {
    const names = ['taken', 'taken', 'fresh']
    const other = await startBeside(() => names.shift() ?? 'spare')
    await other.User.create({ username: 'taken' })
    const guest = await who(other.browser().get('/play'))
    assert.equal(guest.user?.['username'], 'fresh')
    await other.close()
  })
}

/** Pages on which guests become regular users, or log in. */
function serveAccounts(app: Application, { Guest, User }: Pick<Host, 'Guest' | 'User'>): void {
  app.use(mergeGuest({ Guest }))
  app.use(
    '/join',
    convertRouter({
      Guest,
      hashPassword: (password) => `hash of ${String(password.length)}`,
      verifyEmail: { baseUrl: 'https://example.org', send: ({ link }) => links.push(link) },
    }),
  )
  app.post('/login/:id', (req, res, next) => {
    User.findByPk(req.params.id, { useMaster: true, rejectOnEmpty: true }).then((user) => {
      req.login(user, (error) => {
        if (error) next(error)
        else res.json(user)
      })
    }, next)
  })
}

/** Another application on the same two databases. */
async function startBeside(generateUsername: UsernameGenerator): Promise<Host> {
  const { sequelize, takeStatements } = host
  return await startHost({
    opened: { sequelize, takeStatements, close: () => Promise.resolve() },
    defineUser,
    guestStrategy: { generateUsername },
    makeTables: () => Promise.resolve(),
  })
}

async function sessionCookie(target: Host, url: string): Promise<string> {
  const response = await target.browser().get(url)
  const [cookie = ''] = response.get('Set-Cookie') ?? []
  return cookie.split(';', 1)[0] ?? ''
}

/** Writes go to one database and reads to another, by Sequelize's own means. */
function openReplicated(logging: (sql: string) => unknown): Sequelize {
  if (isEmbedded) return openReplicatedEmbedded(logging)
  return new Sequelize({
    dialect: dialect === 'mysql' ? 'mysql' : 'postgres',
    logging,
    pool: { max: 4 },
    replication: { write: connectionOf(primary.sequelize), read: [connectionOf(replica.sequelize)] },
  })
}

function connectionOf(sequelize: Sequelize): ConnectionOptions {
  const {
    host: server,
    port,
    username,
    password,
    database,
  } = (sequelize as unknown as { config: Record<string, string | null> }).config
  return {
    host: server ?? '127.0.0.1',
    port: String(port),
    username: username ?? '',
    password: password ?? '',
    database: database ?? '',
  }
}

/** The same with two databases in this process: which one a client is for shows in the name that it is given. */
function openReplicatedEmbedded(logging: (sql: string) => unknown): Sequelize {
  const Primary = clientOf(primary.sequelize)
  const Replica = clientOf(replica.sequelize)
  function Client(config: { database?: string }): pg.Client {
    return config.database === 'replica' ? new Replica() : new Primary()
  }
  const sequelize = new Sequelize({
    dialect: 'postgres',
    dialectModule: { ...pg, Client },
    logging,
    pool: { max: 1 },
    replication: { write: { database: 'primary' }, read: [{ database: 'replica' }] },
  })
  sequelize.addHook('afterConnect', forgetStatements)
  return sequelize
}

function clientOf(sequelize: Sequelize): typeof pg.Client {
  return (hostOptions(sequelize).dialectModule as { Client: typeof pg.Client }).Client
}
