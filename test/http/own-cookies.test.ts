import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  convertRouter,
  ensureVisitor,
  guestLogout,
  selfServiceRouter,
  type SelfServiceMessage,
} from '../../src/index.js'
import { startApplication, whoIs, type TestApp } from '../support/application.js'

const HTML = 'text/html,application/xhtml+xml'

/** A browser at an HTTPS proxy, which keeps what was set beside each cookie. */
function browserOf(app: TestApp) {
  const values = new Map<string, string>()
  const attributes = new Map<string, string>()
  return {
    attributes,
    async send(method: 'get' | 'post', path: string, form?: object) {
      const cookie = [...values].map(([name, value]) => `${name}=${value}`).join('; ')
      const browser = app.browser()
      const asked = method === 'get' ? browser.get(path) : browser.post(path)
      const request = asked.set({ Cookie: cookie, Accept: HTML, 'X-Forwarded-Proto': 'https' })
      const response = await (form === undefined ? request : request.type('form').send(form))
      for (const line of [response.headers['set-cookie'] ?? []].flat()) {
        const [, name = '', value = '', rest = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? []
        values.set(name, value)
        attributes.set(name, rest)
      }
      return response
    },
  }
}

test('each cookie is Secure and HttpOnly, with the SameSite of the session’s, behind a proxy with HTTPS', async () => {
  const mailbox: SelfServiceMessage[] = []
  const baseUrl = 'https://example.test'
  const app = await startApplication({
    before(host) {
      host.set('trust proxy', 1)
    },
    session: { cookie: { secure: true, sameSite: 'strict' } },
    routes(host, { passport, Guest, Visitor }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/reference', ensureVisitor('REFERENCE', { selfService: true }), (req, res) => {
        res.json(whoIs(req))
      })
      const send = (message: SelfServiceMessage): void => {
        mailbox.push(message)
      }
      host.use('/visitor', selfServiceRouter({ Visitor, baseUrl, send, code: true }))
      const verifyEmail = { send: () => undefined, baseUrl, code: true }
      host.use('/convert', convertRouter({ Guest, hashPassword: () => 'hash', verifyEmail }))
      host.all('/logout', guestLogout())
    },
  })
  try {
    const asking = browserOf(app)
    const offer = await asking.send('get', '/reference')
    const form = new URL(String(offer.headers['location']), baseUrl)
    const names = { firstName: 'Ginger', lastName: 'Rogers', email: 'ginger@example.test' }
    await asking.send('post', form.pathname + form.search, names)
    assert.equal(mailbox.length, 1)

    const playing = browserOf(app)
    await playing.send('get', '/play')
    const pass = await app.Visitor.create({ email: 'g@example.test', scope: 'REFERENCE', maxUses: 2 })
    await playing.send('post', pass.tokenise('/reference'))
    const password = 'correct horse'
    const account = { username: 'fred', email: 'fred@example.test', password, passwordAgain: password }
    await playing.send('post', '/convert', account)
    await playing.send('post', '/logout?confirm=yes')

    const pressing = browserOf(app)
    await pressing.send('get', pass.tokenise('/reference'))
    await pressing.send('post', pass.tokenise('/reference'))

    const set = [asking, playing, pressing].flatMap(({ attributes }) => [...attributes])
    assert.deepEqual([...new Set(set.map(([name]) => name))].toSorted(), [
      'connect.sid',
      'guest-code',
      'no-guest',
      'visitor-address',
      'visitor-binding',
      'visitor-code',
      'visitor-confirmation',
    ])
    for (const [name, attributes] of set)
      assert.match(attributes, /(?=.*; HttpOnly)(?=.*; Secure)(?=.*; SameSite=Strict)/, name)
  } finally {
    await app.close()
  }
})
