import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import session, { MemoryStore, type SessionData, type Store } from 'express-session'
import request, { type Agent } from 'supertest'
import { throttleTouch, type ThrottleTouchOptions } from '../../src/index.js'
import { settled } from '../../src/http/session.js'
import { express } from '../support/application.js'
import { at, HOUR, MINUTE } from '../support/clock.js'
import { storeKinds, type OpenStore } from '../support/session-stores.js'

declare module 'express-session' {
  interface SessionData {
    visits: number
  }
}

const noon = new Date('2026-06-01T12:00:00Z').getTime()

/** A session of this `maxAge` that was last used at `from`; both in milliseconds. */
function lasting(maxAge: number, from = noon): SessionData {
  const cookie: object = { originalMaxAge: maxAge, expires: new Date(from + maxAge) }
  return { cookie } as SessionData
}

/** An application whose pages tell how often a session was changed. */
function applicationWith(store: Store, maxAge: number | undefined, rolling = true): Agent {
  const app = express()
  app.use(
    session({
      store,
      secret: 'a secret of the tests',
      resave: false,
      saveUninitialized: false,
      rolling,
      cookie: maxAge === undefined ? {} : { maxAge: maxAge * 1000 },
    }),
  )
  app.get('/page', (req, res) => {
    res.json(req.session.visits ?? null)
  })
  app.get('/change', (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1
    res.json(req.session.visits)
  })
  app.get('/save', (req, res, next) => {
    req.session.visits = (req.session.visits ?? 0) + 1
    // As before a redirect: express-session itself saves when the response ends.
    req.session.save((error: unknown) => {
      if (error) next(error)
      else res.json(req.session.visits)
    })
  })
  return request.agent(app)
}

/** What the application reads of its session, so many seconds after noon. */
function get(browser: Agent, path: string, seconds: number): Promise<unknown> {
  return at(noon + seconds * 1000, async () => (await browser.get(path).expect(200)).body as unknown)
}

/** connect-session-sequelize reads sessions that have ended, until its clean-up deletes them. */
async function deleteEnded(store: Store): Promise<void> {
  if ('clearExpiredSessions' in store) await (store.clearExpiredSessions as () => Promise<unknown>)()
}

/** A throttled store and the touches that reach the store below. */
function throttled<S extends Store>(
  store: S,
  options?: ThrottleTouchOptions,
): { store: S; touches: string[] } {
  const touches: string[] = []
  const touch = store.touch?.bind(store)
  Object.assign(store, {
    touch(id: string, data: SessionData, done: () => void) {
      touches.push(id)
      touch?.(id, data, done)
    },
  })
  return { store: throttleTouch(store, options), touches }
}

for (const { name, skip, open } of storeKinds) {
  describe(`throttleTouch with sessions in ${name}`, { skip }, () => {
    let sessions: OpenStore
    let store: Store
    let touches: string[]
    before(async () => {
      sessions = await open()
      ;({ store, touches } = throttled(sessions.store))
    })
    beforeEach(() => touches.splice(0))
    after(() => sessions.close())

    it('an active session is touched once a minute', async () => {
      const browser = applicationWith(store, 10 * HOUR)
      await get(browser, '/change', 0)
      for (let second = 5; second <= 10 * MINUTE; second += 5)
        assert.equal(await get(browser, '/page', second), 1)
      assert.equal(touches.length, 10)
    })

    it('parallel pages are not touched again by the next ones', async () => {
      const browser = applicationWith(store, 10 * HOUR)
      await get(browser, '/change', 0)
      await at(noon + 2 * MINUTE * 1000, () =>
        Promise.all([1, 2, 3, 4].map(() => browser.get('/page').expect(200))),
      )
      touches.splice(0)
      assert.equal(await get(browser, '/page', 2 * MINUTE + 5), 1)
      assert.deepEqual(touches, [])
    })

    it('a session that has ended is not brought back by a touch', async () => {
      const stored = (id: string): Promise<unknown> =>
        settled<unknown>((done) => {
          store.get(id, done)
        })
      const now = Date.now()
      for (const seconds of [1, 2 * MINUTE]) {
        const id = `ended-${String(seconds)}`
        await settled((done) => {
          store.set(id, lasting(10 * HOUR * 1000, now), done)
        })
        assert.ok(await stored(id))
        await settled((done) => {
          store.destroy(id, done)
        })
        await settled((done) => {
          store.touch?.(id, lasting(10 * HOUR * 1000, now + seconds * 1000), done)
        })
        assert.equal((await stored(id)) ?? null, null)
      }
    })

    // The clock of Redis is its server's.
    describe(
      'as time passes',
      { skip: name === 'connect-redis' && 'needs the clock of this process' },
      () => {
        const get = (browser: Agent, path: string, seconds: number): Promise<unknown> =>
          at(noon + seconds * 1000, async () => {
            await deleteEnded(sessions.store)
            return (await browser.get(path).expect(200)).body as unknown
          })

        it('a session in use ends in no pause that is shorter than maxAge, less a minute', async () => {
          const browser = applicationWith(store, HOUR)
          await get(browser, '/change', 0)
          const pauses = [
            1,
            59,
            60,
            61,
            30,
            29,
            HOUR - MINUTE,
            1,
            59,
            HOUR - MINUTE,
            59,
            59,
            1,
            HOUR - MINUTE,
          ]
          let now = 0
          for (const [index, pause] of Array.from({ length: 5 }, () => pauses)
            .flat()
            .entries()) {
            now += pause
            assert.equal(await get(browser, '/page', now), 1, `page ${String(index)}`)
          }
          assert.equal(await get(browser, '/page', now + HOUR + 1), null)
        })

        it('a session of a short maxAge does not end while it is in use', async () => {
          const browser = applicationWith(store, 30)
          await get(browser, '/change', 0)
          for (let second = 20; second <= 10 * MINUTE; second += 20)
            assert.equal(await get(browser, '/page', second), 1, `after ${String(second)} seconds`)
        })

        it('a session without maxAge does not end while it is in use', async () => {
          const browser = applicationWith(store, undefined)
          await get(browser, '/change', 0)
          for (let hour = 1; hour < 100; hour += 20)
            assert.equal(await get(browser, '/page', hour * HOUR), 1, `after ${String(hour)} hours`)
        })

        it('a session that a handler saves early, with the end of the request before, is touched after that', async () => {
          const browser = applicationWith(store, HOUR)
          await get(browser, '/change', 0)
          await get(browser, '/page', 50 * MINUTE)
          assert.equal(await get(browser, '/save', 50 * MINUTE + 10), 2)
          assert.equal(await get(browser, '/page', 100 * MINUTE), 2)
        })

        it('without rolling, a session lives as long as its cookie', async () => {
          const browser = applicationWith(store, HOUR, false)
          await get(browser, '/change', 0)
          for (const minute of [1, 20, 59]) assert.equal(await get(browser, '/page', minute * MINUTE), 1)
        })

        it('of two processes, each prolongs a session that the other has seen', async () => {
          const other = throttled(sessions.elsewhere)
          const here = applicationWith(store, HOUR)
          const there = applicationWith(other.store, HOUR)
          const cookie = await at(
            noon,
            async () => (await here.get('/change')).headers['set-cookie'] as unknown,
          )
          there.set('cookie', String(cookie).split(';', 1)[0] ?? '')
          for (let second = 30; second <= 3 * HOUR; second += 29 * MINUTE) {
            assert.equal(await get(here, '/page', second), 1)
            assert.equal(await get(there, '/page', second + 10), 1)
          }
        })
      },
    )
  })
}

describe('throttleTouch', () => {
  const HOUR_MS = HOUR * 1000
  const touch = (store: Store, data: SessionData): Promise<void> =>
    settled((done) => {
      store.touch?.('id', data, done)
    })
  let clear: () => void = () => undefined
  afterEach(() => {
    clear()
  })

  it('a touch that shortens the session is sent', async () => {
    const { store, touches } = throttled(new MemoryStore())
    await touch(store, lasting(HOUR_MS))
    await touch(store, lasting(HOUR_MS / 2))
    assert.equal(touches.length, 2)
  })

  it('every names the seconds between two touches', async () => {
    const { store, touches } = throttled(new MemoryStore(), { every: 5 * MINUTE })
    await touch(store, lasting(HOUR_MS))
    await touch(store, lasting(HOUR_MS, noon + 5 * MINUTE * 1000 - 1))
    assert.equal(touches.length, 1)
    await touch(store, lasting(HOUR_MS, noon + 5 * MINUTE * 1000))
    assert.equal(touches.length, 2)
  })

  it('a touch that has failed is not left out the next time, and its error is passed on', async () => {
    class FailingStore extends MemoryStore {
      calls = 0
      override touch(_id: string, _data: SessionData, done?: (error?: unknown) => void): void {
        this.calls += 1
        done?.(new Error('The store is unavailable'))
      }
    }
    const store = throttleTouch(new FailingStore())
    await assert.rejects(touch(store, lasting(HOUR_MS)), /unavailable/)
    await assert.rejects(touch(store, lasting(HOUR_MS)), /unavailable/)
    assert.equal(store.calls, 2)
  })

  it('of two writes at once, the one that ends the session earlier counts', async () => {
    const pending: (() => void)[] = []
    class SlowStore extends MemoryStore {
      override touch(_id: string, _data: SessionData, done?: () => void): void {
        if (done) pending.push(done)
      }
    }
    const { store, touches } = throttled(new SlowStore())
    const early = touch(store, lasting(HOUR_MS, noon - HOUR_MS / 2))
    const late = touch(store, lasting(HOUR_MS))
    for (const done of pending.splice(0)) done()
    await Promise.all([early, late])
    void touch(store, lasting(HOUR_MS))
    assert.equal(touches.length, 3)
    clear = () => {
      for (const done of pending) done()
    }
  })

  it('a write without a callback is handed on, and the touch after it is sent', async () => {
    const { store, touches } = throttled(new MemoryStore())
    await touch(store, lasting(HOUR_MS))
    store.set('id', lasting(HOUR_MS, noon - HOUR_MS / 2))
    await touch(store, lasting(HOUR_MS))
    assert.equal(touches.length, 2)
  })

  it('the sessions that are remembered are limited in number', async () => {
    class QuickStore extends MemoryStore {
      override set(_id: string, _data: SessionData, done?: () => void): void {
        done?.()
      }
      override touch(_id: string, _data: SessionData, done?: () => void): void {
        done?.()
      }
    }
    const { store, touches } = throttled(new QuickStore())
    await touch(store, lasting(HOUR_MS))
    for (let other = 0; other < 100_000; other++) store.set(String(other), lasting(HOUR_MS), () => undefined)
    await touch(store, lasting(HOUR_MS))
    assert.equal(touches.length, 2)
  })

  it('a store without touch is returned as it is', () => {
    class PlainStore extends session.Store {
      get = (): void => undefined
      set = (): void => undefined
      destroy = (): void => undefined
    }
    const store = new PlainStore()
    const set = Reflect.get(store, 'set') as unknown
    assert.equal(throttleTouch(store), store)
    assert.equal(Reflect.get(store, 'set'), set)
    assert.equal('touch' in store, false)
  })

  it('what is wrong is named at start-up', () => {
    assert.throws(() => throttleTouch(new MemoryStore(), { every: 0 }), /'every' must be a positive number/)
    assert.throws(() => throttleTouch({} as unknown as Store), /must be a session store/)
  })
})
