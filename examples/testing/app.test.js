import request from 'supertest'
import { app } from './app.js'
import { closeDatabase, Guest, sequelize, Visitor } from './models.js'

/** Without a browser's User-Agent, a test counts as a robot: it gets no guest and redeems no link. */
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** A browser with cookies of its own. */
const browser = () => request.agent(app).set('User-Agent', BROWSER)

beforeAll(() => sequelize.sync(), 60_000) // the embedded database takes seconds to start
afterAll(closeDatabase)

it('the first request makes a guest, and the second has the same one', async () => {
  const fred = browser()
  const { body } = await fred.get('/play').expect(200)
  expect(body.isGuest).toBe(true)
  expect((await fred.get('/play')).body).toEqual(body)
})

it.each([
  'Googlebot/2.1 (+http://www.google.com/bot.html)',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Cypress/15.0.0 Chrome/138.0.0.0 Safari/537.36',
  'node', // of fetch
  '', // of supertest
])('a robot gets no guest: %s', async (agent) => {
  const guests = await Guest.count()
  const { body } = await request(app).get('/play').set('User-Agent', agent).expect(200)
  expect(body).toEqual({ userId: null, isGuest: false })
  expect(await Guest.count()).toBe(guests)
})

it('a link makes a visitor', async () => {
  const pass = await Visitor.create({ email: 'ginger@example.com', scope: 'REFERENCE_REQUEST' })
  const ginger = browser()
  await ginger.get('/reference').expect(403)
  await ginger.get(pass.tokenise('/reference')).expect(303)
  expect((await ginger.get('/reference').expect(200)).body).toEqual({ email: 'ginger@example.com' })
})
