import assert from 'node:assert/strict'
import type { Express } from 'express'
import type { VisitorModel } from 'passport-ephemeral'
import { browser } from '../client.js'
import { linkIn, type mailer as Mailer } from '../mailer.js'

interface Program {
  readonly app: Express
  readonly Visitor: VisitorModel
  readonly mailer: typeof Mailer
}

export default async function check({ app, Visitor, mailer }: Program) {
  const applicant = browser(app)
  const refused = await applicant.get('/tour?lang=en').expect(302)
  const form = String(refused.headers['location'])
  assert.match(form, /^\/visitor\?/)
  await applicant.get(form).expect(200)
  assert.equal(await Visitor.count(), 0)

  const ginger = { firstName: 'Ginger', lastName: 'Rogers', email: 'ginger@example.com' }
  await applicant.post(form).type('form').send(ginger).expect(303)
  await applicant.get('/tour').expect(302)

  const [mail] = mailer.sent
  assert.equal(mail?.to, 'ginger@example.com')
  const { origin, pathname, search } = new URL(linkIn(mail.text))
  assert.equal(origin, 'https://example.com')
  const reader = browser(app)
  await reader
    .get(pathname + search)
    .expect(303)
    .expect('Location', '/tour?lang=en')
  const tour = await reader.get('/tour').expect(200)
  assert.equal(tour.text, 'Welcome, Ginger Rogers')
}
