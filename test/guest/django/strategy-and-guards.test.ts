import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Agent } from 'supertest'
import { ensureGuest } from '../../../src/index.js'
import { express, startApplication, whoIs, type TestApp, type Who } from '../../support/application.js'

let app: TestApp
before(async () => {
  app = await startApplication({
    guestStrategy: {
      onCreate: ({ user, req, transaction }) => {
        const [, browser = 'none'] = /(Firefox)/.exec(req.get('User-Agent') ?? '') ?? []
        return user.update({ email: `${user.username}@${browser}.invalid` }, { transaction })
      },
    },
    routes(host, { passport, User }) {
      host.all(
        '/play',
        express.urlencoded({ extended: false }),
        passport.authenticate('guest'),
        (req, res) => {
          res.json(whoIs(req))
        },
      )
      host.get('/guests', ensureGuest, (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/force-login/:id', (req, res, next) => {
        User.findByPk(req.params.id, { rejectOnEmpty: true }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
    },
  })
})
after(() => app.close())
beforeEach(() => app.User.destroy({ where: {} }))

async function forceLogin(id: number): Promise<{ browser: Agent; who: Who }> {
  const browser = app.browser()
  return { browser, who: (await browser.post(`/force-login/${String(id)}`).expect(200)).body as Who }
}

describe('backends: the guest strategy as a way to log in', () => {
  for (const username of ['doesnotexist', 'demo']) {
    it(`does not log in to an account by a username: ${username}`, async () => {
      const demo = await app.User.create({ username: 'demo', password: 'hunter2' })
      const somebodyElse = await app.Guest.createGuestUser()
      const given = { username, id: String(demo.id), userId: String(somebodyElse.id) }
      const { user, isGuest } = (
        await app.browser().post('/play').query(given).type('form').send(given).expect(200)
      ).body as Who
      assert.equal(isGuest, true)
      assert.ok(user !== null && user.id !== demo.id && user.id !== somebodyElse.id)
      assert.notEqual(user.username, username)
    })
  }

  it('is not led to another guest by their username either', async () => {
    const guest = await app.Guest.createGuestUser()
    const { username } = guest
    const { user } = (await app.browser().post('/play').type('form').send({ username }).expect(200))
      .body as Who
    assert.notEqual(user?.id, guest.id)
  })

  it('knows a guest again by the session, one that a program has made too', async () => {
    const guest = await app.Guest.createGuestUser()
    const { browser, who } = await forceLogin(guest.id)
    assert.deepEqual([who.user?.username, who.isGuest], [guest.username, true])
    const played = (await browser.get('/play').expect(200)).body as Who
    assert.deepEqual([played.user?.id, played.isGuest], [guest.id, true])
    assert.equal(await app.Guest.count(), 1)
  })
})

describe('decorators: guests on demand, and the guard for them', () => {
  it('tell the application of a new guest, with the request that made it', async () => {
    const { user } = (await app.browser().get('/play').expect(200)).body as Who
    assert.equal((await app.User.findByPk(user?.id))?.email, `${user?.username ?? ''}@Firefox.invalid`)
  })

  it('admit who has just become a guest, as the same one', async () => {
    const browser = app.browser()
    const { user } = (await browser.get('/play').expect(200)).body as Who
    assert.deepEqual(((await browser.get('/guests').expect(200)).body as Who).user, user)
  })
})

describe('functions: whether a user is a guest', () => {
  it('is decided by the row beside theirs, however it came there', async () => {
    const { id } = await app.User.create({ username: 'dummy' })
    assert.equal((await forceLogin(id)).who.isGuest, false)
    await app.Guest.create({ userId: id })
    const { browser, who } = await forceLogin(id)
    assert.equal(who.isGuest, true)
    assert.equal(((await browser.get('/guests').expect(200)).body as Who).user?.id, id)
  })
})
