import assert from 'node:assert/strict'
import { emailTo } from './mailbox.js'
import { chip, fill, heading, look, open, path, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Ginger follows her link, and nobody else gets in. */
export async function gingerAnswers({ demo, fred, ginger, mailbox, outsider, links }: Stage): Promise<void> {
  await step('Ginger follows the link in her e-mail, and the token is gone from the address', async () => {
    await ginger.setContent(emailTo(mailbox, 'ginger@example.com').html ?? '')
    assert.equal(await ginger.getByRole('link').getAttribute('href'), links.reference)
    await ginger.getByRole('link').click()
    await ginger.waitForURL(/\/reference$/)
    assert.equal(ginger.url(), `${demo.address}/reference`)
    assert.equal(await chip(ginger), 'visitor Ginger')
    await look(ginger, '09-reference-step-1')
  })

  await step('the landing page knows her as a visitor, who is no user', async () => {
    await open(ginger, demo.address)
    assert.match(await text(ginger), /You are a visitor[\s\S]*req\.user is empty[\s\S]*REFERENCE_REQUEST/)
    await look(ginger, '10-home-visitor')
  })

  await step('a page of another scope refuses her politely', async () => {
    assert.equal(await open(ginger, `${demo.address}/interview`), 403)
    assert.match(await heading(ginger), /another page/)
    await look(ginger, '11-wrong-scope')
  })

  await step('users’ pages are not hers either', async () => {
    await open(ginger, `${demo.address}/requests`)
    assert.equal(path(ginger), '/')
    await open(ginger, `${demo.address}/members`)
    assert.equal(path(ginger), '/login')
  })

  await step('her form goes step by step, none can be skipped, and each keeps what she wrote', async () => {
    await open(ginger, `${demo.address}/reference/check`)
    assert.equal(path(ginger), '/reference')
    assert.equal(await press(ginger, 'Next: your words'), 422)
    await fill(ginger, { 'How do you know Fred?': 'his dancing partner of nine years' })
    assert.equal(await press(ginger, 'Next: your words'), 200)
    assert.equal(path(ginger), '/reference/words')
    await look(ginger, '12-reference-step-2')
    await fill(ginger, {
      'What should people know of Fred?':
        'He never tires, and never treads on your toes.\nI did everything he did, backwards and in high heels.',
    })
    assert.equal(await press(ginger, 'Next: check it'), 200)
    await look(ginger, '13-reference-step-3')
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
    await look(fred, '14-requests-waiting')
  })

  await step('sending it ends her visit', async () => {
    await open(ginger, `${demo.address}/reference/check`)
    assert.equal(await press(ginger, 'Send the reference'), 200)
    assert.equal(await heading(ginger), 'Thank you')
    assert.equal(await chip(ginger), 'Nobody in particular')
    await look(ginger, '15-thanks')
  })

  await step('her link is refused from then on, in her browser and in any other', async () => {
    for (const page of [ginger, outsider]) {
      assert.equal(await open(page, links.reference), 403)
      assert.equal(await heading(page), 'This page is by invitation')
      assert.doesNotMatch(await text(page), /deactivated|withdrawn|expired/)
    }
    assert.equal(await open(ginger, `${demo.address}/reference`), 403)
  })
}
