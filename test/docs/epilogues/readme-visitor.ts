import assert from 'node:assert/strict'
import { ensureRegularUser, isGuest, isRegularUser, type VisitorModel } from 'passport-ephemeral'
import type { Express } from 'express'
import { browser } from '../client.js'

export default async function check({ app, Visitor }: { app: Express; Visitor: VisitorModel }) {
  app.get('/who', (req, res) => {
    res.json([req.user ?? null, req.visitor?.firstName, isGuest(req), isRegularUser(req)])
  })
  app.get('/settings', ensureRegularUser, (_req, res) => {
    res.send('Settings')
  })
  const pass = await Visitor.create({ firstName: 'Ginger', email: 'ginger@example.com', scope: 'REFERENCE' })
  const { pathname, search } = new URL(pass.tokenise('https://example.com/reference'))

  const ginger = browser(app)
  await ginger.get('/reference').expect(403)
  await ginger.get(pathname + search).expect(303)
  const { text } = await ginger.get('/reference').expect(200)
  assert.equal(text, 'Dear Ginger, your reference, please.')
  await ginger.get('/who').expect(200, [null, 'Ginger', false, false])
  await ginger.get('/settings').expect(302).expect('Location', '/login?next=%2Fsettings')
}
