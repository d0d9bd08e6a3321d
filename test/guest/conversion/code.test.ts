import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import supertest from 'supertest'
import type { VerifyEmailOptions } from '../../../src/index.js'
import { guestSettings } from '../../../src/guest/guest.js'
import { BROWSER, type User } from '../../support/application.js'
import { later, MINUTE } from '../../support/clock.js'
import {
  body,
  errorsOf,
  fred,
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
const refused: { reason: string; userId: unknown }[] = []
before(async () => {
  app = await startConversion(verifying({ code: true }))
  app.Guest.events.on('refused', ({ reason, userId }) => refused.push({ reason, userId }))
})
after(() => app.close())
afterEach(async () => {
  app.mailbox.length = 0
  app.verified.length = 0
  refused.length = 0
  await app.User.destroy({ where: {} })
})

const CODE = '/convert/code'
const pendingConversions = (stage: Stage) => stage.Guest[guestSettings].PendingConversion
const wrong = (code: string, n = 1): string => String((Number(code) + n) % 10 ** 8).padStart(8, '0')
const cookiesOf = (response: { headers: Record<string, unknown> }): string =>
  (response.headers['set-cookie'] as string[]).map((each) => each.split(';')[0]).join('; ')
const isGuest = async (browser: Stage['browser'] extends () => infer B ? B : never) =>
  body(await browser.get('/who')).isGuest

/** A guest who has asked for an account, and the message that they got. */
async function asked(stage: Stage = app, values: object = ginger) {
  const asking = await guest(stage)
  const response = await post(asking.browser, values)
  assert.equal(response.status, 303, response.text)
  const { code = '', link = '' } = stage.mailbox.at(-1) ?? {}
  return { ...asking, response, code, link: pathOf(link) }
}
async function withStage(options: Partial<VerifyEmailOptions<User>>, work: (stage: Stage) => Promise<void>) {
  const stage = await startConversion(verifying({ code: true, ...options }))
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

describe('a code from the message of verifyEmail', () => {
  it('makes the guest who asked a regular user, in the browser that asked', async () => {
    const { browser, id, code } = await asked()
    const page = await browser.get('/convert/sent').expect(200)
    assert.match(page.text, /<bdi>ginger@example\.test<\/bdi>.*within 10 minutes/)
    assert.match(page.text, /autocomplete="one-time-code"/)
    assert.match(page.text, /action="\/convert\/code"/)
    const typed = await post(browser, { code }, CODE)
    assert.deepEqual([typed.status, typed.headers['location']], [303, '/convert/success'])
    const who = body(await browser.get('/who'))
    assert.deepEqual([who.isGuest, who.user], [false, { id, username: 'ginger' }])
    assert.deepEqual(app.verified, ['ginger@example.test'])
    assert.equal(await pendingConversions(app).count(), 0)
  })

  it('is stored as a digest only, with what the browser keeps', async () => {
    const { code, response } = await asked()
    const row = await pendingConversions(app).findOne({ raw: true })
    assert.ok(!JSON.stringify(row).includes(code))
    const cookie = String(
      (response.headers['set-cookie'] as unknown as string[]).find((each) => each.startsWith('guest-code=')),
    )
    assert.match(cookie, /^guest-code=[\w-]{32}; Max-Age=600; Path=\/convert; .*HttpOnly/)
  })

  it('goes on to the page that was asked for first', async () => {
    const { browser } = await guest(app)
    await post(browser, ginger, '/convert?next=%2Fplay').then(({ status }) => {
      assert.equal(status, 303)
    })
    const typed = await post(browser, { code: app.mailbox.at(-1)?.code }, `${CODE}?next=%2Fplay`)
    assert.equal(typed.headers['location'], '/play')
  })

  it('that is wrong leaves four attempts; five void it, and the link still works', async () => {
    const { browser, id, code, link } = await asked()
    const first = await post(browser, { code: wrong(code) }, CODE)
    assert.equal(first.status, 422)
    assert.match(errorsOf(first.text)['code'] ?? '', /Attempts left: 4/)
    for (const n of [2, 3, 4]) assert.equal((await post(browser, { code: wrong(code, n) }, CODE)).status, 422)
    const last = await post(browser, { code: wrong(code, 5) }, CODE)
    assert.equal(last.status, 410)
    assert.match(errorsOf(last.text)[''] ?? '', /does not work any more/)
    assert.match(last.text, /value="ginger@example.test"/, 'the form to ask for another one')
    assert.equal((await post(browser, { code }, CODE)).status, 410)
    assert.deepEqual(refused, Array(5).fill({ reason: 'wrong-code', userId: id }))
    assert.ok(await isGuest(browser))
    await browser.post(link).set('Accept', HTML).expect(303)
    assert.ok(!(await isGuest(browser)))
  })

  it('is worth nothing to another guest, in another browser, or without the cookie', async () => {
    const { code, response, id } = await asked()
    const thief = await asked(app, { ...fred, email: 'eve@example.test' })
    assert.equal((await post(thief.browser, { code }, CODE)).status, 422)
    const withBoth = await supertest(app.origin)
      .post(CODE)
      .set({ 'User-Agent': BROWSER, Accept: HTML, Cookie: cookiesOf(response) })
      .type('form')
      .send({ code })
    assert.equal(
      withBoth.headers['location'],
      '/login?next=%2Fconvert%2Fcode',
      'the cookie without the session',
    )
    const row = await pendingConversions(app).findByPk(id)
    assert.equal(row?.codeAttempts, 0)
    assert.equal(await app.Guest.count(), 2)
  })

  it('is void after ten minutes, and where a newer one was asked for', async () => {
    const { browser, code } = await asked()
    await later(10 * MINUTE + 1, async () => {
      assert.equal((await post(browser, { code }, CODE)).status, 410)
    })
    await post(browser, ginger)
    const newer = app.mailbox.at(-1)?.code ?? ''
    if (newer !== code) assert.equal((await post(browser, { code }, CODE)).status, 422)
    assert.equal((await post(browser, { code: newer }, CODE)).status, 303)
  })

  it('and its link make one account between them, whichever is first', async () => {
    const one = await asked()
    assert.equal((await post(one.browser, { code: one.code }, CODE)).status, 303)
    await app.browser().post(one.link).set('Accept', HTML).expect(410)
    const two = await asked(app, { ...fred, email: 'fred@example.test' })
    await app.browser().post(two.link).set('Accept', HTML).expect(200)
    const late = await post(two.browser, { code: two.code }, CODE)
    assert.equal(late.headers['location'], '/login?next=%2Fconvert%2Fcode')
    assert.equal(await app.User.count(), 2)
  })

  it('converts once, by however many clicks, of the code and of the link', async () => {
    for (let round = 0; round < 5; round++) {
      const name = `ginger${String(round)}`
      const { browser, id, code, link } = await asked(app, {
        ...ginger,
        username: name,
        email: `${name}@x.test`,
      })
      const answers = await Promise.all([
        post(browser, { code }, CODE),
        browser.post(link).set('Accept', HTML),
        post(browser, { code }, CODE),
      ])
      for (const { status, headers } of answers) {
        assert.equal(status, 303)
        assert.equal(headers['location'], '/convert/success')
      }
      assert.equal(await app.User.count({ where: { id, username: name } }), 1)
      assert.equal(app.verified.length, round + 1)
    }
  })

  it('is compared five times at most, however many guess at once', async () => {
    const { browser, id, code } = await asked()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => post(browser, { code: wrong(code, n + 1) }, CODE)),
    )
    assert.ok(answers.every(({ status }) => status === 422 || status === 410))
    assert.equal((await pendingConversions(app).findByPk(id))?.codeAttempts, 5)
    assert.equal(refused.length, 5)
    assert.equal((await post(browser, { code }, CODE)).status, 410)
  })

  it('tells who has an account no more than the link does', async () => {
    const told: string[] = []
    await withStage({ sendTaken: ({ email }) => told.push(email) }, async (stage) => {
      await stage.User.create({ username: 'owner', email: 'ginger@example.test' })
      const { browser } = await guest(stage)
      const posted = await post(browser, ginger)
      assert.equal(posted.headers['location'], '/convert/sent')
      assert.deepEqual([told, stage.mailbox.length], [['ginger@example.test'], 0])
      assert.match((await browser.get('/convert/sent').expect(200)).text, /name="code"/)
      const page = await post(browser, { code: '00000000' }, CODE)
      assert.match(errorsOf(page.text)['code'] ?? '', /Attempts left: 4/)
    })
  })

  it('is refused from a foreign site, and there is none without the option', async () => {
    const { browser, code } = await asked()
    await browser.post(CODE).set('Sec-Fetch-Site', 'cross-site').type('form').send({ code }).expect(403)
    assert.ok(await isGuest(browser))
    await withStage({ code: false }, async (stage) => {
      const without = await asked(stage)
      assert.equal(without.code, '')
      assert.doesNotMatch((await without.browser.get('/convert/sent').expect(200)).text, /name="code"/)
      assert.equal((await post(without.browser, { code: '12345678' }, CODE)).status, 404)
    })
  })
})
