import assert from 'node:assert/strict'
import { chip, fill, look, open, path, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Fred, who never registered, asks for a reference. */
export async function fredAsks({ demo, fred, outsider, links }: Stage): Promise<void> {
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

  await step('the request goes out, and the outbox shows its link', async () => {
    await fill(fred, {
      'What you are applying for': 'Leading dancer, Broadway',
      'Their name': 'Ginger',
      'Their e-mail address': 'ginger@example.com',
      'A few words to them': 'Dear Ginger,\nwould you put in a word for me?',
    })
    assert.equal(await press(fred, 'Send the request'), 200)
    assert.equal(path(fred), '/outbox')
    links.reference = (await fred.locator('a.link').getAttribute('href')) ?? ''
    assert.ok(links.reference.startsWith(`${demo.address}/reference?vuid=`), links.reference)
    await look(fred, '05-outbox')
  })

  await step('the landing page tells Fred that he is a guest, and by which rows', async () => {
    await open(fred, demo.address)
    assert.match(await text(fred), /You are a guest[\s\S]*kept until/)
    await look(fred, '06-home-guest')
  })

  await step(
    'an outsider gets into nothing: no link, somebody else’s page, another guest’s things',
    async () => {
      assert.equal(await open(outsider, `${demo.address}/reference`), 403)
      const forged = links.reference.replace(/vuid=(.)/, (_all, first) => `vuid=${first === 'A' ? 'B' : 'A'}`)
      assert.equal(await open(outsider, forged), 403)
      await look(outsider, '07-refused')
      assert.equal(await open(outsider, links.reference.slice(0, -5)), 400)
      await look(outsider, '08-malformed')
      await open(outsider, `${demo.address}/requests/new`)
      await open(outsider, `${demo.address}/outbox`)
      assert.doesNotMatch(await text(outsider), /Ginger/)
      const withdrawn = await outsider.request.post(`${demo.address}/requests/1/withdraw`)
      assert.equal(withdrawn.status(), 404)
      const crossSite = await outsider.request.post(`${demo.address}/logout`, {
        headers: { origin: 'https://evil.test' },
      })
      assert.equal(crossSite.status(), 403)
    },
  )
}
