import assert from 'node:assert/strict'
import { chip, fill, takeScreenshots, open, path, press, text } from './people.js'
import type { InboxStage } from './stage.js'
import { step } from './steps.js'

/** Tests the demo's own inbox, which it has without a mail server. */
export async function useInbox({ demo, fred, ginger, reportedErrors }: InboxStage): Promise<void> {
  let link = ''

  await step('without a mail server, Fred’s e-mail is sent', async () => {
    await open(fred, `${demo.address}/inbox`)
    assert.match(await text(fred), /No e-mail has arrived yet/)
    await open(fred, `${demo.address}/requests/new`)
    await fill(fred, {
      'Your name': 'Fred <b>Astaire</b>',
      'What you are applying for': 'Leading dancer, Broadway',
      'Their name': 'Ginger, née McMath',
      'Their e-mail address': 'ginger@example.com',
      'Your message': 'Dear Ginger,\nit’s <b>me</b>.\n\njavascript:alert(1)',
    })
    assert.equal(await press(fred, 'Send the request'), 200)
    assert.equal(path(fred), '/outbox')
    await takeScreenshots(fred, '30-outbox-sent')
  })

  await step('the inbox shows sender, recipient, time and link to every client', async () => {
    await open(ginger, `${demo.address}/inbox`)
    const shown = await text(ginger)
    assert.match(shown, /From References <references@localhost> to Ginger, née McMath <ginger@example\.com>/)
    assert.match(shown, /Fred <b>Astaire<\/b> asks you for a reference/)
    assert.match(shown, /Dear Ginger,\nit’s <b>me<\/b>\.\s+javascript:alert/)
    assert.equal(await ginger.locator('article time').count(), 1)
    assert.equal(await ginger.locator('article a').count(), 1)
    await takeScreenshots(ginger, '31-inbox')
    link = (await ginger.locator('a.link').getAttribute('href')) ?? ''
    await ginger.locator('a.link').click()
    await ginger.waitForURL(`${demo.address}/reference`)
    assert.equal(await chip(ginger), 'visitor Ginger, née McMath')
  })

  await step('e-mails survive a restart', async () => {
    await demo.restart()
    await open(ginger, `${demo.address}/inbox`)
    assert.equal(await ginger.locator('a.link').getAttribute('href'), link)
  })

  await step('the inbox contains the link to the guide, which opens it', async () => {
    await open(fred, `${demo.address}/guide?chapter=reading`)
    await fill(fred, { 'First name': 'Fred', 'Last name': 'Astaire', 'E-mail address': 'fred@example.com' })
    assert.equal(await press(fred, 'Send me the link'), 200)
    await open(ginger, `${demo.address}/inbox`)
    assert.match(await text(ginger), /to fred@example\.com[\s\S]*Your link to References/)
    await ginger.locator('a.link').first().click()
    await ginger.waitForURL(`${demo.address}/guide?chapter=reading`)
    assert.equal(await chip(ginger), 'visitor Fred Astaire')
    assert.deepEqual([...demo.reportedErrors(), ...reportedErrors], [])
  })
}
