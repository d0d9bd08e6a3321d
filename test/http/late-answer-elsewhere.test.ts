import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { json } from 'node:stream/consumers'
import { after, afterEach, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { MemoryStore, SessionData, SessionOptions } from 'express-session'
import { convertRouter, guestLogout, mergeGuest } from '../../src/index.js'
import { BROWSER, startApplication, whoIs, type TestApp } from '../support/application.js'
import { fred, HTML } from '../guest/conversion/stage.js'
import type { Order } from './other-process.js'

let other: ChildProcess
before(() => {
  other = fork(fileURLToPath(new URL(`other-process${extname(import.meta.url)}`, import.meta.url)), {
    stdio: 'inherit',
  })
})
after(async () => {
  other.disconnect()
  await once(other, 'exit')
})

let stage: Stage | undefined
afterEach(async () => {
  await stage?.close()
  stage = undefined
})

interface Stage extends TestApp {
  /** The other process that uses the same session store. */
  readonly elsewhere: string
  /** From now on the other process reads the sessions as they are now: as if it had read them before what follows. */
  readonly holdReads: () => void
  /** Calls of the other process, such as `get` and `set`, since the last call. */
  readonly takeCalls: () => string[]
}

async function start(options: Partial<SessionOptions>): Promise<Stage> {
  const app = await startApplication({
    session: options,
    routes(host, { passport, Guest }) {
      host.all('/enter', passport.authenticate('local'), (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/leave', (req, res, next) => {
        req.logout((error) => {
          if (error) next(error)
          else res.json(whoIs(req))
        })
      })
      host.use(mergeGuest({ Guest }))
      host.get('/begin', (req, res) => {
        Object.assign(req.session, { begun: true })
        res.json({})
      })
      host.all('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/log-in', passport.authenticate('local'), (req, res) => {
        res.json(whoIs(req))
      })
      host.post('/logout', guestLogout())
      host.use('/convert', convertRouter({ Guest, hashPassword: () => 'hash' }))
    },
  })
  await app.User.create({ username: 'account' })
  const held = new Map<string, SessionData>()
  const calls: string[] = []
  const server = await serveStore(app.store, held, calls)
  const { port } = server.address() as AddressInfo
  const order: Order = { session: options, storeUrl: `http://127.0.0.1:${String(port)}` }
  other.send(order)
  const [elsewhere] = (await once(other, 'message')) as [string]
  stage = {
    ...app,
    elsewhere,
    holdReads() {
      for (const [id, record] of Object.entries(recordsOf(app.store)))
        held.set(id, JSON.parse(record) as SessionData)
    },
    takeCalls: () => calls.splice(0),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await app.close()
    },
  }
  return stage
}

async function serveStore(
  store: MemoryStore,
  held: ReadonlyMap<string, SessionData>,
  calls: string[],
): Promise<Server> {
  const server = createServer((req, res) => {
    void json(req).then((call) => {
      const [method, id, record] = call as ['get' | 'set' | 'destroy', string, SessionData]
      calls.push(method)
      const done = (_error?: unknown, value: unknown = null): void => {
        res.end(JSON.stringify(value))
      }
      if (method === 'set') store.set(id, record, done)
      else if (method === 'destroy') store.destroy(id, done)
      else if (held.has(id)) done(null, held.get(id))
      else store.get(id, done)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** The records of the sessions by their ids. */
function recordsOf(store: MemoryStore): Readonly<Record<string, string>> {
  return (store as unknown as { sessions: Record<string, string> }).sessions
}

/** @returns the session's cookie that the answer sets, or an empty text */
async function open(url: string, cookie = '', init: RequestInit = {}): Promise<string> {
  const headers = new Headers(init.headers)
  headers.set('user-agent', BROWSER)
  headers.set('accept', HTML)
  if (cookie !== '') headers.set('cookie', cookie)
  const response = await fetch(url, { redirect: 'manual', ...init, headers })
  assert.ok(response.status < 400, `${url}: ${String(response.status)}`)
  await response.text()
  return (
    response.headers
      .getSetCookie()
      .find((each) => each.startsWith('connect.sid='))
      ?.split(';')[0] ?? ''
  )
}

const idOf = (cookie: string): string => /s%3A(.+?)\./.exec(cookie)?.[1] ?? 'none'

const form = (values: object): RequestInit => ({
  method: 'POST',
  headers: { 'sec-fetch-site': 'same-origin' },
  body: new URLSearchParams({ ...values }),
})

const AS_ACCOUNT = '?username=account&password=any'

type End = (stage: Stage, cookie: string) => Promise<string>

/** What ends or renews a session, from which page it is begun, and how. @returns the new session's cookie */
const ends: readonly (readonly [string, string, End])[] = [
  ['a guest is made', '/begin', ({ origin }, cookie) => open(`${origin}/play`, cookie)],
  [
    'a visit begins',
    '/begin',
    async ({ origin, Visitor }, cookie) => {
      const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
      return await open(origin + pass.tokenise('/who'), cookie)
    },
  ],
  ['the guest converts', '/play', ({ origin }, cookie) => open(`${origin}/convert`, cookie, form(fred))],
  [
    'the guest logs in',
    '/play',
    ({ origin }, cookie) => open(`${origin}/log-in${AS_ACCOUNT}`, cookie, { method: 'POST' }),
  ],
  [
    'the guest logs in where nothing is merged',
    '/play',
    ({ origin }, cookie) => open(`${origin}/enter${AS_ACCOUNT}`, cookie, { method: 'POST' }),
  ],
  [
    'a user logs in',
    '/begin',
    ({ origin }, cookie) => open(`${origin}/enter${AS_ACCOUNT}`, cookie, { method: 'POST' }),
  ],
  [
    'a user logs out by Passport',
    `/enter${AS_ACCOUNT}`,
    ({ origin }, cookie) => open(`${origin}/leave`, cookie, { method: 'POST' }),
  ],
  [
    'the guest logs out',
    '/play',
    ({ origin }, cookie) => open(`${origin}/logout?confirm=yes`, cookie, { method: 'POST' }),
  ],
]

const settings: readonly Partial<SessionOptions>[] = [
  { cookie: { maxAge: 60_000 } },
  { rolling: true },
  { resave: true, saveUninitialized: true },
]

describe('a quick answer of another process, after the session was renewed or ended', () => {
  for (const options of settings) {
    for (const [what, begin, end] of ends) {
      it(`a late answer sets no cookie and stores no session when ${what}: ${JSON.stringify(options)}`, async () => {
        const host = await start(options)
        const cookie = await open(host.origin + begin)
        assert.notEqual(idOf(cookie), 'none')
        await open(`${host.elsewhere}/read`, cookie)
        await end(host, cookie)
        for (const page of ['/read', '/write', '/save'])
          assert.equal(await open(host.elsewhere + page, cookie), '', `${page}, sent after that`)
        assert.ok(!Object.hasOwn(recordsOf(host.store), idOf(cookie)))
      })

      it(`an answer that was under way sets no cookie and stores no session when ${what}: ${JSON.stringify(options)}`, async () => {
        const host = await start(options)
        const cookie = await open(host.origin + begin)
        await open(`${host.elsewhere}/read`, cookie)
        host.holdReads()
        await end(host, cookie)
        for (const page of ['/read', '/write', '/save']) {
          assert.equal(await open(host.elsewhere + page, cookie), '', page)
          assert.ok(!Object.hasOwn(recordsOf(host.store), idOf(cookie)), `${page} stores the ended session`)
        }
        await open(`${host.elsewhere}/stream`, cookie)
        assert.ok(!Object.hasOwn(recordsOf(host.store), idOf(cookie)), 'nor a stream')
      })
    }
  }

  it('an answer that neither sets a cookie nor stores the session does not ask the store again', async () => {
    const host = await start({ cookie: { maxAge: 60_000 } })
    const cookie = await open(`${host.origin}/begin`)
    await open(`${host.elsewhere}/read`, cookie)
    host.takeCalls()
    await open(`${host.elsewhere}/read`, cookie)
    assert.deepEqual(host.takeCalls(), ['get'])
    assert.notEqual(
      await open(`${host.elsewhere}/write`, cookie),
      '',
      'a session that goes on keeps its cookie',
    )
    assert.deepEqual(host.takeCalls(), ['get', 'get', 'set'])
  })
})
