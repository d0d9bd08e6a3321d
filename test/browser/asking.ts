import assert from 'node:assert/strict'
import { emailTo, linkIn } from './mailbox.js'
import { chip, fill, takeScreenshots, open, path, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Fred, an anonymous client at first, asks for a reference. */
export async function requestReference({ demo, fred, mailbox, outsider, links }: Stage): Promise<void> {
  await step('Fred is anonymous at first, without a cookie', async () => {
    assert.equal(await open(fred, demo.address), 200)
    assert.match(await text(fred), /You are anonymous/)
    assert.deepEqual(await fred.context().cookies(), [])
    await takeScreenshots(fred, '01-home-anonymous')
  })

  await step('pages that require a user redirect him', async () => {
    await open(fred, `${demo.address}/outbox`)
    assert.equal(path(fred), '/')
    await open(fred, `${demo.address}/members`)
    assert.equal(path(fred), '/login')
    await takeScreenshots(fred, '02-login')
  })

  await step('writing a request makes Fred a guest', async () => {
    assert.equal(await open(fred, `${demo.address}/requests/new`), 200)
    assert.match(await chip(fred), /^guest /)
    await takeScreenshots(fred, '03-ask')
    const [cookie] = await fred.context().cookies()
    assert.equal(cookie?.httpOnly, true)
    assert.equal(cookie.sameSite, 'Lax')
  })

  await step(
    'an invalid form is shown again with its values, and with errors beside the fields',
    async () => {
      await fill(fred, { 'Your name': 'Fred', 'Their e-mail address': 'ginger at example' })
      assert.equal(await press(fred, 'Send the request'), 422)
      assert.equal(await fred.getByLabel('Your name').inputValue(), 'Fred')
      assert.equal(await fred.locator('#refereeEmail-error').innerText(), 'This is no e-mail address')
      assert.equal(await fred.getByLabel('Their e-mail address').getAttribute('aria-invalid'), 'true')
      await takeScreenshots(fred, '04-ask-errors')
    },
  )

  await step(
    'an e-mail that the mail server refuses stays in the outbox, and the page shows that',
    async () => {
      mailbox.isFull = true
      await fill(fred, {
        'What you are applying for': 'Leading dancer, Broadway',
        'Their name': 'Ginger',
        'Their e-mail address': 'ginger@example.com',
        'Your message': 'Dear Ginger,\nwould you put in a word for me?',
      })
      assert.equal(await press(fred, 'Send the request'), 200)
      assert.equal(path(fred), '/outbox')
      assert.match(await text(fred), /could not send this yet[\s\S]*would you put in a word for me/)
      assert.equal(await fred.locator('a[href*=vuid]').count(), 0)
      await takeScreenshots(fred, '05-outbox')
      await open(fred, `${demo.address}/requests`)
      assert.match(await text(fred), /has not been sent yet/)
      await open(fred, `${demo.address}/outbox`)
      assert.equal(await press(fred, 'Send again'), 200)
      assert.match(await text(fred), /could not send this yet/)
      assert.deepEqual(mailbox.received, [])
    },
  )

  await step('sent again, it arrives once, with his text and the link on its own line', async () => {
    mailbox.isFull = false
    assert.equal(await press(fred, 'Send again'), 200)
    assert.match(await text(fred), /outbox is empty/)
    assert.equal(mailbox.received.length, 1)
    const email = emailTo(mailbox, 'ginger@example.com')
    assert.deepEqual(email.from, { name: 'References', address: 'references@example.com' })
    assert.deepEqual(email.to, [{ name: 'Ginger', address: 'ginger@example.com' }])
    assert.equal(email.subject, 'Fred asks you for a reference')
    assert.match(email.text ?? '', /^Dear Ginger,\nwould you put in a word for me\?\n\n/)
    links.reference = linkIn(email)
    assert.ok(links.reference.startsWith(`${demo.address}/reference?vuid=`), links.reference)
  })

  await step('no page shows the link, and with a mail server there is no inbox', async () => {
    for (const page of ['/', '/outbox', '/requests']) {
      await open(fred, demo.address + page)
      assert.equal(await fred.locator('a[href*=vuid], a[href="/inbox"]').count(), 0)
    }
    assert.equal(await open(fred, `${demo.address}/inbox`), 404)
  })

  await step('the home page shows Fred that he is a guest, and his rows', async () => {
    await open(fred, demo.address)
    assert.match(await text(fred), /You are a guest[\s\S]*kept until/)
    await takeScreenshots(fred, '06-home-guest')
  })

  await step(
    'an outsider is refused: without a link, with a forged one, and for another guest’s rows',
    async () => {
      assert.equal(await open(outsider, `${demo.address}/reference`), 403)
      const forged = links.reference.replace(/vuid=(.)/, (_all, first) => `vuid=${first === 'a' ? 'b' : 'a'}`)
      assert.equal(await open(outsider, forged), 403)
      await takeScreenshots(outsider, '07-refused')
      assert.equal(await open(outsider, links.reference.slice(0, -5)), 403)
      await takeScreenshots(outsider, '08-malformed')
      await open(outsider, `${demo.address}/requests/new`)
      await open(outsider, `${demo.address}/outbox`)
      assert.doesNotMatch(await text(outsider), /Ginger/)
      for (const action of ['requests/1/withdraw', 'outbox/1/send', 'outbox/1/discard']) {
        const refused = await outsider.request.post(`${demo.address}/${action}`)
        assert.equal(refused.status(), 404, action)
      }
      const crossSite = await outsider.request.post(`${demo.address}/logout`, {
        headers: { origin: 'https://evil.test' },
      })
      assert.equal(crossSite.status(), 403)
    },
  )
}
