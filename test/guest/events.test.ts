import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { cleanup, guestLogout, MergeFailed, type GuestEvents } from '../../src/index.js'
import { ginger, HTML, keep, startConversion } from './conversion/stage.js'
import { logIn, startStage, type StageOptions } from './merge/stage.js'
import type { TestApp, User } from '../support/application.js'

type Name = keyof GuestEvents
type Told = { [N in Name]: { readonly name: N; readonly event: GuestEvents<User>[N] } }[Name]

const NAMES: readonly Name[] = [
  'created',
  'refused',
  'converted',
  'merged',
  'mergeFailed',
  'loggedOut',
  'deleted',
  'expired',
]

let app: TestApp | undefined

afterEach(async () => {
  await app?.close()
  app = undefined
})

/** Every event of the application's guests, in order. */
function collect({ Guest }: TestApp): Told[] {
  const told: Told[] = []
  for (const name of NAMES) Guest.events.on(name, (event) => told.push({ name, event } as Told))
  return told
}

function namesOf(told: readonly Told[]): Name[] {
  return told.map(({ name }) => name)
}

async function start(options: StageOptions = {}) {
  const stage = await startStage(options)
  app = stage
  return { ...stage, told: collect(stage) }
}

describe('Guest.events', () => {
  it('tells of a guest that a request made, with the request, and of one that a program made, without', async () => {
    const { guest, told, Guest } = await start()
    const { id } = await guest()
    const [first] = told
    assert.ok(first?.name === 'created')
    assert.equal(first.event.user.id, id)
    assert.equal(first.event.req?.path, '/play')
    await Guest.createGuestUser()
    assert.ok(told[1]?.name === 'created')
    assert.equal(told[1].event.req, undefined)
    assert.equal(told.length, 2)
  })

  it('tells of nothing that the caller’s transaction undoes', async () => {
    const { Guest, sequelize, told } = await start()
    const kept = await Guest.createGuestUser()
    told.length = 0
    await assert.rejects(
      sequelize.transaction(async (transaction) => {
        await Guest.createGuestUser({ transaction })
        await Guest.convert(kept, { username: 'fred' }, { transaction })
        throw new Error('the caller gives up')
      }),
      /gives up/,
    )
    await assert.rejects(
      sequelize.transaction(async (transaction) => {
        await Guest.delete(kept, { transaction })
        throw new Error('the caller gives up')
      }),
      /gives up/,
    )
    assert.deepEqual(namesOf(told), [])
    await sequelize.transaction(async (transaction) => {
      await Guest.convert(kept, { username: 'fred' }, { transaction })
      assert.deepEqual(namesOf(told), [])
    })
    assert.deepEqual(namesOf(told), ['converted'])
  })

  it('tells why a request got no guest: the limit, the verification, or a foreign site', async () => {
    let isHuman = false
    let isOver = true
    const limiter = {
      async consume() {
        await Promise.resolve()
        if (isOver) throw Object.assign(new Error('over the limit'), { msBeforeNext: 1000 })
      },
    }
    const { browser, told } = await start({ guestStrategy: { limiter, verify: () => isHuman } })
    await browser().get('/play').expect(429)
    isOver = false
    await browser().get('/play').expect(403)
    isHuman = true
    await browser()
      .get('/play')
      .set({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' })
      .expect(200)
    assert.deepEqual(
      told.map(({ name, event }) => [name, 'reason' in event && event.reason]),
      [
        ['refused', 'limit'],
        ['refused', 'not-verified'],
        ['refused', 'foreign-request'],
      ],
    )
  })

  it('tells of a conversion on the page, with the request', async () => {
    const stage = await startConversion()
    app = stage
    const told = collect(stage)
    const browser = stage.browser()
    await browser.get('/play').expect(200)
    await browser.post('/convert').set('Accept', HTML).type('form').send(ginger).expect(303)
    assert.deepEqual(namesOf(told), ['created', 'converted'])
    const converted = told[1]
    assert.ok(converted?.name === 'converted')
    assert.equal(converted.event.user.username, 'ginger')
    assert.equal(converted.event.req?.method, 'POST')
    assert.equal(converted.event.verifiedEmail, undefined)
  })

  it('tells of a verified conversion when the address is verified, and not before', async () => {
    const stage = await startConversion({ verifyEmail: { send: keep, baseUrl: 'http://127.0.0.1' } })
    app = stage
    const told = collect(stage)
    const browser = stage.browser()
    await browser.get('/play').expect(200)
    await browser.post('/convert').set('Accept', HTML).type('form').send(ginger)
    assert.deepEqual(namesOf(told), ['created'])
    const { pathname, search } = new URL(stage.mailbox[0]?.link ?? '')
    await browser.post(`${pathname}${search}`).set('Accept', HTML).type('form').send({}).expect(303)
    const converted = told[1]
    assert.ok(converted?.name === 'converted')
    assert.equal(converted.event.verifiedEmail, ginger.email)
  })

  it('tells of a merge, and of one that failed with the reason', async () => {
    let fails = true
    const onMerge = (): void => {
      if (fails) throw new Error('not now')
    }
    const { guest, account, told } = await start({ merge: { onMerge } })
    const { browser, id } = await guest()
    const { id: accountId } = await account('fred')
    await logIn(browser, 'fred').expect(500)
    fails = false
    await logIn(browser, 'fred').expect(200)
    const [, failed, merged] = told
    assert.ok(failed?.name === 'mergeFailed')
    assert.ok(failed.event.error instanceof MergeFailed)
    assert.deepEqual([failed.event.guestId, failed.event.accountId], [id, accountId])
    assert.ok(merged?.name === 'merged')
    assert.deepEqual([merged.event.guestId, merged.event.accountId], [id, accountId])
    assert.equal(told.length, 3)
  })

  it('tells of a logout, a deletion with who did it, and how many guests a clean-up deleted', async () => {
    const { guest, told, Guest } = await start({
      routes: (host) => {
        host.use('/leave', guestLogout({ url: '/' }))
      },
    })
    const { browser, id } = await guest()
    await browser.post('/leave?confirm=yes')
    const other = await Guest.createGuestUser()
    await Guest.delete(other, { actor: 'help desk' })
    await cleanup({ Guest }, { maxAge: 0.001 })
    assert.deepEqual(namesOf(told), ['created', 'loggedOut', 'created', 'deleted', 'expired'])
    const [, loggedOut, , deleted, expired] = told
    assert.ok(loggedOut?.name === 'loggedOut' && deleted?.name === 'deleted' && expired?.name === 'expired')
    assert.equal(loggedOut.event.userId, id)
    assert.deepEqual([deleted.event.userId, deleted.event.actor], [other.id, 'help desk'])
    assert.deepEqual(expired.event, { guests: 1, req: undefined, actor: undefined })
  })
})
