import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Agent } from 'supertest'
import { convertRouter, endVisit, guestLogout } from '../src/index.js'
import { settled, type SessionStore } from '../src/http/session.js'
import { noteInStore } from '../src/http/session-notes.js'
import { fred } from './guest/conversion/stage.js'
import { logIn, startStage, who, type Stage } from './guest/merge/stage.js'
import { whoIs, type Who } from './support/application.js'
import { storeKinds, type OpenStore } from './support/session-stores.js'

for (const { name, skip, open } of storeKinds) {
  describe(`with its sessions in ${name}`, { skip }, () => {
    let sessions: OpenStore
    let app: Stage
    let begin: () => void = () => undefined
    let released: Promise<void>

    before(async () => {
      sessions = await open()
      app = await startStage({
        session: { store: sessions.store },
        routes(host, { Guest }) {
          host.use('/convert', convertRouter({ Guest, hashPassword: () => 'hash' }))
          host.post('/logout', guestLogout())
          host.post('/end', (req, res, next) => {
            endVisit(req).then(() => res.json(whoIs(req)), next)
          })
          host.get('/slow', (req, res) => {
            begin()
            void released.then(() => {
              Object.assign(req.session, { cart: ['shoes'] })
              res.json(whoIs(req))
            })
          })
        },
      })
    })
    after(async () => {
      await app.close()
      await sessions.close()
    })

    /** A request of this browser that is under way while `work` runs, and then stores its session. */
    async function whileUnderWay(browser: Agent, work: () => Promise<unknown>): Promise<{ headers: object }> {
      let finish: () => void = () => undefined
      const hasBegun = new Promise<void>((resolve) => (begin = resolve))
      released = new Promise((resolve) => (finish = resolve))
      const slow = browser.get('/slow').then((response) => response)
      await hasBegun
      await work()
      finish()
      return await slow
    }

    /** A session, as another process reads it. */
    const stored = (id: string): Promise<unknown> =>
      settled<unknown>((done) => {
        sessions.elsewhere.get(id, done)
      })

    /** How a session has ended, as another process learns it. */
    const endOf = async (id: string) => (await noteInStore(sessions.elsewhere as SessionStore, [id]))?.end

    const now = async (browser: Agent): Promise<Who> => who(await browser.get('/who').expect(200))
    const leave = (browser: Agent) =>
      browser.post('/logout').type('form').send({ confirm: 'yes' }).expect(204)

    it('a guest is made, is restored at the next request, and is found by another process', async () => {
      const { browser, id } = await app.guest()
      const restored = await now(browser)
      assert.deepEqual([restored.user?.id, restored.isGuest], [id, true])
      assert.ok(await stored(restored.sessionID))
    })

    it('a visit begins by a link, is restored, and ends', async () => {
      const browser = app.browser()
      const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'A' })
      await browser.get(pass.tokenise('/who')).expect(303)
      assert.equal((await now(browser)).visitor?.id, pass.id)
      await browser.post('/end').expect(200)
      assert.equal((await now(browser)).isVisitor, false)
    })

    it('a guest converts, stays the same user, and the old session is gone', async () => {
      const { browser, id } = await app.guest()
      const { sessionID } = await now(browser)
      await browser.post('/convert').type('form').send(fred).expect(303)
      const converted = await now(browser)
      assert.deepEqual([converted.user?.id, converted.isRegularUser], [id, true])
      assert.notEqual(converted.sessionID, sessionID)
      assert.equal((await stored(sessionID)) ?? null, null)
      assert.equal(await endOf(sessionID), 'converted')
    })

    it('a guest who logs in is merged, and the old session is gone', async () => {
      const account = await app.account('account')
      const { browser, id } = await app.guest()
      const { sessionID } = await now(browser)
      await logIn(browser, 'account').expect(200)
      assert.equal((await now(browser)).user?.id, account.id)
      assert.equal(await app.User.findByPk(id), null)
      assert.equal((await stored(sessionID)) ?? null, null)
      assert.equal(await endOf(sessionID), 'merged')
    })

    it('a guest who leaves is logged out, and another process is told', async () => {
      const { browser } = await app.guest()
      const { sessionID } = await now(browser)
      await leave(browser)
      assert.equal((await now(browser)).user, null)
      assert.equal((await stored(sessionID)) ?? null, null)
      assert.equal(await endOf(sessionID), 'logged-out')
    })

    it('a request that is under way while the guest leaves does not bring the session back', async () => {
      const { browser } = await app.guest()
      const { sessionID } = await now(browser)
      const late = await whileUnderWay(browser, () => leave(browser))
      assert.equal('set-cookie' in late.headers, false)
      assert.equal((await stored(sessionID)) ?? null, null)
      assert.equal((await now(browser)).user, null)
    })

    it('a request stores what it has put into the session', async () => {
      const { browser } = await app.guest()
      await whileUnderWay(browser, () => Promise.resolve())
      assert.match(JSON.stringify(await stored((await now(browser)).sessionID)), /"cart":\["shoes"\]/)
    })
  })
}
