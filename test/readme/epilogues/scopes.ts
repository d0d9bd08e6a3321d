import assert from 'node:assert/strict'
import type { Express } from 'express'
import { ensureVisitor, type VisitorModel } from 'passport-ephemeral'
import { browser } from '../client.js'

export default async function check({ app, Visitor }: { app: Express; Visitor: VisitorModel }) {
  // @ts-expect-error -- a scope with a typo
  ensureVisitor('REFERNCE_REQUEST')

  const email = 'ginger@example.com'
  // @ts-expect-error -- another scope's context
  const build = () => Visitor.build({ email, scope: 'REFERENCE_REQUEST', context: null })
  assert.equal(typeof build, 'function')

  const pass = await Visitor.create({ email, scope: 'REFERENCE_REQUEST', context: { about: 'Fred' } })
  const ginger = browser(app)
  await ginger.get(pass.tokenise('/about')).expect(303)
  assert.equal((await ginger.get('/about').expect(200)).text, 'Fred')
}
