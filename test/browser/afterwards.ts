import assert from 'node:assert/strict'
import { chip, takeScreenshots, open, press, text } from './people.js'
import type { Stage } from './stage.js'
import { step } from './steps.js'

/** Checks what survives a restart, and that no unexpected error was reported. */
export async function checkAfterRestart({
  reportedErrors,
  demo,
  fred,
  links,
  newPerson,
}: Stage): Promise<void> {
  await step('account, session and links survive a restart', async () => {
    await demo.restart()
    await open(fred, `${demo.address}/requests`)
    assert.equal(await chip(fred), 'member fred')
    assert.match(await text(fred), /backwards and in high heels/)
    const irving = await newPerson()
    const samePath = new URL(links.interview)
    assert.equal(await open(irving, demo.address + samePath.pathname + samePath.search), 200)
    assert.equal(await press(irving, 'Continue'), 200)
    assert.match(await text(irving), /high heels/)
  })

  await step('the pages have a dark colour scheme', async () => {
    await fred.emulateMedia({ colorScheme: 'dark' })
    await takeScreenshots(fred, '25-requests-dark')
    await open(fred, demo.address)
    await takeScreenshots(fred, '26-home-dark')
  })

  await step('server and browsers report no errors but those of the mail server', () => {
    const reported = demo
      .reportedErrors()
      .filter(
        (line) =>
          !/^ {4}at |^\(Use `node --trace|^See node_modules\/passport-ephemeral\/docs\/doctor\.md#|^Look into the option 'send' and the mail server/.test(
            line,
          ),
      )
    const ofOutbox = reported.filter((line) => /^E-mail \d+ stays in the outbox: .*452/.test(line))
    const ofSelfService = reported.filter((line) => /\[SELF_SERVICE_SEND_FAILED\].*452/.test(line))
    assert.deepEqual([ofOutbox.length, ofSelfService.length], [3, 2])
    const unexpected = reported.filter((line) => ![...ofOutbox, ...ofSelfService].includes(line))
    assert.deepEqual([...unexpected, ...reportedErrors], [])
    return Promise.resolve()
  })
}
