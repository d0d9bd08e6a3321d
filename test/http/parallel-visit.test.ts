import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { SessionOptions } from 'express-session'
import { endVisit } from '../../src/index.js'
import { startApplication, whoIs, type TestApp, type Who } from '../support/application.js'
import { pgSimple } from '../support/session-stores.js'

type Browser = ReturnType<TestApp['browser']>

let app: TestApp | undefined
let close: (() => Promise<unknown>) | undefined
afterEach(async () => {
  await app?.close()
  await close?.()
  app = close = undefined
})

/** A request that has read its session waits here until it is told to go on. */
interface Pause {
  readonly hasBegun: Promise<void>
  readonly begin: () => void
  readonly mayGoOn: Promise<void>
  readonly goOn: () => void
}

function pause(): Pause {
  let begin: () => void = () => undefined
  let goOn: () => void = () => undefined
  const hasBegun = new Promise<void>((resolve) => (begin = resolve))
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve))
  return { hasBegun, begin, mayGoOn, goOn }
}

let paused = pause()

async function start(session: Partial<SessionOptions> = {}): Promise<TestApp> {
  paused = pause()
  app = await startApplication({
    session,
    guestStrategy: {
      verify: async () => {
        paused.begin()
        await paused.mayGoOn
        return true
      },
    },
    routes(host, { passport, User }) {
      host.get('/play', passport.authenticate('guest'), (req, res) => res.json(whoIs(req)))
      host.get('/session', (req, res) => res.json(req.session))
      host.get('/write', (req, res) => {
        paused.begin()
        void paused.mayGoOn.then(() => {
          Object.assign(req.session, { cart: ['shoes'] })
          res.json({})
        })
      })
      host.post('/end', (req, res, next) => {
        endVisit(req).then(() => res.json(whoIs(req)), next)
      })
      host.get('/log-in-and-keep', (req, res, next) => {
        paused.begin()
        void paused.mayGoOn
          .then(() => User.findOrCreate({ where: { username: 'fred' } }))
          .then(([user]) => {
            req.login(user, { keepSessionInfo: true, session: true }, (error) => {
              if (error) next(error)
              else res.json(whoIs(req))
            })
          }, next)
      })
    },
  })
  return app
}

const who = async (browser: Browser): Promise<Who> => (await browser.get('/who').expect(200)).body as Who

async function follow(browser: Browser): Promise<number> {
  assert.ok(app)
  const pass = await app.Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
  await browser.get(pass.tokenise('/who')).expect(303)
  assert.equal((await who(browser)).visitor?.id, pass.id)
  return pass.id
}

/** Sends a request, and does something else between its reading of the session and its answer. */
async function during(browser: Browser, path: string, work: () => Promise<unknown>): Promise<void> {
  const slow = browser.get(path).then((response) => response)
  await paused.hasBegun
  await work()
  paused.goOn()
  assert.equal((await slow).status, 200)
}

describe('a visit that ends while another request with its session is under way', () => {
  const sessions: [string, Partial<SessionOptions>, boolean?][] = [
    ['resave: false', {}],
    ['resave: true, rolling: true', { resave: true, rolling: true }],
    ['in PostgreSQL', {}, true],
  ]
  for (const [name, options, inPostgres = false] of sessions) {
    it(
      `does not come back when that request writes to the session (${name})`,
      { skip: inPostgres && pgSimple.skip },
      async () => {
        const opened = inPostgres ? await pgSimple.open() : undefined
        close = opened && (() => opened.close())
        const browser = (await start({ ...options, ...(opened && { store: opened.store }) })).browser()
        await follow(browser)
        await during(browser, '/write', () => browser.post('/end').expect(200))
        assert.equal((await who(browser)).visitor, null)
        const stored = (await browser.get('/session')).body as { cart?: string[] }
        assert.deepEqual(stored.cart, ['shoes'])
      },
    )
  }

  it('does not come back when that request stores the session although nothing has changed', async () => {
    const browser = (await start({ resave: true, rolling: false })).browser()
    await follow(browser)
    paused.goOn()
    await browser.get('/write').expect(200)
    paused = pause()
    await during(browser, '/write', () => browser.post('/end').expect(200))
    assert.equal((await who(browser)).visitor, null)
  })

  it('does not come back when that request makes a guest', async () => {
    const browser = (await start()).browser()
    await follow(browser)
    await during(browser, '/play', () => browser.post('/end').expect(200))
    const { isGuest, visitor } = await who(browser)
    assert.deepEqual([isGuest, visitor], [true, null])
  })

  it('does not come back when that request logs in and keeps the session', async () => {
    const browser = (await start()).browser()
    await follow(browser)
    await during(browser, '/log-in-and-keep', () => browser.post('/end').expect(200))
    const { user, visitor } = await who(browser)
    assert.deepEqual([user?.username, visitor], ['fred', null])
  })

  it('stays over in the next login that keeps the session, when another visit has replaced it', async () => {
    const browser = (await start()).browser()
    await follow(browser)
    paused.goOn()
    await browser.get('/log-in-and-keep').expect(200)
    paused = pause()
    let second = 0
    await during(browser, '/write', async () => {
      second = await follow(browser)
    })
    assert.equal((await who(browser)).visitor?.id, second)
    await browser.get('/log-in-and-keep').expect(200)
    const { 'visitor:session': entry } = (await browser.get('/session')).body as Record<string, unknown>
    assert.ok(entry === undefined || (entry as { id: number }).id === second, JSON.stringify(entry))
  })
})

it('a visit that a request ends itself stays over', async () => {
  const browser = (await start()).browser()
  await follow(browser)
  await browser.post('/end').expect(200)
  assert.equal((await who(browser)).visitor, null)
})
