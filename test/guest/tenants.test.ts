import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { MemoryStore } from 'express-session'
import type { Response } from 'supertest'
import { ensureVisitor, selfServiceRouter, type SelfServiceMessage } from '../../src/index.js'
import { keyOf } from '../../src/guest/user-key.js'
import { isEmbedded, openDatabase } from '../support/database.js'
import {
  plainUser,
  startHost,
  type Host,
  type HostOptions,
  type HostWho,
} from '../support/host-application.js'
import { collectWarnings } from '../support/warnings.js'

const warnings = collectWarnings()

const open: Host[] = []
after(async () => {
  for (const each of open) await each.close()
})

/** An application of one tenant. On a server each database has a name of its own; the embedded ones have none. */
async function startTenant(
  store: MemoryStore,
  database: string,
  models: Pick<HostOptions, 'guest' | 'routes' | 'visitor'> = {},
): Promise<Host> {
  const host = await startHost({
    opened: await openDatabase(isEmbedded ? { database } : {}),
    defineUser: plainUser(),
    store,
    ...models,
  })
  open.push(host)
  return host
}

/** Asks with the cookies that another application has set. */
async function askWithCookiesOf(answer: Response, host: Host): Promise<HostWho> {
  const cookies = [answer.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.replace(/;.*/, ''))
  const response = await host.browser().get('/who').set('Cookie', cookies).expect(200)
  return response.body as HostWho
}

describe('two applications that share a session store and the name of their models', () => {
  it('never restore a guest as the user of the other database who has the same key', async () => {
    const store = new MemoryStore()
    const [one, other] = [await startTenant(store, 'tenant_a'), await startTenant(store, 'tenant_b')]
    await other.User.create({ username: 'owner' })
    const played = await one.browser().get('/play').expect(200)
    assert.equal((played.body as HostWho).key, '1')
    assert.equal((await askWithCookiesOf(played, one)).key, '1')
    assert.equal((await askWithCookiesOf(played, other)).key, null)
    assert.ok(warnings.some(({ code }) => code === 'SESSION_OF_ANOTHER_DATABASE'))
  })

  it('leave the visits of each other alone, and admit no visitor by them', async () => {
    const store = new MemoryStore()
    const [one, other] = [await startTenant(store, 'tenant_a'), await startTenant(store, 'tenant_b')]
    const visitor = await one.Visitor.create({ email: 'fred@example.test', scope: 'REFERENCE' })
    await other.Visitor.create({ email: 'fred@example.test', scope: 'REFERENCE' })
    const redeemed = await one.browser().get(visitor.tokenise('/who')).expect(303)
    assert.equal((await askWithCookiesOf(redeemed, other)).visitor, null)
    assert.equal((await askWithCookiesOf(redeemed, one)).visitor, visitor.id)
  })
})

describe('the forms of two tenants with one secret, at one path', () => {
  const mailbox: SelfServiceMessage[] = []
  const tenantWith =
    (isOpen: boolean): NonNullable<HostOptions['routes']> =>
    (app, { Visitor }) => {
      app.get('/tour', ensureVisitor('TOUR', { selfService: true }))
      app.get('/staff', ensureVisitor('STAFF', { selfService: isOpen }))
      const send = (message: SelfServiceMessage): number => mailbox.push(message)
      app.use('/visitor', selfServiceRouter({ Visitor, send, code: true, baseUrl: 'https://example.test' }))
    }
  const ginger = { firstName: 'Ginger', lastName: 'Rogers', email: 'ginger@example.test' }
  const formAt = async (browser: ReturnType<Host['browser']>, page: string): Promise<string> =>
    String((await browser.get(page).set('Accept', 'text/html').expect(302)).headers['location'])

  it('make no pass for a scope that only the other tenant gives to every person', async () => {
    const store = new MemoryStore()
    const one = await startTenant(store, 'tenant_a', { routes: tenantWith(true) })
    const other = await startTenant(store, 'tenant_b', { routes: tenantWith(false) })
    const form = await formAt(one.browser(), '/staff')
    await one.browser().get(form).expect(200)
    await other.browser().get(form).expect(400)
    await other.browser().post(form).type('form').send(ginger).expect(400)
    assert.equal(await other.Visitor.count(), 0)
  })

  it('count no attempt at the code of the pass with the same key', async () => {
    const store = new MemoryStore()
    const one = await startTenant(store, 'tenant_a', { routes: tenantWith(true) })
    const other = await startTenant(store, 'tenant_b', { routes: tenantWith(false) })
    const ask = async (host: Host) => {
      const browser = host.browser()
      const form = await formAt(browser, '/tour')
      const posted = await browser.post(form).type('form').send(ginger).expect(303)
      const cookies = [posted.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.replace(/;.*/, ''))
      return { browser, action: form.replace('/visitor', '/visitor/code'), cookies }
    }
    const [attacker, person] = [await ask(one), await ask(other)]
    const [, message] = mailbox.slice(-2)
    for (let attempt = 1; attempt <= 5; attempt++) {
      await other
        .browser()
        .post(person.action)
        .set('Cookie', attacker.cookies)
        .type('form')
        .send({ code: '00000000' })
        .expect(410)
    }
    await person.browser.post(person.action).type('form').send({ code: message?.code }).expect(303)
  })
})

describe('two processes of one application', () => {
  it('restore each other\u2019s users and visitors, by whatever address they reach the database', async () => {
    const store = new MemoryStore()
    const names = { databaseName: 'app' } // the test has two databases, whose rows have the same keys
    const one = await startTenant(store, 'app', { guest: names, visitor: names })
    const other = await startTenant(store, 'app', { guest: names, visitor: names })
    const visitor = await one.Visitor.create({ email: 'fred@example.test', scope: 'REFERENCE' })
    const { uuid, createdAt } = visitor
    await other.Visitor.create({ email: 'fred@example.test', scope: 'REFERENCE', uuid, createdAt })
    const redeemed = await one.browser().get(visitor.tokenise('/who')).expect(303)
    assert.equal((await askWithCookiesOf(redeemed, other)).visitor, visitor.id)
    const id = keyOf(await other.User.create({ username: 'fred' }))
    const played = await one.browser().get('/play').expect(200)
    const guest = await one.Guest.findOne({ rejectOnEmpty: true })
    await other.Guest.create({ userId: id, createdAt: guest.createdAt })
    assert.equal((await askWithCookiesOf(played, other)).key, String(id))
  })
})

describe('two visitor models of one name with tables of their own', () => {
  it('do not take each other\u2019s passes', async () => {
    const store = new MemoryStore()
    const [one, other] = [
      await startTenant(store, 'app', { visitor: { databaseName: 'app' } }),
      await startTenant(store, 'app', {
        visitor: { databaseName: 'app', logTableName: 'visits', tableName: 'passes' },
      }),
    ]
    const visitor = await one.Visitor.create({ email: 'fred@example.test', scope: 'REFERENCE' })
    const redeemed = await one.browser().get(visitor.tokenise('/who')).expect(303)
    await other.Visitor.create({ email: 'fred@example.test', scope: 'REFERENCE', uuid: visitor.uuid })
    assert.equal((await askWithCookiesOf(redeemed, other)).visitor, null)
    assert.equal((await askWithCookiesOf(redeemed, one)).visitor, visitor.id)
  })
})
