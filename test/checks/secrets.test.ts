import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Sequelize } from 'sequelize'
import { checkVisitorSecret } from '../../src/checks/diagnose.js'
import { finding } from '../../src/checks/finding.js'
import { defineVisitorModels, type Finding, type Secret } from '../../src/index.js'
import { RANDOM } from './stage.js'
import pg from 'pg'

function check(secret: Secret, isProduction = true): Finding[] {
  const sequelize = new Sequelize({ dialect: 'postgres', dialectModule: pg }) // never connected
  const { Visitor } = defineVisitorModels(sequelize, { secret })
  const findings: Finding[] = []
  checkVisitorSecret(Visitor, isProduction, (...parts) => findings.push(finding(...parts)))
  return findings
}

function summary(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity }) => `${severity}: ${code}`)
}

describe('checkVisitorSecret', () => {
  it('accepts a secret that is long and random', () => {
    assert.deepEqual(check(RANDOM), [])
    assert.deepEqual(check([RANDOM, '8f0c4a7d2be95163fa0e9d47c1b83625e6d20f7a']), [])
  })

  it('reports a secret that is short, repeats itself, or contains a word of an example', () => {
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

  it('repeats no secret in a finding', () => {
    const secrets = ['short one here', 'my-Super-SECRET-session-key-of-this-app', 'z'.repeat(40)]
    const told = JSON.stringify(check(secrets))
    for (const secret of secrets) assert.ok(!told.includes(secret))
  })

  it('reports that no secret signs', () => {
    assert.deepEqual(summary(check(false)), ['warning: VISITOR_SECRET_MISSING'])
    assert.deepEqual(summary(check([false, RANDOM])), ['warning: VISITOR_SECRET_MISSING'])
  })

  it('notes that bare UUIDs are still accepted', () => {
    assert.deepEqual(summary(check([RANDOM, false])), ['note: BARE_UUIDS_ACCEPTED'])
  })

  it('checks the earlier secrets as well', () => {
    assert.deepEqual(summary(check([RANDOM, 'old and short', false])), [
      'error: WEAK_VISITOR_SECRET',
      'note: BARE_UUIDS_ACCEPTED',
    ])
  })
})
