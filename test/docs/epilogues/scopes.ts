import assert from 'node:assert/strict'
import type { Express } from 'express'
import type { VisitorModel } from 'passport-ephemeral'
import { browser } from '../client.js'

export default async function check({ app, Visitor }: { app: Express; Visitor: VisitorModel }) {
  const pass = await Visitor.create({
    email: 'ginger@example.com',
    scope: 'REFERENCE_REQUEST',
    context: { about: 'Fred' },
  })
  const ginger = browser(app)
  await ginger.get(pass.tokenise('/about')).expect(303)
  assert.equal((await ginger.get('/about').expect(200)).text, 'Fred')
}
