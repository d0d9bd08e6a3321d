import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import express from 'express'
import session from 'express-session'
import {
  cookiesNamed,
  dropCookie,
  giveSignedCookie,
  readSignedCookie,
  readSignedCookies,
  type Seal,
  type SignedCookie,
} from '../../src/http/signed-cookie.js'
import { later } from '../support/clock.js'

const sign = (content: Uint8Array): Buffer => createHmac('sha256', 'secret').update(content).digest()
const seal: Seal = {
  sign,
  isGenuine: (content, signature) => signature.length === 32 && timingSafeEqual(sign(content), signature),
}
const plain: SignedCookie = { name: 'plain', seal, lifetime: 60, context: 'client' }
const kinds: Record<string, SignedCookie> = {
  plain,
  below: { ...plain, name: 'below', path: '/below' },
  brief: { ...plain, name: 'brief', untilBrowserCloses: true },
  other: { ...plain, context: 'another client' },
}

let server: Server
let droppedLate = false
before(async () => {
  const app = express()
  const cookie = { path: '/app', sameSite: 'lax' } as const
  app.use(session({ secret: 's', resave: false, saveUninitialized: false, cookie }))
  app.get('/app/give/:kind', (req, res) => {
    giveSignedCookie(req, kinds[req.params.kind] ?? plain, 'content1')
    res.end()
  })
  app.get('/app/read/:kind', (req, res) => res.json(readSignedCookies(req, kinds[req.params.kind] ?? plain)))
  app.get('/app/first', (req, res) => res.json([readSignedCookie(req, plain)]))
  app.get('/app/named', (req, res) => res.json(cookiesNamed(req, 'plain')))
  app.get('/app/drop', (req, res) => {
    dropCookie(req, 'plain')
    res.end()
    assert.doesNotThrow(() => {
      dropCookie(req, 'plain')
    })
    droppedLate = true
  })
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => server.close())

const ask = (path: string, cookie?: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/app${path}`, {
    headers: cookie === undefined ? {} : { cookie },
  })
const given = async (kind: string): Promise<string> =>
  (await ask(`/give/${kind}`)).headers.get('set-cookie') ?? ''
const valueOf = async (): Promise<string> => /^plain=([^;]+)/.exec(await given('plain'))?.[1] ?? ''
const read = async (cookie?: string, kind = 'plain'): Promise<unknown> =>
  (await ask(`/read/${kind}`, cookie)).json()

describe('a signed cookie', () => {
  it('comes back as it was, each of several of one name, and none is read where none was sent', async () => {
    const value = await valueOf()
    assert.deepEqual(await read(`plain=${value}`), ['content1'])
    assert.deepEqual(await read(`a=b; plain=${value}; plain=x; plain=${value}`), ['content1', 'content1'])
    assert.deepEqual(await (await ask('/first', `plain=x; plain=${value}`)).json(), ['content1'])
    assert.deepEqual(await (await ask('/named', 'a=b; plain=x; c')).json(), ['x'])
    assert.deepEqual(await read(), [])
    assert.deepEqual(await read('a=b'), [])
  })

  it('has its lifetime, its path or that of the session’s, or ends with the browser', async () => {
    assert.match(await given('plain'), /; Max-Age=60; Path=\/app; .*HttpOnly; SameSite=Lax$/)
    assert.match(await given('below'), /; Max-Age=60; Path=\/below; /)
    const brief = await given('brief')
    assert.match(brief, /; Path=\/app; /)
    assert.doesNotMatch(brief, /Max-Age|Expires/)
  })

  it('is worth nothing after its lifetime, although the client keeps it', async () => {
    const value = await valueOf()
    await later(58, async () => {
      assert.deepEqual(await read(`plain=${value}`), ['content1'])
    })
    await later(62, async () => {
      assert.deepEqual(await read(`plain=${value}`), [])
    })
  })

  it('is worth nothing under another name, or in another context', async () => {
    const value = await valueOf()
    assert.deepEqual(await read(`below=${value}`, 'below'), [])
    assert.deepEqual(await read(`plain=${value}`, 'other'), [])
  })

  it('is worth nothing with any part changed, moved into the next, left out, or with text around it', async () => {
    const value = await valueOf()
    const [content = '', expiry = '', signature = ''] = value.split('.')
    for (const changed of [
      `content2.${expiry}.${signature}`,
      `content.1${expiry}.${signature}`,
      `${content}.z${expiry.slice(1)}.${signature}`,
      `${content}.${expiry}`,
      `${content}.${expiry}.`,
      `${content}..${signature}`,
      `!${value}`,
      `${value}!`,
      `${value}.${signature}`,
      '',
    ])
      assert.deepEqual(await read(`plain=${changed}`), [], changed)
  })

  it('is dropped with the attributes it was given, as long as the response has not begun', async () => {
    const response = await ask('/drop')
    assert.equal(response.status, 200)
    assert.match(response.headers.get('set-cookie') ?? '', /^plain=; Path=\/app; Expires=Thu, 01 Jan 1970/)
    assert.ok(droppedLate)
  })
})
