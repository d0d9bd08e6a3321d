import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  CSRF_FIELD,
  csrfIn,
  readable,
  startAdmin,
  withoutMark,
  type AdminBrowser,
  type AdminStage,
} from './stage.js'

let app: AdminStage
let staff: AdminBrowser
before(async () => {
  app = await startAdmin({ cleanup: { batchSize: 1, dutyCycle: 0.0001 } }) // a step does not rest
  staff = await app.as('staff')
})
after(() => app.close())

describe('guests', () => {
  it('are found by username and id, and regular users are not', async () => {
    const guest = await app.Guest.createGuestUser({ generateUsername: () => 'guest_50%' })
    await app.Guest.createGuestUser({ generateUsername: () => 'guest_other' })
    const found = async (q: string) =>
      readable(await staff.get(`/admin/guests?q=${encodeURIComponent(q)}`).expect(200)).replace(
        /.*Expires/,
        '',
      )
    for (const q of ['guest_50%', 'GUEST_50', '0%', String(guest.id)]) {
      assert.match(await found(q), /guest_50%/, q)
      assert.doesNotMatch(await found(q), /guest_other/, q)
    }
    assert.match(await found('staff'), /No guest matches/)
    for (const query of [
      'q[]=a',
      'q=%00',
      'after=x',
      'after=1.x',
      'after=1.99999999999999999999',
      'q=99999999999999999999',
    ])
      assert.equal((await staff.get(`/admin/guests?${query}`)).status, 200, query)
  })

  it('are deleted after a confirmation, as an event that tells who did it', async () => {
    const guest = await app.Guest.createGuestUser()
    const path = `/admin/guests/${String(guest.id)}`
    const told: unknown[] = []
    app.Guest.events.once('deleted', ({ userId, actor }) => told.push([userId, actor]))
    assert.match(readable(await staff.get(path)), /cannot be undone/)
    assert.equal((await staff.post(`${path}/delete`, {}, path)).status, 422)
    assert.notEqual(await app.User.findByPk(guest.id), null)
    const confirmed = await staff.post(`${path}/delete`, { confirmed: 'yes' }, path)
    assert.equal(withoutMark(confirmed.headers), '/admin/guests?done=yes')
    assert.match(readable(await staff.get(confirmed.headers['location'] ?? '')), /Done\./)
    assert.equal(await app.User.findByPk(guest.id), null)
    const operator = await app.User.findOne({ where: { username: 'staff' } })
    assert.deepEqual(told, [[guest.id, operator?.id]])
    assert.equal((await staff.get(path)).status, 404)
  })

  it('are deleted by a double click, of which each is answered as one', async () => {
    const guest = await app.Guest.createGuestUser()
    const path = `/admin/guests/${String(guest.id)}`
    const form = { [CSRF_FIELD]: csrfIn(await staff.get(path)), confirmed: 'yes' }
    for (const clicks of [2, 1]) {
      const answers = await Promise.all(
        Array.from({ length: clicks }, () => staff.send(`${path}/delete`, form)),
      )
      for (const { status, headers } of answers)
        assert.deepEqual([status, withoutMark(headers)], [303, '/admin/guests?done=yes'])
    }
  })

  it('are guests only: a regular user, and any other id, is not there', async () => {
    const operator = await app.User.findOne({ where: { username: 'staff' }, rejectOnEmpty: true })
    for (const id of [
      String(operator.id),
      '0',
      'x',
      '99999999999999999999',
      "1'",
      '%00',
      '9007199254740991',
    ]) {
      assert.equal((await staff.get(`/admin/guests/${id}`)).status, 404, id)
      assert.equal(
        (await staff.post(`/admin/guests/${id}/delete`, { confirmed: 'yes' }, '/admin/passes/invite')).status,
        { [operator.id]: 409, 0: 303, 9007199254740991: 303 }[id] ?? 404, // a number that no user has is one that is gone
        id,
      )
    }
    assert.notEqual(await app.User.findByPk(operator.id), null)
  })
})

describe('the clean-up', () => {
  it('counts what is due, deletes it, and tells who did it', async () => {
    const guest = await app.Guest.createGuestUser()
    await app.Guest.update({ createdAt: new Date(0) }, { where: { userId: guest.id } })
    const told: unknown[] = []
    app.Guest.events.once('expired', ({ guests, actor }) => told.push([guests, actor]))
    const due = await staff.get('/admin/cleanup?count=yes').expect(200)
    assert.match(readable(due), /Guests 1 /)
    assert.notEqual(await app.Guest.findByPk(guest.id), null)
    const done = await staff.post(
      '/admin/cleanup',
      { guests: '41', passes: 'x', visits: '-1' },
      '/admin/cleanup?count=yes',
    )
    assert.match(readable(done), /The clean-up is through .* Guests 42 .* Passes 0 /)
    assert.equal(await app.Guest.findByPk(guest.id), null)
    const operator = await app.User.findOne({ where: { username: 'staff' } })
    assert.deepEqual(told, [[1, operator?.id]])
  })

  it('tells that nothing is due, and offers no button that deletes it', async () => {
    await staff.post('/admin/cleanup', {}, '/admin/passes/invite')
    const { text } = await staff.get('/admin/cleanup?count=yes').expect(200)
    assert.match(readable({ text }), /Guests 0 .* Nothing more is due\./)
    assert.doesNotMatch(text, /method="post"/)
  })

  it('stops after some seconds, and goes on where it stopped by the button, with what it has deleted in all', async () => {
    const keep = { guests: () => setTimeout(3100, false) } // each batch takes longer than a step
    const slow = await startAdmin({ cleanup: { batchSize: 1, keep } })
    try {
      const operator = await slow.as('staff')
      for (let guests = 0; guests < 2; guests += 1)
        await slow.Guest.update(
          { createdAt: new Date(0) },
          { where: { userId: (await slow.Guest.createGuestUser()).id } },
        )
      const first = await operator.post('/admin/cleanup', {}, '/admin/cleanup?count=yes')
      assert.match(readable(first), /The clean-up is under way .* Guests 1 .* More is due\. Go on /)
      assert.equal(await slow.Guest.count(), 1)
      const form = Object.fromEntries(
        [...first.text.matchAll(/type="hidden"\s+name="([\w-]+)"\s+value="([^"]*)"/g)].map(
          ([, name = '', value]) => [name, value],
        ),
      )
      const second = await operator.send('/admin/cleanup', form)
      assert.match(readable(second), / Guests 2 /)
      assert.equal(await slow.Guest.count(), 0)
    } finally {
      await slow.close()
    }
  })
})

describe('the doctor', () => {
  it('shows findings with their remedies', async () => {
    const { text } = await staff.get('/admin/doctor').expect(200)
    assert.match(readable({ text }), /Doctor/)
    assert.doesNotMatch(text, /a secret of more than thirty-two/)
    assert.doesNotMatch(text, /NOT_REACHED|href="(https:|node_modules)/)
  })
})
