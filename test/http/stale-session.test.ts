import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import type { SessionOptions } from 'express-session'
import { endVisit, guestLogout } from '../../src/index.js'
import { later } from '../support/clock.js'
import { BROWSER, startApplication, whoIs, type TestApp, type Who } from '../support/application.js'

let app: TestApp | undefined
afterEach(async () => {
  await app?.close()
  app = beforeGuest = undefined
})

const ROLLING = { resave: true, rolling: true, cookie: { maxAge: 60_000 } }
/** Cookies that cookie-parser has signed, as an application has them beside the session's. */
const FOREIGN = Array.from(
  { length: 6 },
  (_, i) => `other${String(i)}=s:${'x'.repeat(8)}.${'y'.repeat(43)}`,
).join('; ')

/** Runs before a guest is made. */
let beforeGuest: (() => Promise<unknown>) | undefined

async function start(session: Partial<SessionOptions> = {}): Promise<TestApp> {
  app = await startApplication({
    session,
    guestStrategy: {
      keepSessionData: ['begun'],
      verify: async () => {
        await beforeGuest?.()
        return true
      },
    },
    routes(host, { passport, User }) {
      host.get('/begin', (req, res) => {
        Object.assign(req.session, { begun: true })
        res.json({})
      })
      host.all('/play', passport.authenticate('guest'), (req, res) => {
        res.json(whoIs(req))
      })
      host.get('/slow', (req, res) => {
        setTimeout(
          () => {
            Object.assign(req.session, { cart: Math.random() })
            res.json({})
          },
          Number(req.query['ms'] ?? 300),
        )
      })
      host.get('/forget', (req, res) => {
        Reflect.deleteProperty(req.session, 'passport')
        res.json({})
      })
      host.get('/regenerate', (req, res, next) => {
        req.session.regenerate((error) => {
          if (error) next(error)
          else {
            Object.assign(req.session, { renewed: true })
            res.json({})
          }
        })
      })
      host.get('/out', (req, res, next) => {
        req.logout((error) => {
          if (error) next(error)
          else res.json({})
        })
      })
      host.get('/destroy', (req, res, next) => {
        req.logout((failure) => {
          if (failure) next(failure)
          else
            req.session.destroy((error) => {
              if (error) next(error)
              else res.json({})
            })
        })
      })
      host.get('/begun', (req, res) => {
        res.json('begun' in req.session)
      })
      host.get('/login', (req, res, next) => {
        User.create({ username: 'fred' }).then((user) => {
          req.login(user, (error) => {
            if (error) next(error)
            else res.json(whoIs(req))
          })
        }, next)
      })
      host.get('/write', (req, res) => {
        Object.assign(req.session, { cart: Math.random() })
        res.json({})
      })
      host.post('/logout', guestLogout())
      host.post('/end', (req, res, next) => {
        endVisit(req).then(() => res.json({}), next)
      })
    },
  })
  return app
}

interface Answer {
  readonly who: Who
  readonly cookie: string
}

async function open(url: string, cookie = '', init: RequestInit = {}, agent = BROWSER): Promise<Answer> {
  const headers = { 'user-agent': agent, ...(cookie && { cookie }), accept: 'application/json' }
  const response = await fetch(url, { redirect: 'manual', ...init, headers })
  const text = await response.text()
  return {
    who: (/^[{t]/.test(text) ? JSON.parse(text) : {}) as Who,
    cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '',
  }
}

describe('an answer that comes after its session was renewed by another request', () => {
  for (const session of [{}, ROLLING, { saveUninitialized: true }]) {
    it(`a late answer sets no cookie, whatever the handler writes: ${JSON.stringify(session)}`, async () => {
      const { origin } = await start(session)
      const { cookie } = await open(`${origin}/begin`)
      const slow = open(`${origin}/slow`, `${FOREIGN}; ${cookie}`)
      const guest = await open(`${origin}/play`, `${FOREIGN}; ${cookie}`)
      assert.equal(guest.who.isGuest, true)
      assert.equal((await slow).cookie, '')
      assert.equal((await open(`${origin}/who`, guest.cookie)).who.isGuest, true)
    })
  }

  it('a late answer sets no cookie after a visit has begun', async () => {
    const { origin, Visitor } = await start(ROLLING)
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const { cookie } = await open(`${origin}/begin`)
    const slow = open(`${origin}/slow`, cookie)
    assert.notEqual((await open(origin + pass.tokenise('/who'), cookie)).cookie, '')
    assert.equal((await slow).cookie, '')
    assert.equal((await open(`${origin}/write`, cookie)).cookie, '', 'nor one that arrives late')
  })

  it('a late answer does not restore the session of a guest who has logged out', async () => {
    const { origin } = await start(ROLLING)
    const guest = await open(`${origin}/play`)
    const slow = open(`${origin}/slow`, guest.cookie)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await open(`${origin}/logout?confirm=yes`, guest.cookie, { method: 'POST' })
    assert.equal((await slow).cookie, '')
    assert.equal((await open(`${origin}/who`, guest.cookie)).who.user, null)
    assert.equal((await open(`${origin}/play`, guest.cookie)).who.user, null, 'nor makes another guest')
  })

  it('a late request with the session before that of a guest who has logged out logs in no guest', async () => {
    const { origin } = await start()
    const { cookie } = await open(`${origin}/begin`)
    const guest = await open(`${origin}/play`, cookie)
    await open(`${origin}/logout?confirm=yes`, guest.cookie, { method: 'POST' })
    const late = await open(`${origin}/play`, cookie)
    assert.deepEqual([late.who.user, late.cookie], [null, ''])
  })

  it('a guest whom a late request has joined does not come back after the logout', async () => {
    const { origin } = await start()
    const { cookie } = await open(`${origin}/begin`)
    const first = await open(`${origin}/play`, cookie)
    const second = await open(`${origin}/play`, cookie)
    const joined = await open(`${origin}/play`, cookie)
    assert.equal(joined.who.user?.id, first.who.user?.id)
    await open(`${origin}/logout?confirm=yes`, joined.cookie, { method: 'POST' })
    for (const each of [cookie, first.cookie, second.cookie]) {
      const late = await open(`${origin}/write`, each)
      assert.equal(late.cookie, '')
    }
    const late = await open(`${origin}/play`, cookie)
    assert.deepEqual([late.who.user, late.cookie], [null, ''])
  })

  it('a request that joins a guest does not prolong the time in which others can', async () => {
    const { origin } = await start()
    const { cookie } = await open(`${origin}/begin`)
    const first = await open(`${origin}/play`, cookie)
    const joined = await later(15, () => open(`${origin}/play`, cookie))
    assert.equal(joined.who.user?.id, first.who.user?.id)
    const next = await later(30, () => open(`${origin}/play`, cookie))
    assert.notEqual(next.who.user?.id, first.who.user?.id)
  })

  it('a client with the session id that it has planted in a browser ends no later session of that browser', async () => {
    const { origin } = await start(ROLLING)
    const { cookie } = await open(`${origin}/begin`)
    const guest = await open(`${origin}/play`, cookie)
    const attacker = `${BROWSER} Attacker`
    const planted = await open(`${origin}/play`, cookie, {}, attacker)
    assert.notEqual(planted.who.user?.id, guest.who.user?.id)
    const session = planted.cookie || cookie
    await open(`${origin}/logout?confirm=yes`, session, { method: 'POST' }, attacker)
    const next = await open(`${origin}/write`, guest.cookie)
    assert.equal(next.cookie, guest.cookie, 'its cookie rolls on')
    assert.equal((await open(`${origin}/who`, guest.cookie)).who.user?.id, guest.who.user?.id)
  })

  it('a guest does not come back who was joined by a request that had read the session before it ended', async () => {
    const { origin } = await start()
    const { cookie } = await open(`${origin}/begin`)
    let first: Answer | undefined
    beforeGuest = async () => {
      beforeGuest = undefined
      first = await open(`${origin}/play`, cookie)
    }
    const joined = await open(`${origin}/play`, cookie)
    assert.equal(joined.who.user?.id, first?.who.user?.id)
    await open(`${origin}/logout?confirm=yes`, joined.cookie, { method: 'POST' })
    assert.equal((await open(`${origin}/write`, first?.cookie)).cookie, '')
  })

  it('a visit that has begun in the session of a guest is not lost to a late request that joins the guest', async () => {
    const { origin, Visitor } = await start()
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const { cookie } = await open(`${origin}/begin`)
    const guest = await open(`${origin}/play`, cookie)
    const visit = await open(origin + pass.tokenise('/who'), guest.cookie)
    const late = await open(`${origin}/play`, `${cookie}; ${visit.cookie}`)
    const { who } = await open(`${origin}/who`, `${late.cookie}; ${visit.cookie}`)
    assert.deepEqual([who.user?.id, who.visitor?.id], [guest.who.user?.id, pass.id])
  })

  it('a guest who has left by code that keeps the session does not come back by the next guest page', async () => {
    const { origin } = await start()
    const { cookie } = await open(`${origin}/begin`)
    const guest = await open(`${origin}/play`, cookie)
    await open(`${origin}/forget`, guest.cookie)
    const next = await open(`${origin}/play`, guest.cookie)
    assert.deepEqual([next.who.isGuest, next.who.user?.id === guest.who.user?.id], [true, false])
  })

  it('a late click does not replace a login that has followed the logout of a guest: it comes again', async () => {
    const { origin, Visitor } = await start()
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const guest = await open(`${origin}/play`)
    await open(`${origin}/logout?confirm=yes`, guest.cookie, { method: 'POST' })
    await open(`${origin}/login`)
    assert.match((await open(origin + pass.tokenise('/who'), guest.cookie)).cookie, /^session-again=/)
    assert.equal((await pass.reload()).uses, 0)
  })

  it('two logouts at once that destroy the session leave the browser no time without sessions', async () => {
    const { origin } = await start()
    const { cookie } = await open(`${origin}/login`)
    const both = await Promise.all([open(`${origin}/destroy`, cookie), open(`${origin}/destroy`, cookie)])
    assert.deepEqual(
      both.map((each) => each.cookie),
      ['', ''],
    )
    const next = await open(`${origin}/play`, cookie)
    assert.deepEqual([next.who.isGuest, next.cookie === ''], [true, false])
  })

  it('a login on a late request is not replaced by the guest whom others could join', async () => {
    const { origin } = await start()
    const { cookie } = await open(`${origin}/begin`)
    await open(`${origin}/play`, cookie)
    const login = await open(`${origin}/login`, cookie)
    assert.equal((await open(`${origin}/who`, login.cookie)).who.user?.username, 'fred')
    const late = await open(`${origin}/play`, cookie)
    assert.deepEqual([late.cookie, late.who.user], ['', null])
  })

  it('a late request that renews its own session does not replace that of a guest', async () => {
    const { origin } = await start()
    for (const path of ['/regenerate', '/out']) {
      const { cookie } = await open(`${origin}/begin`)
      await open(`${origin}/play`, cookie)
      assert.equal((await open(`${origin}${path}`, cookie)).cookie, '')
    }
  })

  it('a late request joins the guest whom a later session of its browser has made', async () => {
    const { origin, Visitor, Guest } = await start()
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const { cookie } = await open(`${origin}/begin`)
    const visit = await open(origin + pass.tokenise('/who'), cookie)
    const guest = await open(`${origin}/play`, visit.cookie)
    for (let times = 0; times < 3; times++) {
      const late = await open(`${origin}/play`, cookie)
      const { who } = await open(`${origin}/who`, late.cookie)
      assert.deepEqual([who.user?.id, who.visitor?.id], [guest.who.user?.id, pass.id])
    }
    assert.equal(await Guest.count(), 1)
  })

  it('a late click does not replace a login that has followed a visit: it comes again', async () => {
    const { origin, Visitor } = await start()
    const [first, second] = await Visitor.bulkCreate(
      ['fred', 'ginger'].map((name) => ({ email: `${name}@example.test`, scope: 'foo' })),
    )
    const { cookie } = await open(`${origin}/begin`)
    const visit = await open(origin + String(first?.tokenise('/who')), cookie)
    await open(`${origin}/login`, visit.cookie)
    const late = await open(origin + String(second?.tokenise('/who')), cookie)
    assert.match(late.cookie, /^session-again=/)
    assert.equal((await second?.reload())?.uses, 0)
  })

  it('a late click on a link does not replace the session of a guest: it comes again, once', async () => {
    const { origin, Visitor } = await start()
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const link = pass.tokenise('/who')
    const { cookie } = await open(`${origin}/begin`)
    const guest = await open(`${origin}/play`, cookie)
    const headers = { 'user-agent': BROWSER, accept: 'text/html', cookie }
    const late = await fetch(origin + link, { redirect: 'manual', headers })
    assert.deepEqual([late.status, late.headers.get('location')], [307, link])
    const again = late.headers.getSetCookie().map((each) => each.split(';')[0])
    assert.match(again.join(), /^session-again=[\w-]{32}$/)
    assert.equal((await pass.reload()).uses, 0)
    const visit = await fetch(origin + link, {
      redirect: 'manual',
      headers: { ...headers, cookie: `${guest.cookie}; ${again.join()}` },
    })
    const binding = visit.headers.getSetCookie().map((each) => each.split(';')[0])
    const { who } = await open(`${origin}/who`, [guest.cookie, ...binding].join('; '))
    assert.deepEqual([who.user?.id, who.visitor?.id], [guest.who.user?.id, pass.id])
    // The guest's session ends, too: a click with its cookie comes again, although that of the first one has.
    const user = await open(`${origin}/login`, guest.cookie)
    const second = await open(origin + link, `${guest.cookie}; ${again.join()}`)
    assert.match(second.cookie, /^session-again=/)
    assert.notEqual(second.cookie, again.join())
    assert.equal((await open(`${origin}/who`, user.cookie)).who.user?.username, 'fred')
    // A browser that has dropped the answer with the guest's cookie has no other session.
    const dropped = await fetch(origin + link, {
      redirect: 'manual',
      headers: { ...headers, cookie: `${cookie}; ${again.join()}` },
    })
    const [forgotten, opened] = dropped.headers.getSetCookie().map((each) => each.split(';')[0])
    assert.equal(forgotten, 'session-again=')
    assert.equal((await open(`${origin}/who`, opened)).who.visitor?.id, pass.id)
  })

  it('a request that joins the guest of a parallel one has a session with the visit and the data that are kept', async () => {
    const { origin, Visitor, Guest } = await start()
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const { cookie } = await open(`${origin}${pass.tokenise('/who')}`)
    await open(`${origin}/begin`, cookie)
    const first = await open(`${origin}/play`, cookie)
    const second = await open(`${origin}/play`, cookie)
    for (const each of [first, second]) {
      const { who } = await open(`${origin}/who`, each.cookie)
      assert.deepEqual([who.user?.id, who.visitor?.id], [first.who.user?.id, pass.id])
      assert.equal((await open(`${origin}/begun`, each.cookie)).who, true)
    }
    assert.equal(await Guest.count(), 1)
    // Of another client, that bears the cookie, too, it has nothing.
    const stranger = await fetch(`${origin}/play`, {
      headers: { cookie, 'user-agent': `${BROWSER} Other/1` },
    })
    const { visitor, user } = (await stranger.json()) as Who
    assert.deepEqual([visitor, user?.id === first.who.user?.id], [null, false])
    const strangers = stranger.headers.get('set-cookie')?.split(';')[0]
    assert.equal((await open(`${origin}/who`, strangers)).who.visitor, null)
  })

  it('a late request that joins a guest has the data that its session has now, and no visit that has ended since', async () => {
    const { origin, Visitor } = await start()
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const { cookie } = await open(`${origin}${pass.tokenise('/who')}`)
    const guest = await open(`${origin}/play`, cookie)
    await open(`${origin}/end`, guest.cookie, { method: 'POST' })
    await open(`${origin}/begin`, guest.cookie)
    const late = await open(`${origin}/play`, cookie)
    const { who } = await open(`${origin}/who`, late.cookie)
    assert.deepEqual([who.user?.id, who.visitor], [guest.who.user?.id, null])
    assert.equal((await open(`${origin}/begun`, late.cookie)).who, true)
  })

  it('a login while a parallel request makes a guest is not replaced by that guest', async () => {
    const { origin, store } = await start()
    const { cookie } = await open(`${origin}/begin`)
    const destroy = store.destroy.bind(store)
    let login: Answer | undefined
    store.destroy = (id, done) => {
      store.destroy = destroy
      void open(`${origin}/login`, cookie).then((answer) => {
        login = answer
        destroy(id, done)
      })
    }
    await open(`${origin}/play`, cookie)
    assert.equal(login?.who.user?.username, 'fred')
    const late = await open(`${origin}/play`, cookie)
    assert.deepEqual([late.cookie, late.who.user], ['', null])
  })

  it('a guest is not lost to a visit that renews the same session at the same time', async () => {
    const { origin, Visitor, Guest } = await start()
    const pass = await Visitor.create({ email: 'ginger@example.test', scope: 'foo' })
    const { cookie } = await open(`${origin}/begin`)
    let visit: Answer | undefined
    beforeGuest = async () => {
      visit = await open(origin + pass.tokenise('/who'), cookie)
    }
    const guest = await open(`${origin}/play`, cookie)
    beforeGuest = undefined
    assert.notEqual(guest.cookie, '')
    // The browser has kept the cookie of the visit, whose answer came last.
    const { who } = await open(`${origin}/play`, visit?.cookie)
    assert.deepEqual([who.user?.id, who.visitor?.id], [guest.who.user?.id, pass.id])
    assert.equal(await Guest.count(), 1)
  })

  it('the end of a session is noted in the session store, for other processes', async () => {
    const { origin, store } = await start(ROLLING)
    const { cookie } = await open(`${origin}/begin`)
    const set = store.set.bind(store)
    const written: [string, string][] = []
    store.set = (id, record, done) => {
      if ('guest:ended' in record) written.push([id, JSON.stringify(record)])
      set(id, record, done)
    }
    await open(`${origin}/play`, cookie)
    const [[name, record] = ['', '']] = written
    assert.match(name, /^[\w-]{32}$/)
    assert.equal((JSON.parse(record) as { 'guest:ended': { end: string } })['guest:ended'].end, 'guest')
  })
})

describe('parallel requests with a cookie whose session is gone', () => {
  for (const others of ['', `${FOREIGN}; `]) {
    it(`parallel requests make one guest${others && ', with other signed cookies too'}, each time that the store is emptied`, async () => {
      const { origin, store, User } = await start()
      let { cookie } = await open(`${origin}/begin`)
      for (let round = 1; round <= 3; round++) {
        await new Promise<void>((resolve) => {
          store.clear(() => {
            resolve()
          })
        })
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => open(`${origin}/play`, others + cookie)),
        )
        assert.equal(new Set(answers.map(({ who }) => who.user?.id)).size, 1)
        assert.equal(await User.count(), round)
        cookie = answers[0]?.cookie ?? ''
      }
    })
  }

  for (const [form, genid] of [
    ['8 characters', () => randomBytes(4).toString('hex')],
    ['36 characters, UUIDs', () => randomUUID()],
    ['64 characters', () => randomBytes(32).toString('hex')],
    ['a prefix with colons', () => `app:eu:${randomUUID()}`],
    ['dots', () => `node-1.${randomBytes(12).toString('base64url')}.${randomBytes(6).toString('base64')}`],
  ] as const)
    for (const isRestarted of [false, true])
      it(`parallel requests make one guest with session ids of ${form}${isRestarted ? ', also in a new process' : ''}`, async () => {
        const before = await start({ genid })
        const { cookie } = await open(`${before.origin}/begin`)
        if (isRestarted) await before.close()
        else before.store.clear()
        // Its store has seen no request, and shows no cookie's name.
        const { origin, User } = isRestarted ? await start({ genid }) : before
        const bearing = form === '8 characters' ? cookie : `${FOREIGN}; ${cookie}`
        const answers = await Promise.all(Array.from({ length: 10 }, () => open(`${origin}/play`, bearing)))
        assert.equal(new Set(answers.map(({ who }) => who.user?.id)).size, 1)
        assert.equal(await User.count(), 1)
      })

  it('parallel requests make one guest although the ids have different lengths, once the process has seen the cookie', async () => {
    const genid = (): string => 'x'.repeat(20 + Math.floor(Math.random() * 20)) + randomUUID()
    const { origin, store, User } = await start({ genid })
    const { cookie } = await open(`${origin}/begin`)
    store.clear()
    const gone = await open(`${origin}/who`, cookie)
    assert.equal(gone.cookie, '', 'the session is gone, and the cookie has shown its name')
    const answers = await Promise.all(Array.from({ length: 10 }, () => open(`${origin}/play`, cookie)))
    assert.equal(new Set(answers.map(({ who }) => who.user?.id)).size, 1)
    assert.equal(await User.count(), 1)
  })

  it('parallel requests join by no signed cookie other than the session’s', async () => {
    const { origin, User } = await start()
    await Promise.all([1, 2, 3].map(() => open(`${origin}/play`, FOREIGN)))
    assert.equal(await User.count(), 3)
  })
})
