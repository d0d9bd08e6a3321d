import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { defineGuestModel, type GuestModel } from '../../src/index.js'
import {
  BROWSER,
  defineUser,
  startApplication,
  whoIs,
  type TestApp,
  type User,
  type Who,
} from '../support/application.js'
import { later } from '../support/clock.js'
import { dialect, isEmbedded, openDatabase, type TestDatabase } from '../support/database.js'

/** A request as a browser sends it, with a cookie that others bear at the same time. */
async function open(url: string, cookie = ''): Promise<{ who: Who; cookie: string; status: number }> {
  const response = await fetch(url, { headers: { 'user-agent': BROWSER, ...(cookie && { cookie }) } })
  const set = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  return { who: (await response.json()) as Who, cookie: set, status: response.status }
}

describe('parallel first requests', () => {
  let app: TestApp
  before(async () => {
    app = await startApplication({
      routes(host, { passport }) {
        host.get('/begin', (req, res) => {
          Object.assign(req.session, { begun: true })
          res.json({})
        })
        host.get('/leave', (req, res, next) => {
          req.logout({ keepSessionInfo: true }, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        })
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
      },
    })
  })
  after(() => app.close())

  it('with the same session cookie make one guest between them', async () => {
    for (let round = 0; round < 5; round++) {
      await app.User.destroy({ where: {} })
      const { cookie } = await open(`${app.origin}/begin`)
      const answers = await Promise.all(Array.from({ length: 8 }, () => open(`${app.origin}/play`, cookie)))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
      assert.equal(new Set(answers.map(({ who }) => who.user?.id)).size, 1)
      assert.equal(await app.User.count(), 1)
      assert.equal(await app.Guest.count(), 1)
      // Each of the cookies that were handed out is that guest's.
      for (const answer of answers) {
        const { who } = await open(`${app.origin}/who`, answer.cookie)
        assert.equal(who.user?.id, answers[0]?.who.user?.id)
        assert.equal(who.isGuest, true)
      }
    }
  })

  it('without a cookie, or with different ones, make a guest each', async () => {
    await app.User.destroy({ where: {} })
    const answers = await Promise.all(Array.from({ length: 6 }, () => open(`${app.origin}/play`)))
    assert.equal(new Set(answers.map(({ who }) => who.user?.id)).size, 6)
  })

  it('make one guest between them although another client has copied its session id into a second cookie', async () => {
    const { sessions } = app.store as unknown as { sessions: Record<string, string> }
    const { cookie: other } = await open(`${app.origin}/begin`)
    const { cookie } = await open(`${app.origin}/begin`)
    const copied = `zz=${other.slice(other.indexOf('=') + 1).replace(/\..*/, '.x')}`
    await open(`${app.origin}/who`, `${copied}; ${other}`)
    for (const id of Object.keys(sessions)) Reflect.deleteProperty(sessions, id) // the store was emptied
    const answers = await Promise.all([1, 2, 3].map(() => open(`${app.origin}/play`, cookie)))
    assert.equal(new Set(answers.map(({ who }) => who.user?.id)).size, 1)
  })

  it('that come long after make a guest of their own: a session id that others know is no way in', async () => {
    await app.User.destroy({ where: {} })
    const { cookie } = await open(`${app.origin}/begin`)
    const sessions = (app.store as unknown as { sessions: Record<string, string> }).sessions
    const copy = { ...sessions }
    const victim = await open(`${app.origin}/play`, cookie)
    // The worst case: the old session is still there, as for a request that had read it and was slow.
    Object.assign(sessions, copy)
    const soon = await open(`${app.origin}/play`, cookie)
    assert.equal(soon.who.user?.id, victim.who.user?.id)
    Object.assign(sessions, copy)
    await later(21, async () => {
      const stranger = await open(`${app.origin}/play`, cookie)
      assert.equal(stranger.status, 200)
      assert.notEqual(stranger.who.user?.id, victim.who.user?.id)
    })
  })

  it('that come one after the other, before the browser has heard of its new cookie, make one guest too', async () => {
    await app.User.destroy({ where: {} })
    const { cookie } = await open(`${app.origin}/begin`)
    const first = await open(`${app.origin}/play`, cookie)
    const second = await open(`${app.origin}/play`, cookie)
    assert.equal(second.who.user?.id, first.who.user?.id)
    assert.notEqual(second.cookie, first.cookie)
    // The old cookie by itself opens no guest's session.
    assert.equal((await open(`${app.origin}/who`, cookie)).who.user, null)
  })

  it('make a guest each if a logout that keeps the session’s data came between them', async () => {
    const { cookie } = await open(`${app.origin}/begin`)
    const first = await open(`${app.origin}/play`, cookie)
    const left = await open(`${app.origin}/leave`, first.cookie)
    assert.deepEqual([left.who.user, left.cookie === first.cookie], [null, false])
    const second = await open(`${app.origin}/play`, left.cookie)
    assert.equal(second.who.isGuest, true)
    assert.notEqual(second.who.user?.id, first.who.user?.id)
  })

  it('of another client that bears the cookie, planted or stolen, do not join', async () => {
    await app.User.destroy({ where: {} })
    const { cookie } = await open(`${app.origin}/begin`)
    const victim = await open(`${app.origin}/play`, cookie)
    const response = await fetch(`${app.origin}/play`, {
      headers: { cookie, 'user-agent': `${BROWSER} Other/1` },
    })
    const attacker = (await response.json()) as Who
    assert.equal(attacker.isGuest, true)
    assert.notEqual(attacker.user?.id, victim.who.user?.id)
  })

  it('do not join a guest who was converted meanwhile', async () => {
    await app.User.destroy({ where: {} })
    const { cookie } = await open(`${app.origin}/begin`)
    const sessions = (app.store as unknown as { sessions: Record<string, string> }).sessions
    const copy = { ...sessions }
    const victim = await open(`${app.origin}/play`, cookie)
    await app.Guest.convert(victim.who.user?.id ?? 0, { username: 'converted' })
    Object.assign(sessions, copy)
    const stranger = await open(`${app.origin}/play`, cookie)
    assert.equal(stranger.who.isGuest, true)
    assert.notEqual(stranger.who.user?.id, victim.who.user?.id)
  })
})

// The embedded database and SQLite's file belong to one process.
if (!isEmbedded && dialect !== 'sqlite') {
  describe('parallel first requests to two processes', () => {
    let database: TestDatabase
    let Users: typeof User
    let Guest: GuestModel<User>
    const workers: ChildProcess[] = []
    const origins: string[] = []

    before(async () => {
      database = await openDatabase()
      Users = defineUser(database.sequelize)
      Guest = defineGuestModel(database.sequelize, { User: Users })
      await database.sequelize.sync()
      const url = new URL(process.env['DATABASE_URL'] ?? '')
      url.pathname = `/${database.sequelize.getDatabaseName()}`
      // One after the other: both make the table of the sessions if it is missing.
      for (let i = 0; i < 2; i++) {
        const worker = fork(
          fileURLToPath(new URL(`../support/worker${extname(import.meta.url)}`, import.meta.url)),
          {
            env: { ...process.env, WORKER_DATABASE_URL: url.href },
            stdio: 'inherit',
          },
        )
        workers.push(worker)
        const [origin] = (await once(worker, 'message')) as [string]
        origins.push(origin)
      }
    })
    after(async () => {
      for (const worker of workers) {
        worker.kill()
        await once(worker, 'exit')
      }
      await database.close()
    })

    it('with the same session cookie make one guest between them: the database decides', async () => {
      const [one, two] = origins
      for (let round = 0; round < 10; round++) {
        await Users.destroy({ where: {} })
        const { cookie } = await open(`${one}/begin`)
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, i) => open(`${(i % 2 === 0 ? one : two) ?? ''}/play`, cookie)),
        )
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
        assert.equal(new Set(answers.map(({ who }) => who.user?.id)).size, 1)
        assert.equal(await Users.count(), 1)
        assert.equal(await Guest.count(), 1)
      }
    })
  })
}
