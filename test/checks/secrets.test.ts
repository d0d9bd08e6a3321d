import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Sequelize } from 'sequelize'
import { checkVisitorSecret } from '../../src/checks/secrets.js'
import { defineVisitorModels, type Finding, type Secret } from '../../src/index.js'
import { visitorSettings } from '../../src/visitor/visitor.js'
import { RANDOM } from './stage.js'
import pg from 'pg'

function check(secret: Secret, isProduction = true): Finding[] {
  const sequelize = new Sequelize({ dialect: 'postgres', dialectModule: pg }) // never connected
  const { Visitor } = defineVisitorModels(sequelize, { secret })
  return checkVisitorSecret({ name: Visitor.name, ...Visitor[visitorSettings].codec }, isProduction)
}

function summary(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity }) => `${severity}: ${code}`)
}

describe('the secret of visitors', () => {
  it('is fine if it is long and random', () => {
    assert.deepEqual(check(RANDOM), [])
    assert.deepEqual(check([RANDOM, '8f0c4a7d2be95163fa0e9d47c1b83625e6d20f7a']), [])
  })

  it('is weak if it is short, repeats itself, or stands in examples', () => {
    const weak = [
      'fourteen chars',
      'a'.repeat(64),
      'abc1'.repeat(20),
      'pS0w9m1Yc3tV'.repeat(4),
      'keyboard cat, keyboard dog, keyboard cow',
      'my-Super-SECRET-session-key-of-this-app',
      'please change me before this goes to production',
      'ChangeMe!ChangeMe!ChangeMe!ChangeMe?ChangeMe?',
    ]
    for (const secret of weak) {
      assert.deepEqual(summary(check(secret)), ['error: WEAK_VISITOR_SECRET'], secret)
      assert.deepEqual(summary(check(secret, false)), ['warning: WEAK_VISITOR_SECRET'], secret)
    }
  })

  it('is never told', () => {
    const secrets = ['short one here', 'my-Super-SECRET-session-key-of-this-app', 'z'.repeat(40)]
    const told = JSON.stringify(check(secrets))
    for (const secret of secrets) assert.ok(!told.includes(secret))
  })

  it('is missed if there is none that signs', () => {
    assert.deepEqual(summary(check(false)), ['warning: VISITOR_SECRET_MISSING'])
    assert.deepEqual(summary(check([false, RANDOM])), ['warning: VISITOR_SECRET_MISSING'])
  })

  it('does not help against bare UUIDs that are let in', () => {
    assert.deepEqual(summary(check([RANDOM, false])), ['note: BARE_UUIDS_ACCEPTED'])
  })

  it('is looked at with all that were in use before', () => {
    assert.deepEqual(summary(check([RANDOM, 'old and short', false])), [
      'error: WEAK_VISITOR_SECRET',
      'note: BARE_UUIDS_ACCEPTED',
    ])
  })
})
