import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VisitorModel } from 'passport-ephemeral'
import type { GuestsProgram } from '../guests-application.js'

interface Program extends GuestsProgram {
  readonly Visitor: VisitorModel
}

/** Runs after the page's own tests. The output of a test that fails begins with `not ok`. */
export default async function check({ Guest, User, Visitor }: Program) {
  await test('the tests of the page have run', async () => {
    assert.equal(await User.count({ where: { username: 'fred' } }), 1)
    assert.equal(await Visitor.count({ where: { uses: 1 } }), 1)
    assert.equal(await Guest.count(), 0)
  })
}
