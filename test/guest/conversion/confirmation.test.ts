import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, afterEach, before, describe, it } from 'node:test'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { DataTypes } from 'sequelize'
import { convertRouter, defineGuestModel, type VerifyEmailOptions } from '../../../src/index.js'
import { guestSettings } from '../../../src/guest/guest.js'
import type { User } from '../../support/application.js'
import { DAY, later } from '../../support/clock.js'
import { openDatabase } from '../../support/database.js'
import { plainUser, startHost } from '../../support/host-application.js'
import {
  body,
  errorsOf,
  ginger,
  guest,
  HTML,
  pathOf,
  post,
  startConversion,
  verifying,
  type Stage,
} from './stage.js'

let app: Stage
before(async () => {
  app = await startConversion(verifying())
})
after(() => app.close())
afterEach(async () => {
  app.mailbox.length = 0
  app.verified.length = 0
  await app.User.destroy({ where: {} })
})

async function withStage(
  options: Partial<VerifyEmailOptions<User>> & { limiter?: { email: RateLimiterMemory } },
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const { limiter, ...verifyEmail } = options
  const stage = await startConversion({ ...verifying(verifyEmail), ...(limiter && { limiter }) })
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}
const pendingConversions = (stage: Stage) => stage.Guest[guestSettings].PendingConversion
const locationOf = (response: { headers: Record<string, string> }): string =>
  response.headers['location'] ?? ''
/** The path of the last link that was sent. */
const lastLink = (stage: Stage): string => pathOf(stage.mailbox.at(-1)?.link ?? '')
/** A guest who has asked for an account, and the link that they got. */
async function asked(stage: Stage, values: object = ginger, url = '/convert') {
  const asking = await guest(stage)
  const response = await post(asking.browser, values, url)
  assert.equal(response.status, 303, response.text)
  return { ...asking, response, link: lastLink(stage) }
}
const press = (browser: ReturnType<Stage['browser']>, link: string) => browser.post(link).set('Accept', HTML)

describe('the link in the message', () => {
  it('is what makes a guest a regular user; until then they stay one, with everything', async () => {
    const { browser, id, name, response, link } = await asked(app)
    assert.equal(locationOf(response), '/convert/sent')
    assert.match((await browser.get('/convert/sent').expect(200)).text, /Look into your mailbox/)
    const [message] = app.mailbox
    assert.deepEqual(
      [message?.email, message?.username, message?.user.id],
      ['ginger@example.test', 'ginger', id],
    )
    assert.match(message?.link ?? '', /^https:\/\/example\.test\/convert\/verify\?token=[\w-]{43}$/)
    const who = body(await browser.get('/who'))
    assert.deepEqual([who.isGuest, who.user?.username], [true, name])

    const page = await browser.get(link).expect(200)
    assert.match(page.text, /“<bdi>ginger<\/bdi>”.*<bdi>ginger@example\.test<\/bdi>/)
    const pressed = await press(browser, link)
    assert.deepEqual([pressed.status, locationOf(pressed)], [303, '/convert/success'])
    const now = body(await browser.get('/who'))
    assert.deepEqual([now.isRegularUser, now.user], [true, { id, username: 'ginger' }])
    assert.notEqual(now.sessionID, who.sessionID)
    const user = await app.User.findByPk(id)
    assert.deepEqual([user?.email, user?.password], ['ginger@example.test', 'hash of 13'])
    assert.deepEqual(app.verified, ['ginger@example.test'])
    assert.equal(await pendingConversions(app).count(), 0)
  })

  it('is stored as a digest only', async () => {
    const { id, link } = await asked(app)
    const token = new URLSearchParams(link.split('?')[1]).get('token') ?? ''
    const pending = await pendingConversions(app).findByPk(id)
    assert.equal(pending?.tokenHash, createHash('sha256').update(token).digest('hex'))
    assert.deepEqual(pending.details, {
      username: 'ginger',
      email: 'ginger@example.test',
      password: 'hash of 13',
    })
    assert.equal(JSON.stringify(pending).includes('correct horse'), false)
  })

  it('changes nothing by being followed: scanners follow links, too', async () => {
    const { link } = await asked(app)
    for (let times = 0; times < 3; times++) await app.browser().get(link).expect(200)
    await app.browser().head(link).expect(200)
    assert.equal(await app.Guest.count(), 1)
    assert.deepEqual(app.verified, [])
    assert.equal((await press(app.browser(), link)).status, 200)
  })

  it('leaves the login of another device as it is', async () => {
    const { browser, id, link } = await asked(app, ginger, '/convert?next=/list')
    const phone = app.browser()
    const page = await press(phone, link)
    assert.equal(page.status, 200)
    assert.match(page.text, /href="\/login\?next=%2Flist"/)
    assert.equal(page.headers['set-cookie'], undefined)
    assert.equal(body(await phone.get('/who')).user, null)
    assert.equal(body(await browser.get('/who')).user, null) // the guest's own session has ended, as with every conversion
    assert.equal((await app.User.findByPk(id))?.username, 'ginger')

    const second = await asked(app, { ...ginger, username: 'second', email: 'second@example.test' })
    const { browser: bystander, id: bystanderId } = await guest(app)
    assert.equal((await press(bystander, second.link)).status, 200)
    assert.equal(body(await bystander.get('/who')).user?.id, bystanderId)
  })

  it('leads back to where they wanted to go, and never to another site', async () => {
    const { browser, link } = await asked(app, ginger, '/convert?next=/list')
    assert.match(link, /next=%2Flist&token=/)
    assert.equal(locationOf(await press(browser, link)), '/list')
    const hostile = await asked(
      app,
      { ...ginger, username: 'b', email: 'b@example.test' },
      '/convert?next=//evil.test',
    )
    assert.doesNotMatch(hostile.link, /evil/)
    assert.equal(
      locationOf(await press(hostile.browser, `${hostile.link}&next=//evil.test`)),
      '/convert/success',
    )
  })

  it('is not made of the Host header', async () => {
    const { browser } = await guest(app)
    await browser
      .post('/convert')
      .set({ Host: 'evil.test', 'X-Forwarded-Host': 'evil.test' })
      .type('form')
      .send(ginger)
    assert.match(app.mailbox[0]?.link ?? '', /^https:\/\/example\.test\//)
  })

  it('that is cut off, forged or repeated is refused, without a query if it has not the form', async () => {
    const { link } = await asked(app)
    app.database.takeStatements()
    for (const bad of [
      '/convert/verify',
      '/convert/verify?token=',
      link.slice(0, -1),
      `${link}x`,
      `${link}&token=a`,
      '/convert/verify?token[]=x',
    ]) {
      const response = await app.browser().get(bad)
      assert.equal(response.status, 400, bad)
      assert.equal((await press(app.browser(), bad)).status, 400, bad)
    }
    assert.deepEqual(app.database.takeStatements(), [])
    const forged = `/convert/verify?token=${'A'.repeat(43)}`
    for (const response of [await app.browser().get(forged), await press(app.browser(), forged)]) {
      assert.equal(response.status, 410)
      assert.match(response.text, /used already/)
      assert.match(response.text, /href="\/login"[^]*href="\/convert"/)
    }
    assert.equal(await app.Guest.count(), 1)
  })

  it('expires', async () => {
    const { link, browser } = await asked(app)
    await later(DAY + 1, async () => {
      await app.browser().get(link).expect(410)
      assert.equal((await press(browser, link)).status, 410)
    })
    assert.equal(await app.Guest.count(), 1)
  })

  it('works once, and a double click creates one account', async () => {
    const { link } = await asked(app)
    const responses = await Promise.all(Array.from({ length: 4 }, () => press(app.browser(), link)))
    assert.deepEqual(responses.map(({ status }) => status).sort(), [200, 410, 410, 410])
    assert.deepEqual(app.verified, ['ginger@example.test'])
    await app.browser().get(link).expect(410)
  })

  describe('pressed several times in the browser of the guest', () => {
    /** A guest's link, and a function that presses its button with the cookie that the guest has now. */
    async function clicker(stage: Stage) {
      const { browser, link, id } = await asked(stage)
      const { cookies } = (await browser.get(link)).request as unknown as { cookies: string }
      return { browser, link, id, click: () => press(stage.browser().set('Cookie', cookies), link) }
    }

    it('leads three clicks at once to the page that the first leads to', async () => {
      const { click, link, id } = await clicker(app)
      const responses = await Promise.all([click(), click(), click()])
      for (const response of responses) assert.equal(locationOf(response), '/convert/success', response.text)
      assert.equal(responses.filter(({ headers }) => 'set-cookie' in headers).length, 1)
      assert.deepEqual(app.verified, ['ginger@example.test'])
      assert.equal((await app.User.findByPk(id))?.username, 'ginger')
      assert.equal((await press(app.browser(), link)).status, 410, 'another browser is told nothing')
    })

    it('leads a click that was sent before the browser had its new session to that page, without a cookie', async () => {
      const { browser, click, link } = await clicker(app)
      assert.equal((await press(browser, link)).status, 303)
      const late = await click()
      assert.deepEqual([locationOf(late), late.headers['set-cookie']], ['/convert/success', undefined])
    })

    it('leads a click in another tab, and a reload, to that page', async () => {
      const { browser, link } = await clicker(app)
      assert.equal((await press(browser, link)).status, 303)
      const next = `${link}&next=%2Flist`
      assert.equal(locationOf(await press(browser, link)), '/convert/success')
      assert.equal(locationOf(await browser.get(next).set('Accept', HTML)), '/list')
    })

    it('tells the browser of another account nothing', async () => {
      const first = await clicker(app)
      assert.equal((await press(first.browser, first.link)).status, 303)
      const second = await asked(app, { ...ginger, username: 'second', email: 'second@example.test' })
      assert.equal((await press(second.browser, first.link)).status, 410, 'a guest')
      assert.equal((await press(second.browser, second.link)).status, 303)
      assert.equal((await press(second.browser, first.link)).status, 410, 'another account')
    })

    it('tells a guest that the link is used if another browser is quicker', async () => {
      const { click, link } = await clicker(app)
      const [here, elsewhere] = await Promise.all([click(), press(app.browser(), link)])
      if (elsewhere.status === 200) assert.ok([409, 410].includes(here.status), String(here.status))
      else assert.deepEqual([here.status, elsewhere.status], [303, 410])
    })
  })

  it('is dead once another was asked for', async () => {
    const { browser, link } = await asked(app)
    await post(browser, { ...ginger, username: 'later' })
    assert.equal((await press(browser, link)).status, 410)
    assert.equal((await press(browser, lastLink(app))).status, 303)
    assert.equal(body(await browser.get('/who')).user?.username, 'later')
  })

  it('goes with the guest, whether converted elsewhere or swept away', async () => {
    const first = await asked(app)
    await app.Guest.convert(first.id, { username: 'elsewhere' })
    assert.equal((await press(first.browser, first.link)).status, 410)
    const second = await asked(app)
    await app.User.destroy({ where: { id: second.id } })
    assert.equal((await press(app.browser(), second.link)).status, 410)
    assert.equal(await pendingConversions(app).count(), 0)
    assert.deepEqual(app.verified, [undefined])
  })

  it('and a conversion elsewhere at the same time make one account', async () => {
    for (let round = 0; round < 4; round++) {
      const values = { ...ginger, username: `ginger${round}`, email: `ginger${round}@example.test` }
      const { id, link } = await asked(app, values)
      const [pressed, converted] = await Promise.allSettled([
        press(app.browser(), link),
        app.Guest.convert(id, { username: `elsewhere${round}` }),
      ])
      const verifiedNow = pressed.status === 'fulfilled' && pressed.value.status === 200
      assert.notEqual(verifiedNow, converted.status === 'fulfilled')
      const user = await app.User.findByPk(id)
      assert.equal(user?.username, verifiedNow ? values.username : `elsewhere${round}`)
      assert.equal(user.email, verifiedNow ? values.email : null)
    }
  })

  it('is not pressed by another site', async () => {
    const { link } = await asked(app)
    await app.browser().post(link).set('Sec-Fetch-Site', 'cross-site').expect(403)
    assert.equal(await app.Guest.count(), 1)
  })

  it('shows what was typed as text', async () => {
    const { link } = await asked(app, { ...ginger, username: '<b>"x' })
    const page = await app.browser().get(link).expect(200)
    assert.match(page.text, /&lt;b&gt;&quot;x/)
    assert.equal(page.headers['cache-control'], 'no-store')
    assert.equal(page.headers['referrer-policy'], 'strict-origin')
  })
})

describe('an address', () => {
  it('that is none, or invisible, is refused beside its field', async () => {
    const { browser } = await guest(app)
    for (const [email, message] of [
      ['', 'Please fill this in'],
      ['ginger', 'This is not an e-mail address'],
      ['a@b.test, c@d.test', 'This is not an e-mail address'],
      ['a@b.test\r\nBcc: all@victim.test', 'This is not an e-mail address'],
      ['gin\u00adger@example.test', 'This is not an e-mail address'],
    ] as const) {
      const response = await post(browser, { ...ginger, email })
      assert.equal(response.status, 422)
      assert.deepEqual(errorsOf(response.text), { email: message })
    }
    assert.equal(app.mailbox.length, 0)
    assert.equal(await pendingConversions(app).count(), 0)
  })

  it('of an account is refused, however it is spelt; so is the name of one', async () => {
    await app.User.create({ username: 'owner', email: 'Ginger@Example.test' })
    const { browser } = await guest(app)
    for (const email of ['ginger@example.test', 'GINGER@EXAMPLE.TEST', 'Ginger@ex\u00adample.test']) {
      const response = await post(browser, { ...ginger, email })
      assert.equal(response.status, 422, email)
      assert.deepEqual(errorsOf(response.text), { email: 'This address belongs to an account already' })
    }
    const named = await post(browser, { ...ginger, username: 'owner', email: 'new@example.test' })
    assert.deepEqual(errorsOf(named.text), { username: 'This username is taken' })
    assert.equal(app.mailbox.length, 0)
  })

  it('of an account is not told from a free one, with sendTaken', async () => {
    const told: string[] = []
    await withStage({ sendTaken: ({ email }) => told.push(email) }, async (stage) => {
      await stage.User.create({ username: 'owner', email: 'owner@example.test' })
      const observe = async (email: string) => {
        const asking = await asked(stage) // an earlier link, which dies either way
        stage.database.takeStatements()
        const response = await post(asking.browser, { ...ginger, email })
        const statements = stage.database.takeStatements().map((sql) => sql.replace(/'[^']*'/g, '?'))
        const old = await press(stage.browser(), asking.link)
        return {
          status: response.status,
          headers: locationOf(response),
          statements: statements.length,
          old: old.status,
        }
      }
      const free = await observe('free@example.test')
      const taken = await observe('owner@example.test')
      assert.deepEqual(taken, free)
      assert.deepEqual([taken.status, taken.old], [303, 410])
      assert.deepEqual(told, ['owner@example.test'])
      assert.equal(stage.mailbox.filter(({ email }) => email === 'owner@example.test').length, 0)
      const named = await post((await guest(stage)).browser, { ...ginger, username: 'owner' })
      assert.equal(named.status, 422)
    })
  })

  it('that got an account meanwhile is refused to the link, and the guest stays whole', async () => {
    const { browser, id, name, link } = await asked(app)
    await app.User.create({ username: 'quicker', email: 'GINGER@example.test' })
    const response = await press(browser, link)
    assert.equal(response.status, 409)
    assert.match(response.text, /This address belongs to an account by now/)
    const who = body(await browser.get('/who'))
    assert.deepEqual([who.isGuest, who.user], [true, { id, username: name }])
    assert.deepEqual(app.verified, [])
  })

  it('as a username that was taken meanwhile', async () => {
    const { browser, link } = await asked(app)
    await app.User.create({ username: 'ginger' })
    const response = await press(browser, link)
    assert.equal(response.status, 409)
    assert.match(response.text, /This username belongs to an account by now/)
    assert.equal(body(await browser.get('/who')).isGuest, true)
  })
})

describe('two routers that keep addresses in different attributes', () => {
  it('take no link of each other’s: an address is proven by the message that went to it', async () => {
    const sent: string[] = []
    const proven: unknown[] = []
    const host = await startHost({
      defineUser: plainUser({ email: DataTypes.STRING, mail: DataTypes.STRING }),
      guest: { onConvert: ({ verifiedEmail }) => proven.push(verifiedEmail) },
      routes(app, { Guest }) {
        for (const emailField of ['email', 'mail']) {
          app.use(
            `/by-${emailField}`,
            convertRouter({
              Guest,
              fields: ['username', 'email', 'mail'].map((name) => ({ name, label: name, type: 'text' })),
              schema: {
                '~standard': {
                  version: 1,
                  vendor: 'test',
                  validate: (value) => ({ value: value as object }),
                },
              },
              verifyEmail: {
                baseUrl: 'https://example.test',
                emailField,
                send: ({ link }) => sent.push(link),
              },
            }),
          )
        }
      },
    })
    const browser = host.browser()
    await browser.get('/play').expect(200)
    const typed = { username: 'mallory', email: 'mallory@example.test', mail: 'victim@example.test' }
    await browser.post('/by-email').type('form').send(typed).expect(303)
    const { pathname, search } = new URL(sent[0] ?? '')
    await host
      .browser()
      .post(pathname.replace('by-email', 'by-mail') + search)
      .set('Accept', HTML)
      .expect(410)
    assert.deepEqual(proven, [])
    await host
      .browser()
      .post(pathname + search)
      .set('Accept', HTML)
      .expect(200)
    assert.deepEqual(proven, ['mallory@example.test'])
    await host.close()
  })
})

describe('of several guests who ask for one address', () => {
  it('one gets it, with no unique index on it either', async () => {
    const links: string[] = []
    const host = await startHost({
      defineUser: plainUser({ email: DataTypes.STRING, password: DataTypes.STRING }),
      routes(application, { Guest }) {
        const verifyEmail = {
          baseUrl: 'https://example.test',
          send: ({ link }: { link: string }) => links.push(pathOf(link)),
        }
        application.use('/become', convertRouter({ Guest, hashPassword: () => 'hash', verifyEmail }))
      },
    })
    try {
      for (let round = 0; round < 4; round++) {
        links.length = 0
        for (const [index, email] of [
          `G${round}@example.test`,
          `g${round}@example.test`,
          `g${round}@EXAMPLE.test`,
        ].entries()) {
          const browser = host.browser()
          await browser.get('/play').expect(200)
          const values = { ...ginger, username: `ginger${round}${index}`, email }
          assert.equal((await post(browser, values, '/become')).status, 303)
        }
        const responses = await Promise.all(links.map((link) => press(host.browser(), link)))
        assert.deepEqual(responses.map(({ status }) => status).sort(), [200, 409, 409])
        const owners = (await host.User.findAll()).filter(
          (user) => String(user.get('email')).toLowerCase() === `g${round}@example.test`,
        )
        assert.equal(owners.length, 1)
      }
      assert.equal(await host.Guest.count(), 8)
    } finally {
      await host.close()
    }
  })
})

describe('a message that cannot be sent', () => {
  it('is confessed, keeps what was typed, leaves no pending conversion, and shuts no mailbox out', async () => {
    let fails = true
    const limiter = { email: new RateLimiterMemory({ points: 1, duration: 3600 }) }
    const send = ({ link }: { readonly link: string }): void => {
      if (fails) throw new Error('ECONNREFUSED 127.0.0.1:25', { cause: new Error(`not sent: ${link}`) })
    }
    await withStage({ send, limiter }, async (stage) => {
      const { browser } = await guest(stage)
      const warning = new Promise<Error>((resolve) => process.once('warning', resolve))
      const response = await post(browser, ginger)
      assert.equal(response.status, 503)
      assert.match(errorsOf(response.text)[''] ?? '', /could not send/)
      assert.match(response.text, /value="ginger@example.test"/)
      assert.doesNotMatch(response.text, /ECONNREFUSED|correct horse/)
      assert.match((await warning).message, /convertRouter.*ECONNREFUSED[^]*not sent: .*token=REDACTED/)
      assert.equal(Reflect.get(await warning, 'code'), 'CONVERT_SEND_FAILED')
      assert.equal(await pendingConversions(stage).count(), 0)
      fails = false
      assert.equal((await post(browser, ginger)).status, 303)
      assert.equal((await post(browser, ginger)).status, 429)
    })
  })

  it('does not take back a newer pending conversion', async () => {
    let attempts = 0
    const send = async ({ user }: { user: User }): Promise<void> => {
      if (attempts++ > 0) return
      const [pending] = await pendingConversions(stage).findAll({ where: { userId: user.id } })
      await pending?.update({ tokenHash: 'a newer one' })
      throw new Error('too late')
    }
    const stage = await startConversion(verifying({ send }))
    try {
      assert.equal((await post((await guest(stage)).browser, ginger)).status, 503)
      assert.equal(await pendingConversions(stage).count(), 1)
    } finally {
      await stage.close()
    }
  })
})

describe('a pending conversion', () => {
  it('of a guest who is converted while they ask is refused, as they are none any more', async () => {
    const stage = await startConversion({
      ...verifying(),
      hashPassword: async () => {
        await stage.Guest.convert(id, { username: 'elsewhere' })
        return 'hash'
      },
    })
    const { browser, id } = await guest(stage)
    try {
      const response = await post(browser, ginger)
      assert.equal(response.status, 409)
      assert.match(response.text, /account exists already/)
      assert.equal(stage.mailbox.length, 0)
    } finally {
      await stage.close()
    }
  })

  it('is one for each guest, however many are made at once', async () => {
    const { browser } = await guest(app)
    await browser.get('/convert')
    const responses = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        post(browser, { ...ginger, username: name, email: `${name}@example.test` }),
      ),
    )
    assert.deepEqual(
      responses.map(({ status }) => status),
      [303, 303, 303],
    )
    assert.equal(await pendingConversions(app).count(), 1)
    const statuses: number[] = []
    for (const { link } of app.mailbox) statuses.push((await press(app.browser(), pathOf(link))).status)
    assert.deepEqual(statuses.sort(), [200, 410, 410])
  })

  it('costs the session’s user, a look-up, two trials and one write; the button’s page one statement', async () => {
    const { browser } = await guest(app)
    app.database.takeStatements()
    await post(browser, ginger)
    const posted = app.database.takeStatements()
    // user; SELECT of the address; twice BEGIN, UPDATE, ROLLBACK; INSERT
    assert.equal(posted.length, 9, posted.join('\n'))
    await app.browser().get(lastLink(app)).expect(200)
    assert.equal(app.database.takeStatements().length, 1)
  })

  it('belongs to its guest model, of several on one database', async () => {
    const { sequelize, close } = await openDatabase()
    try {
      const [User, Member] = [
        plainUser()(sequelize),
        sequelize.define('Member', { username: DataTypes.STRING }),
      ]
      const models = [
        defineGuestModel(sequelize, { User }),
        defineGuestModel(sequelize, {
          User: Member,
          modelName: 'Newcomer',
          pendingConversionTableName: 'hopes',
        }),
      ]
      await sequelize.sync()
      const [first, second] = models.map((Model) => Model[guestSettings].PendingConversion)
      assert.deepEqual(
        [first?.name, second?.name, second?.getTableName()],
        ['PendingConversion', 'NewcomerPendingConversion', 'hopes'],
      )
    } finally {
      await close()
    }
  })
})
