import assert from 'node:assert/strict'
import type { Express } from 'express'
import { ensureVisitor, errorPages, SCOPE_ANY, type VisitorModel } from 'passport-ephemeral'
import { browser } from '../client.js'
import { linkIn, type mailer as Mailer } from '../mailer.js'

interface Program {
  readonly app: Express
  readonly Visitor: VisitorModel
  readonly mailer: typeof Mailer
}

export default async function check({ app, Visitor, mailer }: Program) {
  app.get('/reference', ensureVisitor(SCOPE_ANY), (req, res) => res.send(req.visitor.fullName))
  app.use(errorPages())
  const expiresAt = new Date(Date.now() - 1000)
  const pass = await Visitor.create({
    firstName: 'Ginger',
    email: 'ginger@example.com',
    scope: 'A',
    expiresAt,
  })
  const ginger = browser(app)
  const refused = await ginger.get(pass.tokenise('/reference')).expect(403)
  const [, action = ''] = /action="([^"]+)"/.exec(refused.text) ?? []
  await ginger.post(action.replaceAll('&amp;', '&')).expect(200)

  const deadline = Date.now() + 5000 // the message is sent after the response
  while (mailer.sent.length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 10))
  const { pathname, search } = new URL(linkIn(mailer.sent[0]?.text))
  await ginger.get(pathname + search).expect(303)
  assert.equal((await ginger.get('/reference').expect(200)).text, 'Ginger')
}
