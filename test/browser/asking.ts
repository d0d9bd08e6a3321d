import assert from 'node:assert/strict'
import { emailTo, linkIn } from './mailbox.js'
import { chip, fill, look, open, path, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Fred, who never registered, asks for a reference. */
export async function fredAsks({ demo, fred, mailbox, outsider, links }: Stage): Promise<void> {
  await step('Fred arrives and is anonymous, without so much as a cookie', async () => {
    assert.equal(await open(fred, demo.address), 200)
    assert.match(await text(fred), /You are anonymous/)
    assert.deepEqual(await fred.context().cookies(), [])
    await look(fred, '01-home-anonymous')
  })

  await step('pages that need somebody send him away', async () => {
    await open(fred, `${demo.address}/outbox`)
    assert.equal(path(fred), '/')
    await open(fred, `${demo.address}/members`)
    assert.equal(path(fred), '/login')
    await look(fred, '02-login')
  })

  await step('writing a request makes Fred a guest', async () => {
    assert.equal(await open(fred, `${demo.address}/requests/new`), 200)
    assert.match(await chip(fred), /^guest /)
    await look(fred, '03-ask')
    const [cookie] = await fred.context().cookies()
    assert.equal(cookie?.httpOnly, true)
    assert.equal(cookie.sameSite, 'Lax')
  })

  await step(
    'a form with mistakes comes back with what he typed and the errors beside the fields',
    async () => {
      await fill(fred, { 'Your name': 'Fred', 'Their e-mail address': 'ginger at example' })
      assert.equal(await press(fred, 'Send the request'), 422)
      assert.equal(await fred.getByLabel('Your name').inputValue(), 'Fred')
      assert.equal(await fred.locator('#refereeEmail-error').innerText(), 'This is no e-mail address')
      assert.equal(await fred.getByLabel('Their e-mail address').getAttribute('aria-invalid'), 'true')
      await look(fred, '04-ask-errors')
    },
  )

  await step('a mail server that refuses costs Fred nothing: his words wait, and he is told', async () => {
    mailbox.isFull = true
    await fill(fred, {
      'What you are applying for': 'Leading dancer, Broadway',
      'Their name': 'Ginger',
      'Their e-mail address': 'ginger@example.com',
      'A few words to them': 'Dear Ginger,\nwould you put in a word for me?',
    })
    assert.equal(await press(fred, 'Send the request'), 200)
    assert.equal(path(fred), '/outbox')
    assert.match(await text(fred), /could not send this yet[\s\S]*would you put in a word for me/)
    assert.equal(await fred.locator('a[href*=vuid]').count(), 0)
    await look(fred, '05-outbox')
    await open(fred, `${demo.address}/requests`)
    assert.match(await text(fred), /has not been sent yet/)
    await open(fred, `${demo.address}/outbox`)
    assert.equal(await press(fred, 'Send again'), 200)
    assert.match(await text(fred), /could not send this yet/)
    assert.deepEqual(mailbox.received, [])
  })

  await step(
    'sent again, it arrives over SMTP, once, in his words and with a link on a line of its own',
    async () => {
      mailbox.isFull = false
      assert.equal(await press(fred, 'Send again'), 200)
      assert.match(await text(fred), /Nothing waits here/)
      assert.equal(mailbox.received.length, 1)
      const email = emailTo(mailbox, 'ginger@example.com')
      assert.deepEqual(email.from, { name: 'References', address: 'references@example.com' })
      assert.deepEqual(email.to, [{ name: 'Ginger', address: 'ginger@example.com' }])
      assert.equal(email.subject, 'Fred asks you for a reference')
      assert.match(email.text ?? '', /^Dear Ginger,\nwould you put in a word for me\?\n\n/)
      links.reference = linkIn(email)
      assert.ok(links.reference.startsWith(`${demo.address}/reference?vuid=`), links.reference)
    },
  )

  await step(
    'only Ginger has the link: no page shows it, and where a mail server is, there is no inbox',
    async () => {
      for (const page of ['/', '/outbox', '/requests']) {
        await open(fred, demo.address + page)
        assert.equal(await fred.locator('a[href*=vuid], a[href="/inbox"]').count(), 0)
      }
      assert.equal(await open(fred, `${demo.address}/inbox`), 404)
    },
  )

  await step('the landing page tells Fred that he is a guest, and by which rows', async () => {
    await open(fred, demo.address)
    assert.match(await text(fred), /You are a guest[\s\S]*kept until/)
    await look(fred, '06-home-guest')
  })

  await step(
    'an outsider gets into nothing: no link, somebody else’s page, another guest’s things',
    async () => {
      assert.equal(await open(outsider, `${demo.address}/reference`), 403)
      const forged = links.reference.replace(/vuid=(.)/, (_all, first) => `vuid=${first === 'a' ? 'b' : 'a'}`)
      assert.equal(await open(outsider, forged), 403)
      await look(outsider, '07-refused')
      assert.equal(await open(outsider, links.reference.slice(0, -5)), 403)
      await look(outsider, '08-malformed')
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
