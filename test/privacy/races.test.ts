import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { convertRouter, ensureVisitor, forget, personalData, SCOPE_ANY } from '../../src/index.js'
import { guestSettings } from '../../src/guest/guest.js'
import { startApplication, whoIs, type TestApp } from '../support/application.js'

const ROUNDS = 8

describe('The erasure of an address at the same time as', () => {
  let app: TestApp
  const links: string[] = []
  before(async () => {
    app = await startApplication({
      routes(host, { Guest, passport }) {
        host.get('/play', passport.authenticate('guest'), (req, res) => {
          res.json(whoIs(req))
        })
        host.get('/page', ensureVisitor(SCOPE_ANY), (req, res) => {
          res.json(whoIs(req))
        })
        const send = ({ link }: { readonly link: string }): void => void links.push(link)
        const verifyEmail = { send, baseUrl: 'https://example.test' }
        host.use('/convert', convertRouter({ Guest, hashPassword: (text) => `hash ${text}`, verifyEmail }))
      },
    })
  })
  after(() => app.close())
  const models = (): Pick<TestApp, 'Guest' | 'Visitor' | 'VisitorLog'> => ({
    Guest: app.Guest,
    Visitor: app.Visitor,
    VisitorLog: app.VisitorLog,
  })

  for (const isLoggedIn of [false, true]) {
    it(`a visit that begins ${isLoggedIn ? 'inside a login' : 'in an anonymous session'} ends it, and leaves no row`, async () => {
      const { Visitor, VisitorLog } = app
      for (let round = 0; round < ROUNDS; round += 1) {
        const email = `visitor-${String(round)}@example.test`
        const pass = await Visitor.create({ email, scope: 'page' })
        const browser = app.browser()
        if (isLoggedIn) await browser.get('/play').expect(200)
        const [opened, forgotten] = await Promise.all([
          browser.get(pass.tokenise('/page')),
          forget(models(), { email }),
        ])
        assert.ok([303, 403].includes(opened.status), `${String(opened.status)} ${opened.text}`)
        assert.equal(forgotten.passes, 1)
        await browser.get('/page').expect(403)
        await VisitorLog.flush()
        assert.equal(await VisitorLog.count({ where: { visitorId: pass.id } }), 0)
        assert.equal(await Visitor.count({ where: { email } }), 0)
        if (isLoggedIn) await browser.get('/play').expect(200)
      }
    })
  }

  it('a conversion that is confirmed has one of two ends: an account, or a link that is unknown', async () => {
    const { Guest, User } = app
    const ends: string[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = `guest-${String(round)}@example.test`
      const browser = app.browser()
      const { user } = (await browser.get('/play')).body as { user: { id: number } }
      const form = {
        username: `name-${String(round)}`,
        email,
        password: 'correct horse',
        passwordAgain: 'correct horse',
      }
      await browser.post('/convert').type('form').send(form).expect(303)
      const link = (links.at(-1) ?? '').replace('https://example.test', '')
      const [confirmed] = await Promise.all([browser.post(link), forget(models(), { email })])
      assert.ok(confirmed.status < 500, `${String(confirmed.status)} ${confirmed.text}`)
      const row = await User.findByPk(user.id, { rejectOnEmpty: true })
      const isGuest = (await Guest.findOne({ where: { userId: user.id } })) !== null
      assert.equal(row.email, isGuest ? null : email)
      ends.push(isGuest ? 'guest' : 'account')
      const { PendingConversion } = Guest[guestSettings]
      assert.equal(await PendingConversion.count({ where: { email } }), 0)
    }
    assert.equal(ends.length, ROUNDS)
  })

  it('a pass that is reissued: the pass is gone, and no new link opens anything', async () => {
    const { Visitor } = app
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = `reissued-${String(round)}@example.test`
      const pass = await Visitor.create({ email, scope: 'page' })
      const [reissued] = await Promise.allSettled([pass.reissue(), forget(models(), { email })])
      if (reissued.status === 'rejected')
        assert.match(String(reissued.reason), /EmptyResultError|deleted|not found|gone/i)
      assert.equal(await Visitor.count({ where: { email } }), 0)
      await app.browser().get(pass.tokenise('/page')).expect(403)
    }
  })

  it('personal data that is read while the pass is reissued has the pass once, and no token of either link', async () => {
    const { Visitor } = app
    for (let round = 0; round < ROUNDS; round += 1) {
      const email = `read-${String(round)}@example.test`
      const pass = await Visitor.create({ email, scope: 'page' })
      const old = pass.uuid
      const [data] = await Promise.all([personalData(models(), { email }), pass.reissue()])
      const text = JSON.stringify(data)
      assert.equal(text.split(email).length - 1, 1)
      for (const uuid of [old, pass.uuid]) assert.ok(!text.includes(uuid))
      for (const link of [pass.tokenise('/page')])
        assert.ok(!text.includes(new URL(link, 'http://a').searchParams.get('vuid') ?? '?'))
    }
  })
})
