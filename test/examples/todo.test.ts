import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import supertest from 'supertest'
import { createApp, type AppOptions } from '../../examples/todo/app.js'
import { defineModels, Todo, User, type Models } from '../../examples/todo/models.js'
import { hashPassword } from '../../examples/todo/password.js'
import { BROWSER } from '../support/application.js'
import { openDatabase, type TestDatabase } from '../support/database.js'

type Browser = ReturnType<typeof supertest.agent>

const PASSWORD = 'a list of lists of lists'

let database: TestDatabase
let models: Models
let app: { readonly origin: string; readonly close: () => Promise<void> }

before(async () => {
  database = await openDatabase()
  models = defineModels(database.sequelize)
  await database.sequelize.sync()
  app = await serve()
})

after(async () => {
  await app.close()
  await database.close()
})

beforeEach(async () => {
  await Todo.destroy({ where: {} })
  await models.Guest.destroy({ where: {} })
  await User.destroy({ where: {} })
})

/** The application as `npm run demo:todo` starts it, on its own port. */
async function serve(options: Partial<AppOptions> = {}) {
  const { sequelize } = database
  const secrets = { sessionSecret: 'session secret', production: false, proxies: 0 }
  const server = createServer(createApp({ sequelize, models, ...secrets, ...options }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const browser = (): Browser => supertest.agent(app.origin).set('User-Agent', BROWSER)

/** The titles of a client's list; done to-dos end in a tick. */
async function listOf(client: Browser): Promise<string[]> {
  const { body } = await client.get('/api/todos').expect(200)
  const { todos } = body as { todos: { title: string; done: boolean }[] }
  return todos.map(({ title, done }) => (done ? `${title} ✓` : title))
}

async function write(client: Browser, title: string): Promise<number> {
  const { body } = await client.post('/api/todos').send({ title }).expect(201)
  return (body as { id: number }).id
}

async function tick(client: Browser, id: number): Promise<void> {
  await client.patch(`/api/todos/${id}`).send({ done: true }).expect(200)
}

async function kindOf(client: Browser): Promise<string> {
  const { body } = await client.get('/api/me').expect(200)
  return (body as { kind: string }).kind
}

const register = async (username: string) =>
  User.create({ username, passwordHash: await hashPassword(PASSWORD) })

const logIn = (client: Browser, username: string, password = PASSWORD) =>
  client.post('/api/login').send({ username, password })

const convert = (client: Browser, fields: Record<string, string>) =>
  client
    .post('/convert?next=/')
    .type('form')
    .set('Accept', 'text/html')
    .send({ password: PASSWORD, passwordAgain: PASSWORD, ...fields })

describe('the list', () => {
  test('reading it creates no guest and sets no cookie', async () => {
    const { headers, body } = await browser().get('/api/todos').expect(200)
    assert.deepEqual(body, { todos: [] })
    assert.equal(headers['set-cookie'], undefined)
    assert.equal(await User.count(), 0)
  })

  test('the first to-do creates a guest, who owns the list', async () => {
    const client = browser()
    await write(client, 'Buy milk')
    await write(client, 'Water the plants')
    assert.equal(await kindOf(client), 'guest')
    assert.deepEqual(await listOf(client), ['Buy milk', 'Water the plants'])
    assert.deepEqual(await listOf(browser()), [])
    assert.equal(await User.count(), 1)
  })

  test('a to-do can be ticked, changed and deleted, but not its other attributes', async () => {
    const client = browser()
    const id = await write(client, 'Buy milk')
    const { body } = await client
      .patch(`/api/todos/${id}`)
      .send({ title: ' Buy  oat\nmilk ', done: true, id: 4711, userId: 4711 })
      .expect(200)
    assert.deepEqual(body, { id, title: 'Buy oat milk', done: true })
    await client.delete(`/api/todos/${id}`).expect(204)
    assert.deepEqual(await listOf(client), [])
  })

  test('another user’s to-do cannot be changed, deleted or detected', async () => {
    const [fred, ginger] = [browser(), browser()]
    const id = await write(fred, 'Buy milk')
    await write(ginger, 'Dance')
    const answers = [
      await ginger.patch(`/api/todos/${id}`).send({ done: true }),
      await ginger.delete(`/api/todos/${id}`),
      await ginger.delete('/api/todos/999999'),
      await ginger.delete('/api/todos/1%20OR%201=1'),
    ]
    for (const { status, body } of answers) {
      assert.deepEqual(body, {
        status: 404,
        code: 'ERR_NOT_FOUND',
        message: 'This is not on your list (any more).',
      })
      assert.equal(status, 404)
    }
    assert.deepEqual(await listOf(fred), ['Buy milk'])
  })

  test('an invalid to-do is refused with the reason, and creates no guest', async () => {
    const wrong = [
      {},
      { title: '' },
      { title: ' \u0000\n' },
      { title: ['Buy milk'] },
      { title: 'x'.repeat(201) },
    ]
    for (const body of wrong) {
      const answer = await browser().post('/api/todos').send(body)
      assert.equal(answer.status, 422, JSON.stringify(body))
      assert.equal((answer.body as { code: string }).code, 'ERR_TITLE')
    }
    await browser().post('/api/todos').type('json').send('{"title":').expect(400)
    await browser().patch('/api/todos/1').send({ done: true }).expect(401)
    await browser().delete('/api/todos/1').expect(401)
    assert.equal(await User.count(), 0)
  })

  test('a duplicate title is refused', async () => {
    const client = browser()
    await write(client, 'Buy milk')
    const again = await client.post('/api/todos').send({ title: 'Buy  milk' }).expect(409)
    assert.equal((again.body as { code: string }).code, 'ERR_ON_YOUR_LIST')
    const other = await write(client, 'Buy bread')
    await client.patch(`/api/todos/${other}`).send({ title: 'Buy milk' }).expect(409)
    assert.deepEqual(await listOf(client), ['Buy milk', 'Buy bread'])
  })

  test('a bot gets no list', async () => {
    const bot = browser().set('User-Agent', 'Googlebot/2.1')
    const { body } = await bot.post('/api/todos').send({ title: 'Crawl' }).expect(401)
    assert.equal((body as { code: string }).code, 'ERR_NOT_LOGGED_IN')
    assert.equal(await User.count(), 0)
  })
})

describe('other sites', () => {
  test('their requests write nothing and log no user in', async () => {
    await register('fred')
    const client = browser()
    const id = await write(client, 'Buy milk')
    const requests = [
      client.post('/api/todos').send({ title: 'Visit evil.test' }),
      client.delete(`/api/todos/${id}`),
      logIn(client, 'fred'),
      client.post('/logout'),
    ]
    for (const request of requests) {
      const { status, text } = await request.set('Sec-Fetch-Site', 'cross-site')
      assert.equal(status, 403, text)
    }
    const origin = await client.post('/api/todos').set('Origin', 'https://evil.test').send({ title: 'Visit' })
    assert.equal((origin.body as { code: string }).code, 'ERR_CROSS_SITE_REQUEST')
    assert.equal(await kindOf(client), 'guest')
    assert.deepEqual(await listOf(client), ['Buy milk'])
  })

  test('the API refuses form posts, which any site can send without a CORS preflight', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const { body } = await browser().post('/api/todos').type(type).send('{"title":"Buy milk"}').expect(415)
      assert.equal((body as { code: string }).code, 'ERR_JSON_ONLY')
    }
  })
})

describe('saving the list', () => {
  test('a guest who converts has the same list under a new session', async () => {
    const client = browser()
    await write(client, 'Buy milk')
    const answer = await convert(client, { username: 'fred' }).expect(303)
    assert.equal(answer.headers['location'], '/')
    assert.match(String(answer.headers['set-cookie']), /todo=/)
    assert.equal(await kindOf(client), 'regular')
    assert.deepEqual(await listOf(client), ['Buy milk'])
    const again = browser()
    await logIn(again, 'fred').expect(200)
    assert.deepEqual(await listOf(again), ['Buy milk'])
  })

  test('a taken name shows an error beside the field, and the guest stays a guest', async () => {
    await register('fred')
    const client = browser()
    await write(client, 'Buy milk')
    const { text } = await convert(client, { username: 'fred' }).expect(422)
    assert.match(text, /id="username-error"/)
    assert.equal(await kindOf(client), 'guest')
    assert.deepEqual(await listOf(client), ['Buy milk'])
  })
})

describe('logging in', () => {
  test('a guest’s list moves to the account; a to-do on both lists is kept once, done if either was done', async () => {
    await register('fred')
    const home = browser()
    await logIn(home, 'fred').expect(200)
    await tick(home, await write(home, 'Buy milk'))
    await write(home, 'Call Ginger')
    await write(home, 'Dance')

    const away = browser()
    await write(away, 'Buy milk')
    await tick(away, await write(away, 'Dance'))
    await write(away, 'Eat')
    const { body } = await logIn(away, 'fred').expect(200)
    assert.deepEqual(body, { kind: 'regular', name: 'fred' })
    assert.deepEqual((await listOf(away)).sort(), ['Buy milk ✓', 'Call Ginger', 'Dance ✓', 'Eat'])
    assert.deepEqual(await listOf(home), await listOf(away))
    assert.equal(await User.count(), 1)
    assert.equal(await models.Guest.count(), 0)
  })

  test('a wrong password, an unknown name and a guest’s name get the same response, and leave the guest unchanged', async () => {
    await register('fred')
    const client = browser()
    await write(client, 'Buy milk')
    const guest = await User.findOne({ where: { passwordHash: null }, rejectOnEmpty: true })
    const attempts: unknown[][] = [
      ['fred', 'not his password'],
      ['ginger', PASSWORD],
      [guest.username, ''],
      [guest.username, 'null'],
      ['fred', ['a', 'list']],
      [{ username: 'fred' }, PASSWORD],
      ['fr\0ed\ud800', PASSWORD],
    ]
    for (const [username, password] of attempts) {
      const { status, body } = await client.post('/api/login').send({ username, password })
      assert.deepEqual([status, (body as { code: string }).code], [401, 'ERR_LOGIN_FAILED'])
    }
    assert.equal(await kindOf(client), 'guest')
    assert.deepEqual(await listOf(client), ['Buy milk'])
  })

  test('a regular user logs out by the button, and reading afterwards creates no guest', async () => {
    await register('fred')
    const client = browser()
    await logIn(client, 'fred').expect(200)
    await client.get('/logout').expect(302)
    assert.equal(await kindOf(client), 'regular')
    await client.post('/logout').expect(303).expect('Location', '/')
    assert.equal(await kindOf(client), 'anonymous')
    assert.deepEqual(await listOf(client), [])
    assert.equal(await User.count(), 1)
  })

  test('a guest has to confirm a logout, and can begin a new list', async () => {
    const client = browser()
    await write(client, 'Buy milk')
    const html = { Accept: 'text/html' }
    assert.match((await client.get('/logout').set(html).expect(200)).text, /<button/)
    await client.post('/logout').set(html).expect(422)
    assert.equal(await kindOf(client), 'guest')
    await client.post('/logout?confirm=yes').set(html).expect(303).expect('Location', '/')
    assert.equal(await kindOf(client), 'anonymous')
    assert.equal(await User.count(), 1, 'the old guest is left for the clean-up, and there is no new one')
    await write(client, 'Begin again')
    assert.deepEqual(await listOf(client), ['Begin again'])
  })
})

describe('what protects it', () => {
  test('in production the cookie is for this host and HTTPS only, and scripts cannot read it', async () => {
    const production = await serve({ production: true, proxies: 1 })
    try {
      const { headers } = await supertest(production.origin)
        .post('/api/todos')
        .set({ 'User-Agent': BROWSER, 'X-Forwarded-Proto': 'https' })
        .send({ title: 'Buy milk' })
        .expect(201)
      assert.match(
        String(headers['set-cookie']),
        /^__Host-todo=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
      )
    } finally {
      await production.close()
    }
  })

  test('pages allow only their own scripts, and API responses are not cached', async () => {
    const { headers } = await browser().get('/').expect(200)
    assert.match(String(headers['content-security-policy']), /default-src 'none'; script-src 'self'; /)
    const { text } = await browser().get('/login').expect(200)
    assert.doesNotMatch(text, /<script(?! type="module" src=)|\son\w+=|style=/)
    const list = await browser().get('/api/todos')
    assert.equal(list.headers['cache-control'], 'no-store')
  })

  test('an unknown address gets 404, from the API in JSON', async () => {
    const { body } = await browser().get('/api/nothing').expect(404)
    assert.equal((body as { code: string }).code, 'ERR_NOT_FOUND')
    await browser()
      .get('/nothing')
      .expect(404)
      .expect('Content-Type', /text\/plain/)
  })
})
