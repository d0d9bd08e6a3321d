import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { DataTypes, type Model } from 'sequelize'
import { z } from 'zod'
import { convertRouter, mergeGuest } from '../../../src/index.js'
import { express, whoIs, type User } from '../../support/application.js'
import { later } from '../../support/clock.js'
import { whileStoreFails } from '../../support/failing-store.js'
import { plainUser, startHost, type Host } from '../../support/host-application.js'
import {
  body,
  errorsOf,
  fred,
  guest,
  HTML,
  post,
  startConversion,
  type Options,
  type Stage,
} from './stage.js'

let app: Stage
before(async () => {
  app = await startConversion()
})
after(() => app.close())
afterEach(async () => {
  app.verified.length = 0
  await app.User.destroy({ where: {} })
})

async function withStage(options: Options, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startConversion(options)
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}
const locationOf = (response: { headers: Record<string, string> }): string =>
  response.headers['location'] ?? ''
async function regular(stage: Stage) {
  await stage.User.create({ username: 'regular' })
  const browser = stage.browser()
  await browser.post('/login').type('form').send({ username: 'regular', password: 'x' }).expect(200)
  return browser
}

describe('the form', () => {
  it('makes a guest a regular user of the same id, with a hashed password, in a new session', async () => {
    const { browser, id } = await guest(app)
    const before = body(await browser.get('/who')).sessionID
    await browser.get('/convert').expect(200, /<form method="post" action="\/convert"/)
    const posted = await post(browser, fred)
    assert.deepEqual([posted.status, locationOf(posted)], [303, '/convert/success'])
    const page = await browser.get('/convert/success').expect(200)
    assert.match(page.text, /<a href="\/">/)
    const who = body(await browser.get('/who'))
    assert.deepEqual(who.user, { id, username: 'fred' })
    assert.equal(who.isRegularUser, true)
    assert.notEqual(who.sessionID, before)
    assert.equal((await app.User.findByPk(id))?.password, 'hash of 13')
    assert.deepEqual(app.verified, [undefined])
  })

  it('costs no statement of ours besides the session’s user; posted, the conversion’s', async () => {
    const { browser } = await guest(app)
    app.database.takeStatements()
    await browser.get('/convert').expect(200)
    assert.equal(app.database.takeStatements().length, 1)
    await post(browser, fred)
    const statements = app.database.takeStatements()
    // user; BEGIN, DELETE, UPDATE of the hash by itself, SELECT, UPDATE, INSERT of the outcome, COMMIT
    assert.equal(statements.length, 8, statements.join('\n'))
  })

  it('does not begin with the guest’s name, unless it is told to', async () => {
    const { browser } = await guest(app)
    assert.match((await browser.get('/convert')).text, /id="username"[^>]*value=""/)
    await withStage({ prefillUsername: true }, async (stage) => {
      const { browser: other, name } = await guest(stage)
      assert.match((await other.get('/convert')).text, new RegExp(`value="${name}"`))
      const kept = await post(other, { ...fred, username: name })
      assert.equal(kept.status, 303)
    })
  })

  const long = 'x'.repeat(151)
  for (const [name, change, expected] of [
    [
      'nothing',
      { username: '', password: '', passwordAgain: '' },
      { username: 'Please fill this in', password: 'Please fill this in' },
    ],
    [
      'a short password',
      { password: '1234567', passwordAgain: '1234567' },
      { password: 'At least 8 characters, please' },
    ],
    [
      'a long one',
      { password: 'x'.repeat(129), passwordAgain: 'x'.repeat(129) },
      { password: 'At most 128 characters, please' },
    ],
    [
      'two different ones',
      { passwordAgain: 'correct house' },
      { passwordAgain: 'This is not the same password' },
    ],
    ['a blank name', { username: ' \t\n ' }, { username: 'Please fill this in' }],
    ['a name longer than the column', { username: long }, { username: 'At most 150 characters, please' }],
    [
      'an invisible character',
      { username: 'fr\u200bed' },
      { username: 'Please use no invisible characters' },
    ],
    ['text turned around', { username: 'fr\u202eed' }, { username: 'Please use no invisible characters' }],
    ['a filler', { username: '\u3164' }, { username: 'Please use no invisible characters' }],
    ['no character', { username: 'fr\u{e0fff}ed' }, { username: 'Please use no invisible characters' }],
    ['an unassigned one', { username: 'fr\u0378ed' }, { username: 'Please use no invisible characters' }],
    ['an object', { username: 'fr\ufffced' }, { username: 'Please use no invisible characters' }],
    [
      'a name that takes long to normalize',
      { username: 'a' + '\u0301\u0316'.repeat(2000) },
      { username: 'At most 150 characters, please' },
    ],
    ['a list', { username: ['a', 'b'] }, { username: 'Please fill this in' }],
  ] as const) {
    it(`${name}: says so beside the field, keeps the rest but never the password, and changes nothing`, async () => {
      const { browser } = await guest(app)
      const response = await post(browser, { ...fred, ...change })
      assert.equal(response.status, 422)
      assert.deepEqual(errorsOf(response.text), expected)
      assert.match(response.text, /<title>Error: /)
      assert.doesNotMatch(response.text, /correct h|1234567/)
      if (!('username' in change)) assert.match(response.text, /id="username"[^>]*value="fred"/)
      assert.equal(await app.Guest.count(), 1)
    })
  }

  it('takes a name in one spelling, and a password as it was typed', async () => {
    const hashed: string[] = []
    await withStage({ hashPassword: (password) => (hashed.push(password), 'hash') }, async (stage) => {
      const { browser, id } = await guest(stage)
      const password = '  e\u0301\u{1f40e} spaces  '
      const posted = await post(browser, {
        username: ' Jose\u0301\u00a0 Mari\u0301a ',
        password,
        passwordAgain: password,
      })
      assert.equal(posted.status, 303)
      assert.equal((await stage.User.findByPk(id))?.username, 'Jos\u00e9 Mar\u00eda')
      assert.deepEqual(hashed, [password])
      await post((await guest(stage)).browser, { ...fred, password: 'short' })
      assert.equal(hashed.length, 1) // not before all is well
    })
  })

  it('refuses a form that is too large, and a password that is too long without hashing it', async () => {
    let hashed = 0
    const hashPassword = (): string => `hash ${String(++hashed)}`
    await withStage({ hashPassword }, async (stage) => {
      const { browser } = await guest(stage)
      assert.equal((await post(browser, { ...fred, username: 'x'.repeat(40_000) })).status, 413)
      stage.database.takeStatements()
      const long = 'x\u0301'.repeat(1000)
      const refused = await post(browser, { ...fred, username: long, password: long, passwordAgain: long })
      assert.equal(refused.status, 422)
      assert.equal(stage.database.takeStatements().length, 1)
      assert.equal(hashed, 0)
    })
  })

  it('escapes what was typed', async () => {
    const { browser } = await guest(app)
    const response = await post(browser, { username: '"><script>alert(1)</script>' })
    assert.doesNotMatch(response.text, /<script/)
  })

  it('changes nothing but what it asks for', async () => {
    const { browser, id } = await guest(app)
    const other = await app.User.create({ username: 'other' })
    await post(browser, {
      ...fred,
      id: other.id,
      email: 'admin@example.test',
      isAdmin: 'true',
      userId: other.id,
    })
    const user = await app.User.findByPk(id)
    assert.deepEqual([user?.username, user?.email], ['fred', null])
    assert.equal((await app.User.findByPk(other.id))?.username, 'other')
  })

  it('says beside the field that a username is taken, and leaves the guest a guest', async () => {
    await app.User.create({ username: 'fred' })
    const { browser, name } = await guest(app)
    const response = await post(browser, fred)
    assert.equal(response.status, 422)
    assert.deepEqual(errorsOf(response.text), { username: 'This username is taken' })
    const who = body(await browser.get('/who'))
    assert.deepEqual([who.isGuest, who.user?.username], [true, name])
    assert.equal((await post(browser, { ...fred, username: 'fred2' })).status, 303)
  })

  it('of three clicks at once creates one account, and leads each click to the last page', async () => {
    const { browser, id } = await guest(app)
    const { cookies } = (await browser.get('/convert')).request as unknown as { cookies: string }
    const responses = await Promise.all(
      ['one', 'two', 'three'].map((username) =>
        app
          .browser()
          .post('/convert')
          .set({ Cookie: cookies, Accept: HTML })
          .type('form')
          .send({ ...fred, username }),
      ),
    )
    const statuses = responses.map(({ status }) => status)
    const won = responses.filter((response) => response.headers['set-cookie'] !== undefined)
    assert.equal(won.length, 1, statuses.join())
    for (const response of responses) assert.equal(locationOf(response), '/convert/success', response.text)
    assert.equal(await app.Guest.count({ where: { userId: id } }), 0)
    assert.equal(app.verified.length, 1)
  })

  it('leads each click to the last page where all clicks have come before the password was hashed', async () => {
    let arrived = 0
    const meet = async (): Promise<string> => {
      arrived++
      while (arrived < 3) await new Promise((resolve) => setTimeout(resolve, 5))
      return 'hash'
    }
    await withStage({ hashPassword: meet }, async (stage) => {
      const { browser, id } = await guest(stage)
      const { cookies } = (await browser.get('/convert')).request as unknown as { cookies: string }
      const click = () => post(stage.browser().set('Cookie', cookies), fred)
      const responses = await Promise.all([click(), click(), click()])
      for (const response of responses) assert.equal(locationOf(response), '/convert/success', response.text)
      const renewed = responses.flatMap(({ headers }) => headers['set-cookie'] ?? [])
      assert.equal(renewed.length, 1)
      const who = body(
        await stage
          .browser()
          .get('/who')
          .set('Cookie', String(renewed[0]).split(';')[0] ?? ''),
      )
      assert.deepEqual([who.isRegularUser, who.user?.id], [true, id])
      // The note of the session's end is still there.
      const late = await stage.browser().get('/play').set('Cookie', cookies)
      assert.deepEqual([body(late).user, late.headers['set-cookie']], [null, undefined])
    })
  })

  it('tells a user whose guest was converted in another tab', async () => {
    let convertElsewhere = (): Promise<unknown> => Promise.resolve()
    await withStage(
      {
        hashPassword: async () => {
          await convertElsewhere()
          return 'hash'
        },
      },
      async (stage) => {
        const { browser, id } = await guest(stage)
        convertElsewhere = () => stage.Guest.convert(id, { username: 'elsewhere' })
        const response = await post(browser, fred, '/convert?next=/list')
        assert.equal(response.status, 409)
        assert.match(response.text, /href="\/login\?next=%2Flist"/)
        assert.equal((await stage.User.findByPk(id))?.username, 'elsewhere')
      },
    )
  })

  it('tells a person whose guest was deleted meanwhile that there is no account', async () => {
    let deleteGuest = (): Promise<unknown> => Promise.resolve()
    await withStage(
      {
        hashPassword: async () => {
          await deleteGuest()
          return 'hash'
        },
      },
      async (stage) => {
        const { browser, id } = await guest(stage)
        deleteGuest = () => stage.User.destroy({ where: { id } })
        const response = await post(browser, fred)
        assert.equal(response.status, 410)
        assert.match(response.text, /No account was created/)
        assert.doesNotMatch(response.text, /account exists/)
        assert.equal(await stage.User.count(), 0)
      },
    )
  })

  it('tells a person who logged in to an account in another tab meanwhile that there is no new one', async () => {
    let logInElsewhere = (): Promise<unknown> => Promise.resolve()
    const stage = await startConversion(
      {
        hashPassword: async () => {
          await logInElsewhere()
          return 'hash'
        },
      },
      {
        routes(host, { passport, Guest }) {
          host.use(mergeGuest({ Guest }))
          host.post(
            '/merge',
            express.urlencoded({ extended: false }),
            passport.authenticate('local'),
            (req, res) => {
              res.json(whoIs(req))
            },
          )
        },
      },
    )
    try {
      const account = await stage.User.create({ username: 'regular' })
      const { browser } = await guest(stage)
      const { cookies } = (await browser.get('/convert')).request as unknown as { cookies: string }
      const tab = () => stage.browser().set('Cookie', cookies)
      logInElsewhere = () =>
        tab().post('/merge').type('form').send({ username: 'regular', password: 'x' }).expect(200)
      const response = await post(tab(), fred)
      assert.deepEqual([response.status, response.headers['set-cookie']], [410, undefined])
      assert.match(response.text, /No account was created/)
      assert.deepEqual(
        (await stage.User.findAll()).map(({ id }) => id),
        [account.id],
      )
      // The note of the session's end is still there.
      const late = await tab().get('/play')
      assert.deepEqual([body(late).user, late.headers['set-cookie']], [null, undefined])
    } finally {
      await stage.close()
    }
  })

  it('of many guests who want one name lets one have it', async () => {
    const guests = await Promise.all(Array.from({ length: 4 }, () => guest(app)))
    const responses = await Promise.all(guests.map(({ browser }) => post(browser, fred)))
    assert.deepEqual(responses.map(({ status }) => status).sort(), [303, 422, 422, 422])
    assert.equal(await app.Guest.count(), 3)
  })

  it('with the session store away fails, and the account can be logged in to', async () => {
    const { browser } = await guest(app)
    await whileStoreFails(app.store, async () => {
      assert.equal((await post(browser, fred)).status, 500)
    })
    assert.equal(body(await browser.get('/who')).user, null)
    await browser.post('/login').type('form').send({ username: 'fred', password: 'x' }).expect(200)
  })

  it('hands other errors to the application, whole', async () => {
    await withStage({ hashPassword: () => Promise.reject(new Error('argon2 is away')) }, async (stage) => {
      const { browser } = await guest(stage)
      const response = await post(browser, fred)
      assert.deepEqual([response.status, (response.body as Error).message], [500, 'argon2 is away'])
      assert.equal(body(await browser.get('/who')).isGuest, true)
    })
  })
})

describe('a request without a guest', () => {
  it('is redirected to the login if it is anonymous, with the way back; programs get the error', async () => {
    for (const method of ['get', 'post'] as const) {
      const response = await app.browser()[method]('/convert?next=/list').set('Accept', HTML)
      assert.equal(response.status, method === 'get' ? 302 : 303)
      assert.equal(locationOf(response), `/login?next=${encodeURIComponent('/convert?next=/list')}`)
      const program = await app.browser()[method]('/convert').set('Accept', 'application/json').expect(401)
      assert.equal((program.body as { code: string }).code, 'ERR_GUEST_REQUIRED')
    }
  })

  it('a way back that is too long for the headers of an answer is dropped', async () => {
    const url = `/convert?next=/list%3F${'a'.repeat(3000)}`
    for (const method of ['get', 'post'] as const) {
      assert.equal(locationOf(await app.browser()[method](url).set('Accept', HTML)), '/login')
    }
    assert.equal(locationOf(await post(await regular(app), fred, url)), '/')
    const { browser } = await guest(app)
    assert.equal(locationOf(await post(browser, { ...fred, username: 'far' }, url)), '/convert/success')
  })

  it('is redirected as a regular user, home or to the way back; programs get the error', async () => {
    const browser = await regular(app)
    assert.equal(locationOf(await browser.get('/convert').set('Accept', HTML).expect(302)), '/')
    assert.equal(locationOf(await post(browser, fred)), '/')
    assert.equal(locationOf(await post(browser, fred, '/convert?next=/list')), '/list')
    await browser.post('/convert').set('Accept', 'application/json').type('form').send(fred).expect(403)
    assert.equal(await app.User.count({ where: { username: 'fred' } }), 0)
  })

  it('is redirected from the last page to the login or home', async () => {
    const success = (browser: ReturnType<Stage['browser']>) =>
      browser.get('/convert/success').set('Accept', HTML)
    assert.equal(locationOf(await success(app.browser()).expect(302)), '/login')
    assert.equal(locationOf(await success((await guest(app)).browser).expect(302)), '/convert')
    await success(await regular(app)).expect(200)
  })
})

describe('the way back', () => {
  it('goes along through the form, and is where it ends', async () => {
    const { browser } = await guest(app)
    const next = '/list?a=1&b=2'
    const url = `/convert?next=${encodeURIComponent(next)}`
    assert.match((await browser.get(url)).text, /action="\/convert\?next=%2Flist%3Fa%3D1%26b%3D2"/)
    assert.match((await post(browser, {}, url)).text, /action="\/convert\?next=%2Flist/)
    assert.equal(locationOf(await post(browser, fred, url)), next)
  })

  for (const next of [
    '//evil.test',
    '/\\evil.test',
    'https://evil.test/',
    '/\t/evil.test',
    'javascript:alert(1)',
    '',
  ]) {
    it(`never leads to another site: ${JSON.stringify(next)}`, async () => {
      const { browser } = await guest(app)
      const url = `/convert?next=${encodeURIComponent(next)}`
      assert.doesNotMatch((await browser.get(url)).text, /evil|javascript/)
      assert.equal(locationOf(await post(browser, fred, url)), '/convert/success')
      assert.equal(locationOf(await browser.get(url).set('Accept', HTML)), '/')
    })
  }

  it('that is given twice is none', async () => {
    const { browser } = await guest(app)
    assert.equal(locationOf(await post(browser, fred, '/convert?next=/a&next=/b')), '/convert/success')
  })
})

describe('a post from another site', () => {
  for (const headers of [
    { 'Sec-Fetch-Site': 'cross-site' },
    { Origin: 'https://evil.test' },
    { Origin: 'null' },
  ]) {
    it(`is refused: ${JSON.stringify(headers)}`, async () => {
      const { browser } = await guest(app)
      const response = await browser.post('/convert').set(headers).type('form').send(fred).expect(403)
      assert.equal((response.body as { code: string }).code, 'ERR_CROSS_SITE_REQUEST')
      assert.equal(await app.Guest.count(), 1)
    })
  }
})

describe('limits', () => {
  it('that fail are warned of once, not at every request', async () => {
    const warnings: Error[] = []
    const hear = (warning: Error & { code?: string }): void => {
      if (warning.code === 'LIMITER_FAILED') warnings.push(warning)
    }
    process.on('warning', hear)
    try {
      const limiter = { consume: () => Promise.reject(new Error('Redis is away')) }
      await withStage({ limiter }, async (stage) => {
        const { browser } = await guest(stage)
        for (let posts = 0; posts < 3; posts++) await post(browser, {})
        await later(3601, () => post(browser, {}))
      })
      assert.equal(warnings.length, 2)
      assert.match(warnings[0]?.message ?? '', /nothing is limited.*Redis is away/)
    } finally {
      process.off('warning', hear)
    }
  })

  it('count what a client posts, before anything is looked up or hashed', async () => {
    const limiter = { ip: new RateLimiterMemory({ points: 2, duration: 3600 }) }
    await withStage({ limiter }, async (stage) => {
      const { browser } = await guest(stage)
      await post(browser, { ...fred, password: 'short' })
      await post(browser, { ...fred, password: 'short' })
      const third = await post(browser, fred)
      assert.equal(third.status, 429)
      assert.ok(Number(third.headers['retry-after']) > 3000)
      assert.match(third.text, /role="alert"/)
      assert.equal(await stage.Guest.count(), 1)
    })
  })

  it('that fail let every client through, or none, as the option says', async () => {
    const limiter = { consume: () => Promise.reject(new Error('Redis is away')) }
    for (const [limiterFailure, status] of [
      ['open', 303],
      ['closed', 503],
    ] as const) {
      await withStage({ limiter, limiterFailure }, async (stage) => {
        assert.equal((await post((await guest(stage)).browser, fred)).status, status)
      })
    }
  })
})

describe('the session', () => {
  it('keeps a visit and what the application has named, and nothing else', async () => {
    const stage = await startConversion(
      { keepSessionData: ['cart'] },
      {
        routes(host) {
          host.get('/put', (req, res) => {
            Object.assign(req.session, { cart: 'kept', planted: 'lost' })
            res.json(whoIs(req))
          })
          host.get('/session', (req, res) => {
            res.json(req.session)
          })
        },
      },
    )
    try {
      const pass = await stage.Visitor.create({ email: 'v@example.test', scope: 'REFERENCE' })
      const { browser } = await guest(stage)
      await browser.get('/put')
      await browser.get(pass.tokenise('/who')).expect(303)
      await post(browser, fred)
      const session = (await browser.get('/session')).body as Record<string, unknown>
      assert.deepEqual([session['cart'], session['planted']], ['kept', undefined])
      const who = body(await browser.get('/who'))
      assert.deepEqual([who.isVisitor, who.isRegularUser], [true, true])
    } finally {
      await stage.close()
    }
  })
})

describe('the pages', () => {
  it('run and load nothing, are what they declare to be, and allow neither frames nor caches', async () => {
    const { browser } = await guest(app)
    for (const page of [await browser.get('/convert'), await post(browser, {})]) {
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
      assert.equal(page.headers['x-content-type-options'], 'nosniff')
      assert.match(
        String(page.headers['content-security-policy']),
        /^default-src 'none';.*frame-ancestors 'none'/,
      )
      assert.equal(page.headers['cache-control'], 'no-store')
      assert.doesNotMatch(page.text, /<script|\son\w+="|style="|https?:/)
    }
  })

  it('can be the application’s own, all or some', async () => {
    await withStage({ render: (page, _req, res) => res.json(page) }, async (stage) => {
      const { browser } = await guest(stage)
      const form = await browser.get('/convert')
      assert.equal((form.body as { name: string }).name, 'form')
      assert.equal(form.headers['x-content-type-options'], 'nosniff')
      await post(browser, fred)
      assert.equal(((await browser.get('/convert/success')).body as { name: string }).name, 'success')
    })
    await withStage(
      { render: { success: (page, _req, res) => res.send(`own: ${page.name}`) } },
      async (stage) => {
        const { browser } = await guest(stage)
        await browser.get('/convert').expect(200, /<form/)
        await post(browser, fred)
        assert.equal((await browser.get('/convert/success')).text, 'own: success')
      },
    )
  })

  it('embed the application’s own CSRF token', async () => {
    await withStage({ csrf: () => ({ name: '_csrf', value: 'a"token' }) }, async (stage) => {
      const { browser } = await guest(stage)
      assert.match((await browser.get('/convert')).text, /name="_csrf" value="a&quot;token"/)
    })
  })
})

describe('a schema of the application’s own', () => {
  const fields = [
    { name: 'username', label: 'Name', type: 'text' },
    { name: 'email', label: 'E-mail', type: 'email' },
    { name: 'secret', label: 'Secret', type: 'password' },
  ] as const
  const schema = z.looseObject({ username: z.string(), email: z.email('Not an address') })

  it('decides what is asked and saved, as far as User has attributes for it', async () => {
    await withStage({ fields, schema }, async (stage) => {
      const { browser, id } = await guest(stage)
      assert.deepEqual(errorsOf((await post(browser, { username: 'a', email: 'x' })).text), {
        email: 'Not an address',
      })
      assert.equal((await post(browser, { username: 'a', email: 'a@example.test', secret: 'x' })).status, 303)
      const user = await stage.User.findByPk(id)
      assert.deepEqual([user?.username, user?.email, user?.password], ['a', 'a@example.test', null])
    })
  })

  it('may leave the name as it is, but not blank', async () => {
    const optional = z
      .object({ username: z.string().optional() })
      .transform(({ username }) => (username === 'keep' ? {} : { username: ' ' }))
    await withStage({ fields, schema: optional }, async (stage) => {
      const { browser, id, name } = await guest(stage)
      assert.deepEqual(errorsOf((await post(browser, { username: 'x' })).text), {
        username: 'Please fill this in',
      })
      assert.equal((await post(browser, { username: 'keep' })).status, 303)
      assert.equal((await stage.User.findByPk(id))?.username, name)
    })
  })

  it('says which of two unique values is taken', async () => {
    await withStage({ fields, schema }, async (stage) => {
      await stage.User.create({ username: 'fred', email: 'fred@example.test' })
      const { browser } = await guest(stage)
      const wrong = async (username: string, email: string) =>
        errorsOf((await post(browser, { username, email })).text)
      assert.deepEqual(await wrong('other', 'fred@example.test'), {
        email: 'This address belongs to an account already',
      })
      assert.deepEqual(await wrong('fred', 'other@example.test'), { username: 'This username is taken' })
      assert.equal(await stage.Guest.count(), 1)
    })
  })

  it('may make a name of something that has no field: what is wrong with it stands above the form', async () => {
    const derived = z.object({ email: z.string() }).transform(({ email }) => ({ username: email }))
    const only = [{ name: 'email', label: 'E-mail', type: 'email' }] as const
    await withStage({ fields: only, schema: derived }, async (stage) => {
      await stage.User.create({ username: 'fred' })
      const response = await post((await guest(stage)).browser, { email: 'fred' })
      assert.equal(response.status, 422)
      assert.deepEqual(errorsOf(response.text), { '': 'This username is taken' })
    })
  })

  it('that gives a password needs something to hash it with', async () => {
    const withPassword = z
      .object({ username: z.string() })
      .transform(({ username }) => ({ username, password: 'plain' }))
    await withStage({ fields, schema: withPassword, hashPassword: undefined as never }, async (stage) => {
      const { browser, id } = await guest(stage)
      const response = await post(browser, { username: 'a' })
      assert.match((response.body as Error).message, /option 'hashPassword' is needed/)
      assert.equal((await stage.User.findByPk(id))?.password, null)
    })
  })
})

describe('a users model of the application’s own', () => {
  it('has its words shown, and not Sequelize’s', async () => {
    const host = await startHost({
      defineUser: plainUser({
        username: {
          type: DataTypes.STRING(20),
          unique: true,
          validate: { not: { args: 'root', msg: 'Not this one' }, isAlphanumeric: true },
        },
        passwordHash: DataTypes.STRING,
        password: DataTypes.VIRTUAL,
      }),
      routes(application, { Guest }) {
        application.use('/become', convertRouter({ Guest, hashPassword: () => 'hash' }))
      },
      guestStrategy: { generateUsername: () => `g${String(Math.random()).slice(2, 12)}` },
    })
    try {
      const browser = host.browser()
      await browser.get('/play').expect(200)
      const says = async (username: string) =>
        errorsOf((await post(browser, { ...fred, username }, '/become')).text)['username']
      assert.equal(await says('root'), 'Not this one')
      assert.equal(await says('a-b'), 'This cannot be kept as it is')
      assert.equal(await says('x'.repeat(21)), 'At most 20 characters, please')
      assert.equal((await post(browser, fred, '/become')).status, 303)
      assert.equal((await host.User.findOne())?.get('passwordHash'), 'hash')
    } finally {
      await host.close()
    }
  })

  for (const isVerifying of [false, true]) {
    it(`has what a validator of the whole model says shown above the form, ${isVerifying ? 'before a message is sent' : 'with a conversion at once'}`, async () => {
      const sent: unknown[] = []
      const verifyEmail = { send: (message: unknown) => sent.push(message), baseUrl: 'https://example.test' }
      const host = await startHost({
        defineUser: plainUser(
          { password: DataTypes.STRING, email: DataTypes.STRING },
          {
            validate: {
              nameIsFree(this: Model) {
                if (this.get('username') === 'fred') throw new Error('This name is kept for Fred')
              },
            },
          },
        ),
        routes(application, { Guest }) {
          const options = isVerifying ? { verifyEmail } : {}
          application.use('/become', convertRouter({ Guest, hashPassword: () => 'hash', ...options }))
        },
      })
      try {
        const browser = host.browser()
        await browser.get('/play').expect(200)
        const refused = await post(browser, { ...fred, email: 'fred@example.test' }, '/become')
        assert.equal(refused.status, 422)
        assert.deepEqual(errorsOf(refused.text), { '': 'This name is kept for Fred' })
        assert.equal(sent.length, 0)
        const other = { ...fred, username: 'kim', email: 'kim@example.test' }
        assert.equal((await post(browser, other, '/become')).status, 303)
      } finally {
        await host.close()
      }
    })
  }

  it('is asked past its soft deletion and scopes who has a name', async () => {
    const host = await startHost({
      defineUser: plainUser(
        { password: DataTypes.STRING, email: { type: DataTypes.STRING, allowNull: false } },
        { paranoid: true },
      ),
      routes(application, { Guest }) {
        application.use('/become', convertRouter({ Guest, hashPassword: () => 'hash' }))
      },
    })
    try {
      const gone = await host.User.create({ username: 'fred', email: 'a@example.test' })
      await gone.destroy()
      const browser = host.browser()
      await browser.get('/play').expect(200)
      const response = await post(browser, { ...fred, email: 'Fred@B\u00fccher.example' }, '/become')
      assert.deepEqual(errorsOf(response.text), { username: 'This username is taken' })
      assert.equal(
        (await post(browser, { ...fred, username: 'f', email: 'Fred@B\u00fccher.example' }, '/become'))
          .status,
        303,
      )
      assert.equal((await host.User.findOne())?.get('email'), 'Fred@xn--bcher-kva.example')
    } finally {
      await host.close()
    }
  })
})

describe('a users model whose username is the e-mail address', () => {
  async function start(more: (host: Host) => Partial<Parameters<typeof convertRouter>[0]>) {
    return await startHost({
      defineUser: (sequelize) =>
        sequelize.define('User', {
          email: { type: DataTypes.STRING(150), unique: true },
          password: DataTypes.STRING,
        }),
      guest: { usernameField: 'email' },
      routes(application, host) {
        application.use(
          '/become',
          convertRouter({ Guest: host.Guest, hashPassword: () => 'hash', ...more(host) }),
        )
      },
    })
  }
  const typed = { email: 'fred@example.test', password: 'correct horse', passwordAgain: 'correct horse' }

  it('is asked for it alone, and has it proven', async () => {
    const links: string[] = []
    const host = await start(() => ({
      verifyEmail: {
        baseUrl: 'https://example.test',
        send: ({ link, username }) => links.push(link, username),
      },
    }))
    try {
      const browser = host.browser()
      await browser.get('/play').expect(200)
      assert.doesNotMatch((await browser.get('/become')).text, /name="username"/)
      await post(browser, { ...typed, username: 'victim@example.test' }, '/become')
      const [link = '', name] = links
      assert.equal(name, 'fred@example.test')
      await browser.post(link.replace('https://example.test', '')).set('Accept', HTML).expect(303)
      assert.equal((await host.User.findOne())?.get('email'), 'fred@example.test')
      const other = host.browser()
      await other.get('/play').expect(200)
      assert.deepEqual(errorsOf((await post(other, typed, '/become')).text), {
        email: 'This address belongs to an account already',
      })
    } finally {
      await host.close()
    }
  })

  it('takes no name that is no address, without a proof either', async () => {
    const host = await start(() => ({}))
    try {
      const browser = host.browser()
      await browser.get('/play').expect(200)
      const wrong = await post(browser, { ...typed, email: 'fred' }, '/become')
      assert.deepEqual(errorsOf(wrong.text), { email: 'This is not an e-mail address' })
      assert.equal((await post(browser, typed, '/become')).status, 303)
    } finally {
      await host.close()
    }
  })

  it('of two names for it from a schema takes neither', async () => {
    const schema = z
      .object({})
      .transform(() => ({ username: 'victim@example.test', email: 'fred@example.test' }))
    const fields = [{ name: 'email', label: 'E-mail', type: 'email' }] as const
    const host = await start(() => ({ schema, fields }))
    try {
      const browser = host.browser()
      await browser.get('/play').expect(200)
      const response = await post(browser, typed, '/become')
      assert.match((response.body as Error).message, /which are the same attribute 'email' here/)
    } finally {
      await host.close()
    }
  })
})

describe('wrong options', () => {
  const hashPassword = () => 'hash'
  const verify = { send: () => undefined, baseUrl: 'https://example.test' }
  for (const [name, change, message] of [
    ['no Guest', { Guest: undefined }, /option 'Guest' must be the Guest model/],
    ['nothing to hash with', { hashPassword: undefined }, /option 'hashPassword' must be a function/],
    [
      'no such attribute',
      { passwordField: 'pwd' },
      /option 'passwordField' must name an attribute of User: it has no 'pwd'/,
    ],
    ['a page that there is not', { render: { expired: () => undefined } }, /option 'render' must be/],
    ['a schema that is none', { schema: {} }, /option 'schema' must be a Standard Schema/],
    ['another site’s script', { loginUrl: 'javascript:x' }, /option 'loginUrl' must be/],
    [
      'no function to send',
      { verifyEmail: { ...verify, send: undefined } },
      /verifyEmail.*option 'send' must be/,
    ],
    [
      'no base',
      { verifyEmail: { ...verify, baseUrl: '/x' } },
      /option 'baseUrl' must be an absolute http\(s\) address/,
    ],
    [
      'no such address',
      { verifyEmail: { ...verify, emailField: 'mail' } },
      /option 'emailField' must name an attribute/,
    ],
    ['an unknown one', { hash: 1 }, /unknown option 'hash'/],
    [
      'fields that the default schema never takes',
      { fields: [{ name: 'username', label: 'Name', type: 'text' }] },
      /option 'fields' leaves out password, passwordAgain, which the default schema wants: give a 'schema'/,
    ],
    [
      'nowhere to type the address that is to be proven',
      {
        verifyEmail: verify,
        fields: [{ name: 'username', label: 'Name', type: 'text' }],
        schema: z.object({}),
      },
      /option 'fields' must have a field for the e-mail address/,
    ],
  ] as const) {
    it(`${name}: throws at start-up`, () => {
      const options = { Guest: app.Guest, hashPassword, ...change } as unknown as { Guest: typeof app.Guest }
      assert.throws(
        () => convertRouter<User>(options),
        (error) => error instanceof TypeError && message.test(error.message),
      )
    })
  }
})
