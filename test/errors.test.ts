import assert from 'node:assert/strict'
import { it } from 'node:test'
import { EphemeralError, GuestRequired, VisitorAccessDenied } from '../src/index.js'

it('an error has its status under the name statusCode as well, for NestJS and Fastify', () => {
  for (const error of [
    new GuestRequired(401),
    new GuestRequired(403),
    new VisitorAccessDenied(['A'], 'gone'),
  ]) {
    assert.ok(error instanceof EphemeralError)
    assert.equal(error.statusCode, error.status)
  }
  assert.equal(new GuestRequired(401).statusCode, 401)
})

it('an error of an application’s own that extends ours has its status under both names', () => {
  class QuotaExceeded extends EphemeralError {
    override readonly status = 402
  }
  assert.equal(new QuotaExceeded('Too many passes').statusCode, 402)
})
