import assert from 'node:assert/strict'
import type { Express } from 'express'
import type { Visitor } from 'passport-ephemeral'
import { browser } from '../client.js'

export default async function check({ app, pass, link }: { app: Express; pass: Visitor; link: string }) {
  const { origin, pathname, search, searchParams } = new URL(link)
  assert.equal(origin + pathname, 'https://example.com/reference')
  assert(searchParams.has('vuid'))

  const ginger = browser(app)
  const refused = await ginger.get('/reference').expect(403)
  assert.match(refused.text, /This page is by invitation/)

  const arrival = await ginger.get(pathname + search)
  assert.equal(arrival.status, 303)
  assert.equal(arrival.headers['location'], '/reference')

  const form = await ginger.get('/reference')
  assert.equal(form.status, 200)
  assert.equal(form.text, 'Dear Ginger Rogers, your reference, please.')

  assert.equal((await browser(app).get('/reference')).status, 403)

  await pass.deactivate()
  assert.equal((await ginger.get('/reference')).status, 403)
}
