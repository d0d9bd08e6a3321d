import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Agent } from 'supertest'
import { convertRouter, type ConvertContext } from '../../../src/index.js'
import { startApplication, whoIs, type TestApp, type User, type Who } from '../../support/application.js'

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const conversions: ConvertContext<User>[] = []

let app: TestApp
before(async () => {
  app = await startApplication({
    guest: { onConvert: (context) => conversions.push(context) },
    routes(host, { passport, Guest }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.use(
        '/convert',
        convertRouter({
          Guest,
          hashPassword: (password) => `hash of ${String(password.length)}`,
          loginUrl: '/accounts/login',
          registeredUrl: '/accounts/profile',
        }),
      )
    },
  })
})
after(() => app.close())

const who = async (browser: Agent): Promise<Who> => (await browser.get('/who').expect(200)).body as Who

async function guest(): Promise<Agent> {
  const browser = app.browser()
  await browser.get('/play').expect(200)
  return browser
}

/** Fills in the form as the page has it: username, and every password field alike. */
async function convert(browser: Agent, username: string, password = '7 mashed potatoes') {
  const page = await browser.get('/convert').set('Accept', HTML).expect(200)
  const action = (/action="([^"]+)"/.exec(page.text)?.[1] ?? '').replaceAll('&amp;', '&')
  const inputs = [...page.text.matchAll(/<input[^>]*>/g)].map(([input]) => input)
  const filled = inputs.flatMap((input) => {
    const name = /name="([^"]+)"/.exec(input)?.[1]
    const type = /type="([^"]+)"/.exec(input)?.[1]
    return name === undefined ? [] : [[name, type === 'password' ? password : username] as const]
  })
  return await browser.post(action).set('Accept', HTML).type('form').send(Object.fromEntries(filled))
}

describe('the convert view', () => {
  it('sends anonymous people to the login page', async () => {
    const { headers } = await app.browser().get('/convert').set('Accept', HTML).expect(302)
    assert.match(String(headers['location']), /^\/accounts\/login\?next=/)
  })

  it('sends regular users to where those go', async () => {
    await app.User.create({ username: 'registered_user' })
    const browser = app.browser()
    await browser.post('/login').type('form').send({ username: 'registered_user', password: 'x' }).expect(200)
    const { headers } = await browser.get('/convert').set('Accept', HTML).expect(302)
    assert.equal(headers['location'], '/accounts/profile')
  })

  it('makes a guest a regular user of the same id, and says so on a page of its own', async () => {
    const browser = await guest()
    const before = await who(browser)
    assert.equal(before.isGuest, true)
    const converted = await convert(browser, 'converted_user')
    assert.equal(converted.status, 303)
    assert.equal(converted.headers['location'], '/convert/success')
    await browser.get('/convert/success').set('Accept', HTML).expect(200)
    const { user, isGuest, isRegularUser } = await who(browser)
    assert.deepEqual(user, { id: before.user?.id, username: 'converted_user' })
    assert.deepEqual([isGuest, isRegularUser], [false, true])
  })
})

describe('the manager', () => {
  it('tells the application of each conversion, once, and of the very user that was the guest', async () => {
    conversions.length = 0
    const browser = await guest()
    const { user } = await who(browser)
    assert.equal((await convert(browser, 'friendlyBaron45')).status, 303)
    assert.deepEqual(
      conversions.map((conversion) => [conversion.user.id, conversion.user.username]),
      [[user?.id, 'friendlyBaron45']],
    )
    assert.equal(await app.Guest.findByPk(user?.id), null)
  })

  it('tells it of none that came to nothing', async () => {
    conversions.length = 0
    const browser = await guest()
    await app.User.create({ username: 'taken_name' })
    assert.equal((await convert(browser, 'taken_name')).status, 422)
    assert.equal((await convert(browser, 'some_name', 'short')).status, 422)
    assert.equal(conversions.length, 0)
    assert.equal((await who(browser)).isGuest, true)
  })
})
