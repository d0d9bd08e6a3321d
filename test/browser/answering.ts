import assert from 'node:assert/strict'
import { emailTo } from './mailbox.js'
import { chip, fill, heading, takeScreenshots, open, path, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Ginger follows her link and answers; other clients are refused. */
export async function answerReference({
  demo,
  fred,
  ginger,
  mailbox,
  outsider,
  links,
}: Stage): Promise<void> {
  await step('the link in Ginger’s e-mail redirects to the same address without the token', async () => {
    await ginger.setContent(emailTo(mailbox, 'ginger@example.com').html ?? '')
    assert.equal(await ginger.getByRole('link').getAttribute('href'), links.reference)
    await ginger.getByRole('link').click()
    await ginger.waitForURL(/\/reference$/)
    assert.equal(ginger.url(), `${demo.address}/reference`)
    assert.equal(await chip(ginger), 'visitor Ginger')
    await takeScreenshots(ginger, '09-reference-step-1')
  })

  await step('the home page shows that she is a visitor and no user', async () => {
    await open(ginger, demo.address)
    assert.match(await text(ginger), /You are a visitor[\s\S]*req\.user is empty[\s\S]*REFERENCE_REQUEST/)
    await takeScreenshots(ginger, '10-home-visitor')
  })

  await step('a page of another scope refuses her', async () => {
    assert.equal(await open(ginger, `${demo.address}/interview`), 403)
    assert.match(await heading(ginger), /another page/)
    await takeScreenshots(ginger, '11-wrong-scope')
  })

  await step('pages for users refuse her too', async () => {
    await open(ginger, `${demo.address}/requests`)
    assert.equal(path(ginger), '/')
    await open(ginger, `${demo.address}/members`)
    assert.equal(path(ginger), '/login')
  })

  await step('no step of her form can be skipped, and each keeps its text', async () => {
    await open(ginger, `${demo.address}/reference/check`)
    assert.equal(path(ginger), '/reference')
    assert.equal(await press(ginger, 'Next: your words'), 422)
    await fill(ginger, { 'How do you know Fred?': 'his dancing partner of nine years' })
    assert.equal(await press(ginger, 'Next: your words'), 200)
    assert.equal(path(ginger), '/reference/words')
    await takeScreenshots(ginger, '12-reference-step-2')
    await fill(ginger, {
      'What should people know about Fred?':
        'He never tires, and never treads on your toes.\nI did everything he did, backwards and in high heels.',
    })
    assert.equal(await press(ginger, 'Next: check it'), 200)
    await takeScreenshots(ginger, '13-reference-step-3')
    await open(ginger, `${demo.address}/reference`)
    assert.equal(
      await ginger.getByLabel('How do you know Fred?').inputValue(),
      'his dancing partner of nine years',
    )
  })

  await step('Fred does not see her draft', async () => {
    await open(fred, `${demo.address}/requests`)
    assert.match(await text(fred), /Waiting/)
    assert.doesNotMatch(await text(fred), /never tires/)
    await takeScreenshots(fred, '14-requests-waiting')
  })

  await step('sending it ends her visit', async () => {
    await open(ginger, `${demo.address}/reference/check`)
    assert.equal(await press(ginger, 'Send the reference'), 200)
    assert.equal(await heading(ginger), 'Thank you')
    assert.equal(await chip(ginger), 'Anonymous')
    await takeScreenshots(ginger, '15-thanks')
  })

  await step('her link is refused from then on, in every browser', async () => {
    for (const page of [ginger, outsider]) {
      assert.equal(await open(page, links.reference), 403)
      assert.equal(await heading(page), 'This link no longer works')
      assert.doesNotMatch(await text(page), /deactivated|withdrawn|expired/)
    }
    assert.equal(await open(ginger, `${demo.address}/reference`), 403)
  })
}
