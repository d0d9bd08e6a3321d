import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, DAY, later } from '../../support/clock.js'
import { codes } from '../stage.js'
import { Diagnosis } from './diagnosis.js'

describe('Of upkeep, diagnose', () => {
  const diagnosis = new Diagnosis()

  it('guests who expired long ago and were not deleted are reported', async () => {
    await diagnosis.makeTables()
    await diagnosis.models.Guest.createGuestUser()
    assert.deepEqual(await later(15 * DAY, () => diagnosis.check()), [])
    const findings = await later(17 * DAY, () => diagnosis.check())
    assert.deepEqual(codes(findings), ['EXPIRED_GUESTS_LEFT'])
    assert.match(findings[0]?.remedy ?? '', /'keep'.*foreign key/)
  })

  it('with sliding expiry, the time counts from when a guest was last seen', async () => {
    await diagnosis.database.close()
    await diagnosis.open({ expiry: 'sliding' })
    await diagnosis.makeTables()
    const user = await at(Date.now() - 20 * DAY * 1000, () => diagnosis.models.Guest.createGuestUser())
    assert.deepEqual(codes(await diagnosis.check()), ['EXPIRED_GUESTS_LEFT'])
    await diagnosis.models.Guest.update({ lastSeenAt: new Date() }, { where: { userId: user.id } })
    assert.deepEqual(await diagnosis.check(), [])
  })
})
